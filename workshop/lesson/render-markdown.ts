import { escapeHtml } from '@oauth-lab/course/differences/hunk-html.ts'
import MarkdownIt, { type Env, type Token } from 'markdown-it'
import { htmlOfBlock } from './code-text.ts'
import { htmlOfDiagram } from './diagram.ts'

/** How a text becomes part of a page. */
export interface Surroundings {
  /** The address of a link in this app, or undefined to make it plain text. */
  hrefOf: (href: string) => string | undefined
  /** The anchors of its headings by line, counted from 1. */
  anchors: Map<number, string>
  /** By how many levels to raise its headings. */
  up: number
}

type Environment = {
  hrefOf: Surroundings['hrefOf']
  /** The finished HTML of each block of code. */
  blocks: Map<Token, string>
}

const markdown = new MarkdownIt({ html: true })
const { rules } = markdown.renderer

/** Markdown as HTML for a page of this app, with highlighted code and diagrams ready to be drawn. */
export async function renderMarkdown(source: string, surroundings: Surroundings): Promise<string> {
  const tokens = markdown.parse(source, {})
  const blocks = new Map<Token, string>()
  for (const token of tokens) {
    if (token.type === 'fence') blocks.set(token, await renderBlock(token))
  }
  addAnchors(tokens, surroundings)
  labelTables(tokens)
  const environment: Environment = { hrefOf: surroundings.hrefOf, blocks }
  return markdown.renderer.render(tokens, markdown.options, environment)
}

/** A piece of Markdown on the top level, such as `paragraph`, `fence`, `table` or `bullet_list`. */
export interface Block {
  type: string
  source: string
}

/** Splits Markdown into its top-level pieces. */
export function blocksOf(source: string): Block[] {
  const lines = source.split('\n')
  return markdown.parse(source, {}).flatMap(({ type, level, nesting, map }) => {
    if (level > 0 || nesting < 0 || map === null) return []
    return [{ type: type.replace(/_open$/, ''), source: lines.slice(...map).join('\n') }]
  })
}

export function isDiagram({ source }: Block): boolean {
  return source.startsWith('```mermaid')
}

/** The rows of the tables in a text, below their heads, as Markdown. */
export function rowsIn(source: string): string[][] {
  const tables = blocksOf(source).filter(({ type }) => type === 'table')
  return tables.flatMap((table) => {
    const [, , ...rows] = table.source.split('\n')
    return rows.map((row) => row.replace(/^\| | \|$/g, '').split(' | '))
  })
}

/** One paragraph of Markdown, without the `p` element. */
export function renderInline(source: string, hrefOf: Surroundings['hrefOf']): string {
  const environment: Environment = { hrefOf, blocks: new Map() }
  return markdown.renderInline(source, environment)
}

async function renderBlock({ content, info }: Token): Promise<string> {
  const language = info.trim()
  return language === 'mermaid' ? htmlOfDiagram(content) : htmlOfBlock(content, language)
}

function addAnchors(tokens: Token[], { anchors, up }: Surroundings): void {
  for (const token of tokens) {
    if (!token.type.startsWith('heading_')) continue
    token.tag = `h${Number(token.tag.slice(1)) - up}`
    const anchor = token.map && anchors.get(token.map[0] + 1)
    if (anchor) token.attrSet('id', anchor)
  }
}

/** A scrollable frame needs a name. A table is named after its columns. */
function labelTables(tokens: Token[]): void {
  for (const [index, token] of tokens.entries()) {
    if (token.type !== 'table_open') continue
    const end = tokens.findIndex(({ type }, at) => at > index && type === 'thead_close')
    const columns = tokens
      .slice(index, end)
      .filter(({ type }) => type === 'inline')
      .map(({ content }) => content.replaceAll('`', ''))
    token.meta = { label: `Table: ${columns.filter(Boolean).join(', ')}` }
  }
}

rules.fence = (tokens, index, _options, env: Env = {}) => {
  const token = tokens[index]
  const { blocks } = env as Environment
  return (token && blocks.get(token)) ?? ''
}

// Comments tell the lessons' own tests how to run a command.
rules.html_block = (tokens, index) => {
  const { content = '' } = tokens[index] ?? {}
  return content.startsWith('<!--') ? '' : content
}

rules.table_open = (tokens, index) => {
  const label = escapeHtml(String(tokens[index]?.meta?.label))
  return `<div class="scroll" tabindex="0" role="region" aria-label="${label}">\n<table>\n`
}
rules.table_close = () => '</table>\n</div>\n'

rules.link_open = (tokens, index, options, env: Env = {}, self) => {
  const token = tokens[index]
  const { hrefOf } = env as Environment
  const href = hrefOf(String(token?.attrGet('href')))
  if (href === undefined) {
    const end = tokens.find(({ type }, at) => at > index && type === 'link_close')
    if (end) end.tag = 'span'
    return '<span>'
  }
  token?.attrSet('href', href)
  if (/^https?:/.test(href)) {
    token?.attrSet('target', '_blank')
    token?.attrSet('rel', 'noopener noreferrer')
  }
  return self.renderToken(tokens, index, options)
}
