const BEGIN = '<!-- attacks -->'
const END = '<!-- /attacks -->'

/** Whether a text has the two markers for the matrix. */
export function hasMatrix(text: string): boolean {
  return text.includes(BEGIN) && text.includes(END)
}

/** Returns the text with a new matrix between its two markers. */
export function withMatrix(text: string, matrix: string): string {
  const [before = '', rest = ''] = text.split(BEGIN, 2)
  const after = rest.slice(rest.indexOf(END))
  return `${before}${BEGIN}\n\n${matrix}\n\n${after}`
}
