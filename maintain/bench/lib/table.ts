/** One row of a Markdown table. */
export type Row = string[]

/** A Markdown table with aligned columns. */
export function table(head: Row, rows: Row[]): string {
  const widths = head.map((_cell, column) =>
    Math.max(...[head, ...rows].map((row) => (row[column] ?? '').length)),
  )
  const line = (row: Row) =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`
  return [line(head), rule, ...rows.map(line)].join('\n')
}

/** Rounds to three significant digits, or to an integer: 12,345 or 12.3 or 0.47. */
export function figure(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-US')
  return value.toFixed(value >= 10 ? 1 : 2)
}

/** The ratio to another value, or a dash without one. */
export function ratio(value: number, other: number | undefined): string {
  return other === undefined ? '-' : `${figure(value / other)} x`
}
