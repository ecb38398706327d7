import type { Note } from '@oauth-lab/course/differences/compare.ts'
import {
  type FileChange,
  type Hunk,
  hunkHeader,
  type Line,
  NOT_SHOWN,
  stepName,
} from '@oauth-lab/course/differences/compare.ts'
import {
  highlightFile,
  type Piece,
  piecesOf,
  type Styled,
} from '@oauth-lab/course/differences/highlight.ts'
import { firstLine } from '@oauth-lab/course/differences/notes.ts'
import { describeSize, describeStep } from '@oauth-lab/course/differences/stat.ts'
import type { Step } from '@oauth-lab/course/differences/step.ts'
import { changedWords, type Row, rowsOf } from '@oauth-lab/course/differences/words.ts'
import { readLesson } from '@oauth-lab/course/lessons/lesson.ts'
import { LOOKS, paint, wantsColors } from './ansi.ts'
import { plainText } from './plain-text.ts'
import { wrap } from './wrap.ts'

/** How to print a difference. */
export interface Setting {
  /** In characters. */
  width: number
  sideBySide: boolean
}

/** Longer lines of text are hard to read, however wide the terminal is. */
const TEXT_WIDTH = 92
const GUTTERS = { same: '  ', added: '+ ', removed: '- ' }

/** A whole difference as text: file by file, each hunk under its notes. */
export async function renderStep(step: Step, setting: Setting): Promise<string> {
  const { title } = readLesson(step.newer)
  const lines = [
    paint(`${stepName(step.older, step.newer)} (${title.replace(/^v\d+: /, '')})`, 'bold'),
    describeStep(step.files),
  ]
  for (const file of step.files) lines.push('', ...(await renderFile(file, setting)))
  return `${lines.join('\n')}\n`
}

async function renderFile(file: FileChange, setting: Setting): Promise<string[]> {
  const styled = wantsColors() ? await highlightFile(file) : undefined
  const lines = [
    `${paint(file.path, 'bold')}  ${describeSize(file)}`,
    paint('─'.repeat(Math.min(setting.width, TEXT_WIDTH + 4)), 'dim'),
  ]
  if (file.intro !== '') lines.push(...wrap(plainText(file.intro), textWidth(setting)))
  if (!file.isText) lines.push(NOT_SHOWN)
  for (const [i, hunk] of file.hunks.entries()) {
    if (i > 0) lines.push('')
    lines.push(
      ...renderNotes(hunk.notes, setting),
      paint(hunkHeader(hunk), 'cyan'),
      ...(setting.sideBySide
        ? rowsOf(hunk).flatMap((row) => renderRow(row, styled, setting))
        : renderLines(hunk, styled)),
    )
  }
  return lines
}

/** If several notes share a hunk, each starts with its line. */
function renderNotes(notes: Note[], setting: Setting): string[] {
  const bar = paint('│', 'yellow')
  const withBar = (text: string) => (text === '' ? bar : `${bar} ${text}`)
  return notes.flatMap((note, i) => [
    ...(i > 0 ? [bar] : []),
    ...(notes.length > 1 ? [withBar(paint(firstLine(note), 'bold'))] : []),
    ...wrap(plainText(note.text), textWidth(setting)).map(withBar),
  ])
}

function textWidth({ width }: Setting): number {
  return Math.min(width - 4, TEXT_WIDTH)
}

function renderLines(hunk: Hunk, styled: Styled | undefined): string[] {
  const words = changedWords(hunk)
  return hunk.lines.flatMap((line) => {
    const pieces = piecesOf(line, styled, words.get(line))
    const text = pieces.map((piece) => paintPiece(piece, line)).join('')
    const set = `${paintGutter(line)}${text}`
    return [
      line.text === '' ? set.trimEnd() : set,
      ...(line.endsFile ? [paint('  (the file ends here without a newline)', 'dim')] : []),
    ]
  })
}

function paintGutter({ kind }: Line): string {
  const gutter = GUTTERS[kind]
  if (kind === 'added') return `${paint('+', 'reverse', 'green')} `
  if (kind === 'removed') return `${paint('-', 'reverse', 'red')} `
  return gutter
}

function paintPiece({ text, style, marked }: Piece, { kind }: Line): string {
  if (marked) return paint(text, 'reverse', kind === 'added' ? 'green' : 'red')
  if (kind === 'removed' && style === 'plain') return paint(text, 'red')
  return paint(text, ...LOOKS[style])
}

/** One row of the two columns, in as many lines as its longer side needs. */
function renderRow(row: Row, styled: Styled | undefined, setting: Setting): string[] {
  const half = Math.floor((setting.width - 3) / 2)
  const older = renderHalf(row.older, row.olderWords, 'oldNumber', half, styled)
  const newer = renderHalf(row.newer, row.newerWords, 'newNumber', half, styled)
  const height = Math.max(older.length, newer.length)
  const bar = paint(' │ ', 'dim')
  return Array.from({ length: height }, (_, i) => {
    const left = older[i] ?? ' '.repeat(half)
    return `${left}${bar}${newer[i] ?? ''}`.trimEnd()
  })
}

function renderHalf(
  line: Line | undefined,
  words: Row['olderWords'],
  number: 'oldNumber' | 'newNumber',
  half: number,
  styled: Styled | undefined,
): string[] {
  if (line === undefined) return []
  const column = `${String(line[number] ?? '').padStart(4)} `
  const width = Math.max(10, half - column.length - 2)
  const chunks = chunk(piecesOf(line, styled, words), width)
  return chunks.map((pieces, i) => {
    const length = pieces.reduce((sum, { text }) => sum + text.length, 0)
    const text = pieces.map((piece) => paintPiece(piece, line)).join('')
    const start = i === 0 ? paint(column, 'dim') + paintGutter(line) : ' '.repeat(7)
    return start + text + ' '.repeat(width - length)
  })
}

/** Breaks a line into parts that fit a width. */
function chunk(pieces: Piece[], width: number): Piece[][] {
  const chunks: Piece[][] = [[]]
  let left = width
  for (const piece of pieces) {
    let { text } = piece
    while (text.length > left) {
      chunks.at(-1)?.push({ ...piece, text: text.slice(0, left) })
      chunks.push([])
      text = text.slice(left)
      left = width
    }
    chunks.at(-1)?.push({ ...piece, text })
    left -= text.length
  }
  return chunks
}
