import type { Style } from '@oauth-lab/course/differences/highlight.ts'

/** Colors a text with the terminal's own 16 colors, so it fits any background. */
export type Paint = (text: string, ...looks: Look[]) => string

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

/** Colors text, or returns it unchanged. */
export function painter(colors: boolean): Paint {
  return (text, ...looks) => {
    if (!colors || looks.length === 0 || text === '') return text
    const codes = looks.map((look) => CODES[look]).join(';')
    return `\x1b[${codes}m${text}\x1b[0m`
  }
}

/** Colors text for the terminal, if it wants colors. */
export function terminalPaint(): Paint {
  return painter(wantsColors(process.env, process.stdout.isTTY))
}

/** Whether to use colors, according to NO_COLOR, FORCE_COLOR and TERM. */
export function wantsColors(env: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0'
  return isTerminal && env.TERM !== 'dumb'
}
