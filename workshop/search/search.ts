import { readLesson } from '@oauth-lab/course/lessons/lesson.ts'
import type { Addresses } from '@oauth-lab/course/programs/programs.ts'
import { listVersions } from '@oauth-lab/course/programs/versions.ts'
import { listDocs } from '../lesson/reference.ts'
import { listEntries } from './entries.ts'
import { type Entry, KINDS } from './entry.ts'

type Item = ReturnType<typeof asItem>

interface Match {
  item: Item
  /** How well it matches, 0 being best: below 3 as a phrase, below 4 by a piece of it, else by all its words. */
  rank: number
  /** What to show of its text: the first of these phrases in it. */
  wanted: string[]
}

/** Enough for an error with the lines around it. */
const MOST_WORDS = 30
/** Characters of an excerpt before the match and after it. */
const BEFORE = 60
const AFTER = 120
/** Around the words of a copied text: colors of a terminal, and characters encoded for an address or a page. */
const NO_WORDS = /\p{Cc}\[[\d;]*m|%[\da-f]{2}|&#?\w+;/giu
const WORD = /[\p{L}\p{N}]+/gu
const GAP = '[^\\p{L}\\p{N}]+'
const START = '(?<![\\p{L}\\p{N}])'
const END = '(?![\\p{L}\\p{N}])'

let known: { key: unknown[]; items: Item[] } | undefined

/**
 * What matches, grouped by kind, the best first:
 *
 * 1. what has the words as a phrase: as its title, in its title, in its text
 * 2. if there is none, what has a long piece of the phrase, such as an error with other values in it
 * 3. what has all the words: in its title, or anywhere
 *
 * @param addresses of the running programs, or undefined to leave the texts unchanged
 * @param most how many of each kind to return
 */
export function search(asked: string, addresses: Addresses | undefined, most: number) {
  const items = itemsAt(addresses)
  const words = wordsOf(asked.replace(NO_WORDS, ' ')).slice(0, MOST_WORDS)
  const matches = words.length === 0 ? [] : findMatches(items, words)
  matches.sort((one, other) => one.rank - other.rank)
  return KINDS.map((kind) => matches.filter(({ item }) => item.entry.kind === kind))
    .flatMap((group) => (group[0] === undefined ? [] : [{ group, best: group[0] }]))
    .sort((one, other) => one.best.rank - other.best.rank)
    .map(({ group, best }) => ({
      kind: best.item.entry.kind,
      count: group.length,
      hits: group.slice(0, most).map(({ item: { entry }, wanted }) => {
        return { ...entry, excerpt: excerptOf(entry.text, wanted) }
      }),
    }))
}

/** Made by the first search, and again once the programs run elsewhere or someone has edited a lesson or a doc. */
function itemsAt(addresses: Addresses | undefined): Item[] {
  // An unchanged text is the same object as before.
  const key = [JSON.stringify(addresses), ...listVersions().map(readLesson), ...listDocs()]
  if (known?.key.length !== key.length || known.key.some((part, at) => part !== key[at])) {
    known = { key, items: listEntries(addresses).map(asItem) }
  }
  return known.items
}

/** An entry and its words, as phrases: each title, all titles, and these with the text. */
function asItem(entry: Required<Entry>) {
  const titles = [entry.title, ...entry.names].map((title) => phraseOf(wordsOf(title)))
  const head = titles.join('')
  return { entry, titles, head, all: head + phraseOf(wordsOf(entry.text)) }
}

function findMatches(items: Item[], words: string[]): Match[] {
  const matches = findWhole(items, words)
  if (matches.some(({ rank }) => rank < 3)) return matches

  const pieces = findPieces(items, words)
  const longest = Math.max(...pieces.map(({ length }) => length))
  const long = pieces.filter(({ length }) => length >= longest / 2)
  return [...long, ...matches.filter(({ item }) => !long.some((piece) => piece.item === item))]
}

/** The items with the words as a phrase, or else with all of them. The last word may be unfinished. */
function findWhole(items: Item[], words: string[]): Match[] {
  const phrase = phraseOf(words)
  const start = phrase.trimEnd()
  const longestFirst = [...words].sort((one, other) => other.length - one.length)
  const rankOf = ({ titles, head, all }: Item) => {
    if (!words.every((word) => all.includes(word))) return undefined
    if (titles.includes(phrase)) return 0
    if (head.includes(start)) return head.includes(phrase) ? 1 : 1.5
    if (all.includes(start)) return all.includes(phrase) ? 2 : 2.5
    return words.every((word) => head.includes(word)) ? 4 : 5
  }
  return items.flatMap((item) => {
    const rank = rankOf(item)
    if (rank === undefined) return []
    return [{ item, rank, wanted: rank < 3 ? [words.join(' ')] : longestFirst }]
  })
}

/** The longest piece of the phrase that each item has. */
function findPieces(items: Item[], words: string[]): (Match & { length: number })[] {
  const triples = words.slice(2).map((_, at) => phraseOf(words.slice(at, at + 3)))
  return items.flatMap((item) => {
    let [length, end] = [0, 0]
    let row = 0
    for (const [at, triple] of triples.entries()) {
      row = item.all.includes(triple) ? row + 1 : 0
      if (row > length) [length, end] = [row, at + 3]
    }
    if (length === 0) return []
    const piece = words.slice(end - length - 2, end)
    const rank = 4 - piece.length / words.length
    return [{ item, length: piece.length, rank, wanted: [piece.join(' ')] }]
  })
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(WORD) ?? []
}

/** Words with a space around each, so that it can be found as a whole. */
function phraseOf(words: string[]): string {
  return ` ${words.join(' ')} `
}

/** The words around a match, or the first words if only the title matches. */
function excerptOf(text: string, wanted: string[]) {
  const lowercase = text.toLowerCase()
  const parts = wanted.map((phrase) => phrase.replaceAll(' ', GAP))
  const whole = parts.map((part) => `${START}${part}${END}`)
  const patterns = [...whole, ...parts].map((part) => new RegExp(part, 'u'))
  const found = patterns.find((pattern) => pattern.test(lowercase))?.exec(lowercase)
  const { 0: { length } = '', index: at = 0 } = found ?? {}
  const start = at < BEFORE ? 0 : text.indexOf(' ', at - BEFORE) + 1
  const end = at + length
  const last = text.lastIndexOf(' ', end + AFTER)
  const rest =
    end + AFTER < text.length && last > end ? `${text.slice(end, last)} ...` : text.slice(end)
  return {
    before: `${start > 0 ? '... ' : ''}${text.slice(start, at)}`,
    match: text.slice(at, end),
    after: rest,
  }
}
