import { diffWordsWithSpace } from 'diff'
import { type Hunk, isChanged, type Line } from './compare.ts'

/** A range of columns in a line. The end is exclusive. */
export interface Range {
  start: number
  end: number
}

/** A row of the side-by-side view: an unchanged line, a changed pair, or a line on one side. */
export interface Row {
  older: Line | undefined
  newer: Line | undefined
  /** The changed words of a pair of lines. */
  olderWords: Range[]
  newerWords: Range[]
}

/** Lines with less than this in common count as two lines, not as one that changed. */
const LIKENESS = 0.5
/** Groups of changed lines that have more lines or more characters get no changed words. */
const LONGEST_GROUP = 400
const MOST_CHARACTERS = 10_000
/** The most added lines to compare with a removed one, and the most words in which they may differ. */
const NEAREST = 20
const MOST_WORDS = 200

/** The rows of a hunk. */
export function rowsOf(hunk: Hunk): Row[] {
  const rows: Row[] = []
  let group: Line[] = []
  for (const line of hunk.lines) {
    if (isChanged(line)) {
      group.push(line)
      continue
    }
    rows.push(...pairUp(group), row(line, line))
    group = []
  }
  return [...rows, ...pairUp(group)]
}

/** The changed words of each partly changed line. */
export function changedWords(rows: Row[]): Map<Line, Range[]> {
  const words = new Map<Line, Range[]>()
  for (const { older, newer, olderWords, newerWords } of rows) {
    if (older !== undefined && olderWords.length > 0) words.set(older, olderWords)
    if (newer !== undefined && newerWords.length > 0) words.set(newer, newerWords)
  }
  return words
}

/** Pairs each removed line with the added one that replaces it, in order. */
function pairUp(group: Line[]): Row[] {
  const removed = group.filter(({ kind }) => kind === 'removed')
  const added = group.filter(({ kind }) => kind === 'added')
  const characters = group.reduce((sum, { text }) => sum + text.length, 0)
  if (group.length > LONGEST_GROUP || characters > MOST_CHARACTERS)
    return sideBySide(removed, added)
  const rows: Row[] = []
  let waiting: Line[] = []
  let next = 0
  for (const older of removed) {
    const pair = findLike(older, added.slice(next, next + NEAREST))
    if (pair === undefined) {
      waiting.push(older)
      continue
    }
    rows.push(...sideBySide(waiting, added.slice(next, next + pair.at)), pair.row)
    next += pair.at + 1
    waiting = []
  }
  return [...rows, ...sideBySide(waiting, added.slice(next))]
}

/** Pairs a line with the first of several that is similar enough. */
function findLike(older: Line, candidates: Line[]): { at: number; row: Row } | undefined {
  for (const [at, newer] of candidates.entries()) {
    const row = compareWords(older, newer)
    if (row !== undefined) return { at, row }
  }
  return undefined
}

/** Pairs lines that have nothing in common except their place. */
function sideBySide(removed: Line[], added: Line[]): Row[] {
  const length = Math.max(removed.length, added.length)
  return Array.from({ length }, (_, i) => row(removed[i], added[i]))
}

/** The changed words of two lines, or undefined if they aren't similar. */
function compareWords(older: Line, newer: Line): Row | undefined {
  const pair = row(older, newer)
  let same = 0
  let oldColumn = 0
  let newColumn = 0
  const limit = { maxEditLength: MOST_WORDS }
  const words = diffWordsWithSpace(older.text, newer.text, limit)
  if (words === undefined) return undefined
  for (const { value, added, removed } of words) {
    if (added) pair.newerWords.push({ start: newColumn, end: newColumn + value.length })
    if (removed) pair.olderWords.push({ start: oldColumn, end: oldColumn + value.length })
    if (!added) oldColumn += value.length
    if (!removed) newColumn += value.length
    if (!added && !removed) same += value.trim().length
  }
  const longer = Math.max(older.text.trim().length, newer.text.trim().length)
  return same >= longer * LIKENESS ? pair : undefined
}

function row(older: Line | undefined, newer: Line | undefined): Row {
  return { older, newer, olderWords: [], newerWords: [] }
}
