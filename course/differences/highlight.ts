import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { GrammarState, HighlighterCore } from 'shiki/core'
import { ROOT } from '../programs/versions.ts'
import type { FileChange, Line } from './compare.ts'
import type { Range } from './words.ts'

/** The kind of a piece of code, which decides its color. */
export type Style = 'plain' | 'keyword' | 'string' | 'function' | 'constant' | 'comment'

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

/** The length and style of each piece of a line. */
export type StyledLine = [length: number, style: Style][]

/** The grammars for the versions and their lessons, each loaded when a file needs it. */
const GRAMMARS = new Map<string, { name: string; load: () => Promise<Grammar> }>(
  Object.entries({
    ts: { name: 'typescript', load: () => import('shiki/langs/typescript.mjs') },
    eta: { name: 'html', load: () => import('shiki/langs/html.mjs') },
    html: { name: 'html', load: () => import('shiki/langs/html.mjs') },
    json: { name: 'json', load: () => import('shiki/langs/json.mjs') },
    sh: { name: 'shellscript', load: () => import('shiki/langs/shellscript.mjs') },
  }),
)
const LONGEST_LINE = 2_000

type Grammar = typeof import('shiki/langs/typescript.mjs')

const TOKEN_STYLES: Record<string, Style> = {
  'token-keyword': 'keyword',
  'token-string': 'string',
  'token-string-expression': 'string',
  'token-function': 'function',
  'token-constant': 'constant',
  'token-comment': 'comment',
}

/** Another release may assign other styles. */
const { version } = createRequire(import.meta.url)('shiki/package.json') as { version: string }

/**
 * Finds the styles of all lines of a file, before and after. Shiki needs half a second to compile a
 * grammar, so the result is kept in node_modules/.cache, under a digest of the text.
 */
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
  const grammar = GRAMMARS.get(extension)
  if (text === '' || grammar === undefined) return []
  const key = createHash('sha256').update(`shiki ${version} ${grammar.name} ${text}`).digest('hex')
  const file = join(ROOT, 'node_modules', '.cache', 'oauth-lab', `${key.slice(0, 32)}.json`)
  const known = readCache(file)
  if (known !== undefined) return known
  const lines = await tokenize(text, extension)
  writeCache(file, lines)
  return lines
}

let highlighter: Promise<HighlighterCore> | undefined

async function tokenize(text: string, extension: string): Promise<StyledLine[]> {
  highlighter ??= createHighlighter()
  const shiki = await highlighter
  const { name = '', load } = GRAMMARS.get(extension) ?? {}
  if (load !== undefined) await shiki.loadLanguage((await load()).default)
  const lines: StyledLine[] = []
  let grammarState: GrammarState | undefined
  for (const part of partsOf(text)) {
    const { tokens, ...after } = shiki.codeToTokens(part, {
      lang: name,
      theme: 'variables',
      tokenizeMaxLineLength: LONGEST_LINE,
      ...(grammarState && { grammarState }),
    })
    grammarState = after.grammarState
    for (const line of tokens) {
      lines.push(
        line.map(({ content, color = '' }) => {
          return [content.length, TOKEN_STYLES[color.slice('var('.length, -1)] ?? 'plain']
        }),
      )
    }
    // Lets other requests run in between: for some files of a copy it takes many seconds.
    await setImmediate()
  }
  return lines
}

/** The lines of a text, in parts of a few thousand characters. */
function partsOf(text: string): string[] {
  const parts: string[][] = [[]]
  let length = 0
  for (const line of text.split('\n')) {
    if (length > LONGEST_LINE) {
      parts.push([])
      length = 0
    }
    parts.at(-1)?.push(line)
    length += line.length + 1
  }
  return parts.map((lines) => lines.join('\n'))
}

async function createHighlighter(): Promise<HighlighterCore> {
  const { createCssVariablesTheme, createHighlighterCore } = await import('shiki/core')
  const { createJavaScriptRegexEngine } = await import('shiki/engine/javascript')
  return createHighlighterCore({
    themes: [createCssVariablesTheme({ name: 'variables', variablePrefix: '', fontStyle: false })],
    engine: createJavaScriptRegexEngine(),
  })
}

function readCache(file: string): StyledLine[] | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

/** A cache that can't be written only costs time. Renamed into place, so no process reads half of it. */
function writeCache(file: string, lines: StyledLine[]): void {
  try {
    mkdirSync(join(file, '..'), { recursive: true })
    const unfinished = `${file}.${process.pid}`
    writeFileSync(unfinished, JSON.stringify(lines))
    renameSync(unfinished, file)
  } catch {
    return
  }
}
