import {
  compareFolders,
  type FileChange,
  type Hunk,
  isChanged,
  type Line,
} from '@oauth-lab/course/differences/compare.ts'
import { isLesson } from '@oauth-lab/course/differences/step.ts'

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

/**
 * Every change of a step that can be undone by itself, in the code that the lesson is about.
 *
 * @param statements also adds each statement of added code as a separate unit
 */
export function unitsOf(
  olderFolder: string,
  newerFolder: string,
  { statements = false } = {},
): Unit[] {
  const only = (path: string) => isLesson({ path })
  const files = compareFolders(olderFolder, newerFolder, { only })
  const units = files.flatMap((file) =>
    file.hunks
      .flatMap((hunk) => unitsOfHunk(file, hunk))
      .flatMap((unit) => (statements ? [unit, ...statementsOf(unit, file.newer)] : [unit])),
  )
  return units.map((unit, i) => ({ ...unit, number: i + 1 }))
}

/**
 * The statements of a unit that only adds code, inner ones too. The code is formatted, so its
 * indentation shows where a statement ends.
 */
function statementsOf(unit: Unit, newer: string): Unit[] {
  const { path, lines } = unit
  if (!path.endsWith('.ts') || lines.some(({ kind }) => kind === 'removed')) return []
  return splitBlock(lines)
    .filter((statement) => statement.length < lines.length)
    .map((statement) => {
      const at = (statement[0]?.newNumber ?? 1) - 1
      return { ...unit, lines: statement, undone: undo(newer, at, statement) }
    })
}

/** The changed lines of a unit, each with its sign. They identify the unit, whatever surrounds it. */
export function signedLines({ lines }: Unit): string[] {
  return lines.map(({ kind, text }) => (kind === 'added' ? '+' : '-') + text)
}

/** The changed lines of a unit that are code. */
export function signedCode(unit: Unit): string[] {
  const isCode = ({ text }: Line) => !isCommentLine(text)
  return signedLines({ ...unit, lines: unit.lines.filter(isCode) })
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

/** The statements of a block, outer ones before inner ones. */
function splitBlock(block: Line[]): Line[][] {
  const base = Math.min(...block.filter(isWritten).map(indentOf))
  const statements: Line[][] = []
  let isAfterComment = false
  for (const line of block) {
    const begins = isWritten(line) && indentOf(line) === base && !isCloser(line)
    if (begins && !isAfterComment) statements.push([])
    statements.at(-1)?.push(line)
    // A comment belongs to the statement below it.
    isAfterComment = isCommentLine(line.text) && (begins || isAfterComment)
  }
  return statements.flatMap((statement) => [statement, ...innerStatements(statement)])
}

/** The statements in the blocks of a statement: one block, or those of a try and its catch. */
function innerStatements(statement: Line[]): Line[][] {
  const opener = statement.findIndex(({ text }) => text.endsWith('{'))
  if (opener === -1) return []
  const base = Math.min(...statement.filter(isWritten).map(indentOf))
  const blocks: Line[][] = [[]]
  for (const line of statement.slice(opener + 1)) {
    if (isCloser(line) && indentOf(line) === base) blocks.push([])
    else blocks.at(-1)?.push(line)
  }
  return blocks.filter((block) => block.some(isWritten)).flatMap(splitBlock)
}

function isWritten({ text }: Line): boolean {
  return text.trim() !== ''
}

function isCloser({ text }: Line): boolean {
  return /^\s*[)}\]]/.test(text)
}

function indentOf({ text }: Line): number {
  return text.length - text.trimStart().length
}
