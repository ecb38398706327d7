/**
 * How much goes on a slide, in rows of its text. A slide is a canvas of 16 to 9 on which everything is in proportion
 * to its width, so what fits on one screen fits on each.
 */

/** Rows of text below the heading of a slide, the gaps between blocks included. */
export const SLIDE_ROWS = 11.3
/** The gap between two blocks. */
export const GAP = 0.5

/** Characters in a row, by what they are set in; for wide faces, so that narrow ones fit as well. */
const COLUMNS = { text: 68, code: 86, table: 92, note: 78 }
/** The height of a row, by what it is set in. */
const HEIGHT = { text: 1, code: 0.7, table: 0.74, note: 0.86 }
/** The padding of a row of a table, and of a block of code. */
const TABLE_PADDING = 0.35
const CODE_PADDING = 0.8
/** A column gets no more than this of a table, if the others need it. */
const WIDEST_COLUMN = 46

/** Rows that a paragraph takes. */
export function rowsOfText(markdown: string, setting: 'text' | 'note' = 'text'): number {
  return Math.ceil(plain(markdown).length / COLUMNS[setting]) * HEIGHT[setting]
}

/** Rows that one line of code takes. */
export function rowsOfCodeLine(line: string): number {
  return Math.max(1, Math.ceil(line.length / COLUMNS.code)) * HEIGHT.code
}

/** Rows that a block of code takes. */
export function rowsOfCode(lines: string[]): number {
  return lines.reduce((sum, line) => sum + rowsOfCodeLine(line), CODE_PADDING)
}

/**
 * Rows that each line of a table takes, its head first.
 *
 * @param lines its cells
 */
export function rowsOfTable(lines: string[][]): number[] {
  const longest = (lines[0] ?? []).map((_head, column) => {
    return Math.max(3, ...lines.map((cells) => plain(cells[column] ?? '').length))
  })
  const wanted = longest.map((length) => Math.min(length, WIDEST_COLUMN))
  const share = Math.min(1.6, COLUMNS.table / wanted.reduce((sum, width) => sum + width, 0))
  return lines.map((cells) => {
    const rows = cells.map((cell, column) => {
      return Math.ceil(plain(cell).length / ((wanted[column] ?? 1) * share))
    })
    return Math.max(1, ...rows) * HEIGHT.table + TABLE_PADDING
  })
}

/** Markdown as it will be read: without the addresses of links, and without marks. */
function plain(markdown: string): string {
  return markdown.replace(/\[([^\]]+)\]\([^)]*\)/g, '$1').replace(/\*\*|`/g, '')
}
