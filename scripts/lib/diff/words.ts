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
  const rows: Row[] = []
  let waiting: Line[] = []
  for (const older of removed) {
    const pairs = added.map((newer) => compareWords(older, newer))
    const at = pairs.findIndex((pair) => pair !== undefined)
    const pair = pairs[at]
    if (pair === undefined) {
      waiting.push(older)
      continue
    }
    rows.push(...sideBySide(waiting, added.splice(0, at)), pair)
    added.shift()
    waiting = []
  }
  return [...rows, ...sideBySide(waiting, added)]
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
  for (const { value, added, removed } of diffWordsWithSpace(older.text, newer.text)) {
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
