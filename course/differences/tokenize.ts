import { setImmediate } from 'node:timers/promises'
import { shell } from '@codemirror/legacy-modes/mode/shell'
import { StringStream } from '@codemirror/streamparser'
import type { Parser, Tree } from '@lezer/common'
import { highlightCode, styleTags, tags } from '@lezer/highlight'
import { parser as html } from '@lezer/html'
import { parser as javascript } from '@lezer/javascript'
import { parser as json } from '@lezer/json'
import { CODE_COLORS } from './code-colors.js'

/** The kind of a piece of code, which decides its color. */
export type Style = 'plain' | 'keyword' | 'string' | 'function' | 'constant' | 'comment'

/** The length and style of each piece of a line. */
export type StyledLine = [length: number, style: Style][]

const PARSERS = new Map<string, Parser>(
  Object.entries({
    ts: javascript.configure({ dialect: 'ts' }),
    // The tags of eta count as text.
    eta: html,
    html,
    json: json.configure({ props: [styleTags({ PropertyName: tags.keyword })] }),
  }),
)

const SHELL_STYLES: Record<string, Style> = {
  builtin: 'function',
  comment: 'comment',
  def: 'constant',
  keyword: 'keyword',
  operator: 'keyword',
  string: 'string',
}

/** In milliseconds. The rest of a text stays plain: some texts would take minutes, and all the memory. */
const LONGEST_PARSE = 2_000
const STEPS_AT_ONCE = 100

/** The styles of the lines of a text, by its language. A text in another language has none. */
export async function tokenize(text: string, language: string): Promise<StyledLine[]> {
  if (language === 'sh') return tokenizeShell(text)
  const parser = PARSERS.get(language)
  if (parser === undefined) return []
  const lines: StyledLine[] = [[]]
  highlightCode(
    text,
    await parse(parser, text),
    CODE_COLORS,
    ({ length }, style) => lines.at(-1)?.push([length, (style || 'plain') as Style]),
    () => lines.push([]),
  )
  return lines
}

/** Lets other requests run in between. */
async function parse(parser: Parser, text: string): Promise<Tree> {
  const parsing = parser.startParse(text)
  const end = performance.now() + LONGEST_PARSE
  for (let steps = 1; ; steps += 1) {
    const tree = parsing.advance()
    if (tree !== null) return tree
    if (steps % STEPS_AT_ONCE > 0) continue
    await setImmediate()
    if (performance.now() > end && parsing.stoppedAt === null) parsing.stopAt(parsing.parsedPos)
  }
}

function tokenizeShell(text: string): StyledLine[] {
  const state = shell.startState?.(2)
  return text.split('\n').map((line) => {
    const pieces: StyledLine = []
    const stream = new StringStream(line, 2, 2)
    while (!stream.eol()) {
      stream.start = stream.pos
      const name = shell.token(stream, state) ?? ''
      pieces.push([stream.pos - stream.start, SHELL_STYLES[name] ?? 'plain'])
    }
    return pieces
  })
}
