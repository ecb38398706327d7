import type { Style } from '@oauth-lab/course/differences/tokenize.ts'

const CODES = {
  bold: 1,
  dim: 2,
  underline: 4,
  reverse: 7,
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
  magenta: 35,
  cyan: 36,
} as const
export type Look = keyof typeof CODES

/** The looks of code. Red and green are for removed and added lines. */
export const LOOKS: Record<Style, Look[]> = {
  plain: [],
  keyword: ['magenta'],
  string: ['cyan'],
  function: ['blue'],
  constant: ['yellow'],
  comment: ['dim'],
}

/** Colors a text with the terminal's own 16 colors, so it fits any background, if the terminal wants colors. */
export function paint(text: string, ...looks: Look[]): string {
  if (looks.length === 0 || text === '' || !wantsColors()) return text
  return `\x1b[${looks.map((look) => CODES[look]).join(';')}m${text}\x1b[0m`
}

/** Whether to use colors, according to NO_COLOR, FORCE_COLOR and TERM. */
export function wantsColors(): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env
  if (NO_COLOR) return false
  if (FORCE_COLOR) return FORCE_COLOR !== '0'
  return process.stdout.isTTY && TERM !== 'dumb'
}
