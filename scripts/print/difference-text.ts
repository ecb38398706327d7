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
import { changedWords, rowsOf } from '@oauth-lab/course/differences/words.ts'
import { readLesson } from '@oauth-lab/course/lessons/lesson.ts'
import { LOOKS, paint, wantsColors } from './ansi.ts'
import { plainText } from './plain-text.ts'
import { wrap } from './wrap.ts'

/** Longer lines of text are hard to read, however wide the terminal is. */
const TEXT_WIDTH = 92
const GUTTERS = { same: '  ', added: '+ ', removed: '- ' }

/**
 * A whole difference as text: file by file, each hunk under its notes.
 *
 * @param width of the terminal, in characters
 */
export async function renderStep(step: Step, width: number): Promise<string> {
  const { title } = readLesson(step.newer)
  const lines = [
    paint(`${stepName(step.older, step.newer)} (${title.replace(/^v\d+: /, '')})`, 'bold'),
    describeStep(step.files),
  ]
  for (const file of step.files) lines.push('', ...(await renderFile(file, width)))
  return `${lines.join('\n')}\n`
}

async function renderFile(file: FileChange, width: number): Promise<string[]> {
  const styled = wantsColors() ? await highlightFile(file) : undefined
  const lines = [
    `${paint(file.path, 'bold')}  ${describeSize(file)}`,
    paint('─'.repeat(Math.min(width, TEXT_WIDTH + 4)), 'dim'),
  ]
  if (file.intro !== '') lines.push(...wrap(plainText(file.intro), textWidth(width)))
  if (!file.isText) lines.push(NOT_SHOWN)
  for (const [i, hunk] of file.hunks.entries()) {
    if (i > 0) lines.push('')
    lines.push(
      ...renderNotes(hunk.notes, width),
      paint(hunkHeader(hunk), 'cyan'),
      ...renderLines(hunk, styled),
    )
  }
  return lines
}

/** If several notes share a hunk, each starts with its line. */
function renderNotes(notes: Note[], width: number): string[] {
  const bar = paint('│', 'yellow')
  const withBar = (text: string) => (text === '' ? bar : `${bar} ${text}`)
  return notes.flatMap((note, i) => [
    ...(i > 0 ? [bar] : []),
    ...(notes.length > 1 ? [withBar(paint(firstLine(note), 'bold'))] : []),
    ...wrap(plainText(note.text), textWidth(width)).map(withBar),
  ])
}

function textWidth(width: number): number {
  return Math.min(width - 4, TEXT_WIDTH)
}

function renderLines(hunk: Hunk, styled: Styled | undefined): string[] {
  const words = changedWords(rowsOf(hunk))
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
