import MarkdownIt, { type Token } from 'markdown-it'
import { rowsOfCode, rowsOfCodeLine, rowsOfTable, rowsOfText, SLIDE_ROWS } from './size.ts'

/** A piece of a text that stays together on a slide. */
export interface Block {
  kind: 'heading' | 'paragraph' | 'item' | 'row' | 'code' | 'diagram'
  /** Its Markdown; of a heading its text alone. */
  source: string
  /** How high it is. */
  rows: number
  /** What has to stand above it where it comes first on its slide: the head of its table. */
  head: string
  headRows: number
  /** Whether it announces what comes next. */
  announces: boolean
}

const markdown = new MarkdownIt({ html: true })
const NO_HEAD = { head: '', headRows: 0 }

/** The blocks of a text. Lists and tables come apart; so does code which is too long for one slide. */
export function blocksOf(source: string): Block[] {
  const lines = source.split('\n')
  const tokens = markdown.parse(source, {})
  return tokens.flatMap((token, index) => {
    const isItem = token.type === 'list_item_open' && token.level === 1
    if (!token.map || (token.level > 0 && !isItem)) return []
    const [from, to] = token.map
    const own = lines.slice(from, to)
    if (token.type === 'table_open') return blocksOfTable(own)
    if (token.type === 'fence') return blocksOfFence(token)
    if (token.type === 'heading_open') return [heading(tokens[index + 1]?.content ?? '')]
    if (token.type === 'paragraph_open') return [text('paragraph', own)]
    return isItem ? [text('item', own)] : []
  })
}

function heading(source: string): Block {
  return { kind: 'heading', source, rows: 0, ...NO_HEAD, announces: false }
}

function text(kind: 'paragraph' | 'item', lines: string[]): Block {
  const source = lines.join('\n').trimEnd()
  const announces = kind === 'paragraph' && /[:,]$/.test(source)
  return { kind, source, rows: rowsOfText(source.replaceAll('\n', ' ')), ...NO_HEAD, announces }
}

function blocksOfTable(lines: string[]): Block[] {
  const used = lines.filter((line) => line.trim() !== '')
  const [head = '', rule = '', ...rows] = used
  const [headRows = 0, ...rowsHigh] = rowsOfTable([head, ...rows].map(cellsOf))
  return rows.map((row, index) => ({
    kind: 'row',
    source: row,
    rows: rowsHigh[index] ?? 0,
    head: `${head}\n${rule}`,
    headRows,
    announces: false,
  }))
}

function cellsOf(line: string): string[] {
  return line.replace(/^\||\|\s*$/g, '').split(/(?<!\\)\|/)
}

function blocksOfFence({ content, info }: Token): Block[] {
  const language = info.trim()
  const block = (lines: string[]): Block => ({
    kind: language === 'mermaid' ? 'diagram' : 'code',
    source: `\`\`\`${info}\n${lines.join('\n')}\n\`\`\``,
    rows: language === 'mermaid' ? SLIDE_ROWS : rowsOfCode(lines),
    ...NO_HEAD,
    announces: false,
  })
  const lines = content.trimEnd().split('\n')
  return language === 'mermaid' ? [block(lines)] : cutLines(lines, SLIDE_ROWS - 1).map(block)
}

/**
 * Cuts lines of code into pieces of about the same height.
 *
 * @param most how many rows a piece may have
 */
function cutLines(lines: string[], most: number): string[][] {
  const rows = lines.map(rowsOfCodeLine)
  const pieces = Math.ceil(rows.reduce((sum, height) => sum + height, 0) / most)
  const length = Math.ceil(lines.length / pieces)
  return Array.from({ length: pieces }, (_, i) => lines.slice(i * length, (i + 1) * length))
}
