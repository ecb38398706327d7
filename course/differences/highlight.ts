import type { FileChange, Line } from './compare.ts'
import type { Style, StyledLine } from './tokenize.ts'
import type { Range } from './words.ts'

/** A piece of a line with one style and one marking. */
export interface Piece {
  text: string
  style: Style
  /** Whether it is one of the line's changed words. */
  marked: boolean
}

/** The styles of the lines of both sides of a file. */
export interface Styled {
  older: StyledLine[]
  newer: StyledLine[]
}

/** Finds the styles of all lines of a file, before and after. */
export async function highlightFile({ path, older, newer }: FileChange): Promise<Styled> {
  const extension = path.split('.').at(-1) ?? ''
  return {
    older: await highlightText(older, extension),
    newer: await highlightText(newer, extension),
  }
}

/** Splits a line where its style or its marking changes. Without styles all of it is plain. */
export function piecesOf(line: Line, styled: Styled | undefined, marks: Range[] = []): Piece[] {
  const number = line.newNumber ?? line.oldNumber ?? 1
  const side = line.kind === 'removed' ? styled?.older : styled?.newer
  const styles: StyledLine = side?.[number - 1] ?? [[line.text.length, 'plain']]

  const pieces: Piece[] = []
  let column = 0
  for (const [length, style] of styles) {
    for (const { start, end, marked } of cut({ start: column, end: column + length }, marks)) {
      pieces.push({ text: line.text.slice(start, end), style, marked })
    }
    column += length
  }
  return pieces
}

function* cut(range: Range, marks: Range[]): Generator<Range & { marked: boolean }> {
  let start = range.start
  for (const mark of marks) {
    const from = Math.max(start, mark.start)
    const to = Math.min(range.end, mark.end)
    if (from >= to) continue
    if (from > start) yield { start, end: from, marked: false }
    yield { start: from, end: to, marked: true }
    start = to
  }
  if (start < range.end) yield { start, end: range.end, marked: false }
}

/**
 * Finds the styles of the lines of a text.
 *
 * @param extension its language: `ts`, `eta`, `json` ... Others have no styles
 */
export async function highlightText(text: string, extension: string): Promise<StyledLine[]> {
  // Loaded with the first text, not with the start of a command.
  const { tokenize } = await import('./tokenize.ts')
  return tokenize(text, extension)
}
