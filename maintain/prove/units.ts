import {
  compareFolders,
  type FileChange,
  type Hunk,
  isChanged,
  type Line,
} from '@oauth-lab/course/differences/compare.ts'
import { isProgramCode } from '@oauth-lab/course/programs/programs.ts'

/** Changed lines without an unchanged one between them: the smallest change to undo. */
export interface Unit {
  /** Counts from 1 in the whole step. */
  number: number
  path: string
  hunk: Hunk
  lines: Line[]
  /** The file without this change, or undefined if the file wouldn't exist. */
  undone: string | undefined
}

/** Every change of a step that can be undone by itself, in the code that the lesson is about. */
export function unitsOf(olderFolder: string, newerFolder: string): Unit[] {
  const files = compareFolders(olderFolder, newerFolder, { only: isProgramCode })
  const units = files.flatMap((file) => file.hunks.flatMap((hunk) => unitsOfHunk(file, hunk)))
  return units.map((unit, i) => ({ ...unit, number: i + 1 }))
}

/** The changed lines of a unit that are code, each with its sign. They identify the unit, whatever surrounds it. */
export function signedCode({ lines }: Unit): string[] {
  const code = lines.filter(({ text }) => !isCommentLine(text))
  return code.map(({ kind, text }) => (kind === 'added' ? '+' : '-') + text)
}

/** Whether only comments and blank lines changed, so that no run of the program can differ. */
export function isComment({ path, lines }: Unit): boolean {
  return path.endsWith('.ts') && lines.every(({ text }) => isCommentLine(text))
}

function isCommentLine(text: string): boolean {
  return /^\s*(\/\/|\/?\*|$)/.test(text)
}

function unitsOfHunk(file: FileChange, hunk: Hunk): Unit[] {
  const { path, kind, older } = file
  const whole = hunk.lines.filter(isChanged)
  if (kind !== 'changed') {
    const undone = kind === 'new' ? undefined : older
    return [{ number: 0, path, hunk, lines: whole, undone }]
  }
  return groupsOf(hunk).map(({ at, lines }) => {
    const undone = undo(file.newer, at, lines)
    return { number: 0, path, hunk, lines, undone }
  })
}

/** @returns groups of changed lines, each with the index in the newer file where it starts */
function groupsOf(hunk: Hunk): { at: number; lines: Line[] }[] {
  const groups: { at: number; lines: Line[] }[] = []
  let at = hunk.newStart - (hunk.newCount === 0 ? 0 : 1)
  let isOpen = false
  for (const line of hunk.lines) {
    if (isChanged(line)) {
      if (!isOpen) groups.push({ at, lines: [] })
      groups.at(-1)?.lines.push(line)
    }
    isOpen = isChanged(line)
    if (line.kind !== 'removed') at += 1
  }
  return groups
}

function undo(text: string, at: number, changed: Line[]): string {
  const lines = text.split('\n')
  const added = changed.filter(({ kind }) => kind === 'added').length
  const removed = changed.filter(({ kind }) => kind === 'removed').map((line) => line.text)
  lines.splice(at, added, ...removed)
  return lines.join('\n')
}
