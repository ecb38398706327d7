import { type Lesson, type Part, partOf, readLesson } from '../lessons/lesson.ts'
import { markdown } from '../lessons/markdown.ts'
import { listVersions, type Version } from '../programs/versions.ts'
import type { FileChange, Hunk, Line, Note } from './compare.ts'

/** The notes on one file, in the order of the lesson. */
export interface FileNotes {
  path: string
  /** The text before the first note. May be empty. */
  intro: string
  notes: Note[]
  /** The line of the heading in the lesson, counted from 1. */
  line: number
}

/**
 * Reads the notes from a lesson. Returns undefined for a lesson without that part.
 *
 * @param version the name of the version that the lesson belongs to
 */
export function notesOf(lesson: Lesson, version: string): FileNotes[] | undefined {
  return partOf(lesson, 'difference')?.parts.map((part) => fileNotes(part, version))
}

/**
 * The notes for the difference between any two versions: those of every step between them. A learner's
 * copy counts as the step from its older side or to its newer one. A copy named after a version counts
 * as the step to that version.
 */
export function notesBetween(older: Version, newer: Version): FileNotes[] {
  const last = newer.number || older.number + 1
  const isOnTheWay = older.number === 0 || older.number === newer.number
  const first = isOnTheWay ? last : older.number + 1
  return listVersions()
    .filter(({ number }) => number >= first && number <= last)
    .flatMap((version) => readNotes(version) ?? [])
}

/** The notes of a version's lesson, or undefined if it has none. */
export function readNotes(version: Version): FileNotes[] | undefined {
  return notesOf(readLesson(version), version.name)
}

/** A note with only its links to the web, because the reader doesn't have the files beside the lesson. */
export function withoutLocalLinks(markdown: string): string {
  return markdown.replaceAll(
    /(`[^`]+`)|\[([^\]]+)\]\((?!https?:)[^)]*\)/g,
    (_all, code, text) => code ?? text,
  )
}

/** Assigns each note to the first hunk with its quote. Leaves out a note whose quote is in no hunk. */
export function attachNotes(files: FileChange[], allNotes: FileNotes[]): void {
  for (const { path, intro, notes } of allNotes) {
    const file = files.find((candidate) => [candidate.path, candidate.movedFrom].includes(path))
    if (file === undefined) continue
    file.intro = [file.intro, intro].filter(Boolean).join('\n\n')
    for (const note of notes) {
      file.hunks.find((hunk) => findQuote(hunk, note.quote) !== undefined)?.notes.push(note)
    }
  }
}

/** The lines of a hunk that a note quotes, or undefined if the hunk doesn't have them. */
export function findQuote(hunk: Hunk, quote: string[]): Line[] | undefined {
  return findQuotes(hunk, quote).next().value ?? undefined
}

/** Every place in a hunk with the lines that a note quotes. */
function* findQuotes(hunk: Hunk, quote: string[]): Generator<Line[], undefined> {
  if (quote.length === 0) return
  for (const kind of ['added', 'removed'] as const) {
    const lines = hunk.lines.filter((line) => line.kind === kind)
    for (let start = 0; start + quote.length <= lines.length; start += 1) {
      const candidate = lines.slice(start, start + quote.length)
      const isQuoted = candidate.every((line, i) => line.text.trim() === quote[i])
      if (isQuoted && areConsecutive(candidate)) yield candidate
    }
  }
}

/** Each note of a hunk with the lines that it quotes. If two quote the same words, the second is about the second place. */
export function quotesIn(hunk: Hunk): { note: Note; lines: Line[] }[] {
  const taken = new Set<Line>()
  return hunk.notes.map((note) => {
    const found = [...findQuotes(hunk, note.quote)]
    const lines = found.find((place) => !place.some((line) => taken.has(line))) ?? found[0] ?? []
    for (const line of lines) taken.add(line)
    return { note, lines }
  })
}

/** The first quoted line that isn't blank. */
export function firstLine({ quote }: Note): string {
  return quote.find((line) => line !== '') ?? ''
}

type Block = { kind: 'fence'; lines: string[]; at: number } | { kind: 'text'; text: string }

/** Fenced code, with the index of its first line, and the text between. */
function* blocksOf(source: string): Generator<Block> {
  const lines = source.split('\n')
  let last = 0
  for (const { type, map, level, content } of markdown.parse(source, {})) {
    if (type !== 'fence' || map === null || level > 0) continue
    const [at, end] = map
    yield { kind: 'text', text: proseOf(lines.slice(last, at)) }
    yield { kind: 'fence', lines: content.split('\n').slice(0, -1), at }
    last = end
  }
  yield { kind: 'text', text: proseOf(lines.slice(last)) }
}

/** Lines as one text, without the comments for the lesson's own tests. */
function proseOf(lines: string[]): string {
  const text = lines.join('\n').replaceAll(/<!--[\s\S]*?-->/g, '')
  return text.replaceAll(/\n\s*\n\s*\n/g, '\n\n').trim()
}

/** A heading of another form also becomes a file: one that no version has, which the check reports. */
function fileNotes({ title, lines, source }: Part, version: string): FileNotes {
  const path = /^`([^`]+)`$/.exec(title)?.[1] ?? `### ${title}`
  const file: FileNotes = { path, intro: '', notes: [], line: lines.first }
  for (const block of blocksOf(source)) {
    const note = file.notes.at(-1)
    if (block.kind === 'fence') {
      const quote = block.lines.map((line) => line.trim())
      file.notes.push({ quote, text: '', line: lines.first + 1 + block.at, version })
    } else if (note === undefined) file.intro = block.text
    else note.text = [note.text, block.text].filter(Boolean).join('\n\n')
  }
  return file
}

function areConsecutive(lines: Line[]): boolean {
  return lines.every((line, i) => {
    const before = lines[i - 1]
    if (before === undefined) return true
    const number = line.newNumber ?? line.oldNumber ?? 0
    return number === (before.newNumber ?? before.oldNumber ?? 0) + 1
  })
}
