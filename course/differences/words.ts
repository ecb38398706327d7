import { diffWordsWithSpace } from 'diff'
import { type Hunk, isChanged, type Line } from './compare.ts'

/** A stretch of a line, from a column to before another. */
export interface Range {
  start: number
  end: number
}

/** What stands side by side: an unchanged line on both sides, a changed pair, or one side alone. */
export interface Row {
  older: Line | undefined
  newer: Line | undefined
  /** The words in which the two lines of a changed pair differ. */
  olderWords: Range[]
  newerWords: Range[]
}

/** Lines that have less than this in common are not one line that was changed, but two. */
const LIKENESS = 0.5
/** In a longer stretch of changed lines nobody looks for words. */
const LONGEST_GROUP = 400
/** How many of the added lines are compared with a removed one, and in how many words they may differ. */
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

/** The changed words of each line of a hunk that was changed in part. */
export function changedWords(hunk: Hunk): Map<Line, Range[]> {
  const words = new Map<Line, Range[]>()
  for (const { older, newer, olderWords, newerWords } of rowsOf(hunk)) {
    if (older !== undefined && olderWords.length > 0) words.set(older, olderWords)
    if (newer !== undefined && newerWords.length > 0) words.set(newer, newerWords)
  }
  return words
}

/** Puts each removed line next to the added one that it became, in their order. */
function pairUp(group: Line[]): Row[] {
  const removed = group.filter(({ kind }) => kind === 'removed')
  const added = group.filter(({ kind }) => kind === 'added')
  if (group.length > LONGEST_GROUP) return sideBySide(removed, added)
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

/** The first of several lines that is much like another one, as a pair with it. */
function findLike(older: Line, candidates: Line[]): { at: number; row: Row } | undefined {
  for (const [at, newer] of candidates.entries()) {
    const row = compareWords(older, newer)
    if (row !== undefined) return { at, row }
  }
  return undefined
}

/** Lines that have nothing in common but that some stand in place of the others. */
function sideBySide(removed: Line[], added: Line[]): Row[] {
  const length = Math.max(removed.length, added.length)
  return Array.from({ length }, (_, i) => row(removed[i], added[i]))
}

/** The changed words of two lines, or undefined when they are not much alike. */
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
