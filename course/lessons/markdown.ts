import { readFileSync } from 'node:fs'
import GithubSlugger from 'github-slugger'
import MarkdownIt from 'markdown-it'

/** A heading, with the anchor that GitHub gives it. */
export interface Heading {
  level: number
  text: string
  anchor: string
  line: number
}

/** A fenced block of code. */
export interface CodeBlock {
  language: string
  /** Without the fences. */
  text: string
  line: number
}

export interface Link {
  text: string
  href: string
  line: number
}

/** The parts of a page of the course, each kind in the order of the page. */
export interface MarkdownPage {
  headings: Heading[]
  blocks: CodeBlock[]
  /** Raw HTML, comments included. */
  html: { text: string; line: number }[]
  links: Link[]
}

const markdown = new MarkdownIt({ html: true })

/** Reads a Markdown file. Lines are counted from 1. */
export function readPage(file: string): MarkdownPage {
  return parsePage(readFileSync(file, 'utf8'))
}

/** Reads Markdown as GitHub does: CommonMark and tables. */
export function parsePage(source: string): MarkdownPage {
  const page: MarkdownPage = { headings: [], blocks: [], html: [], links: [] }
  const slugger = new GithubSlugger()
  const tokens = markdown.parse(source, {})

  let line = 1
  for (const [index, token] of tokens.entries()) {
    if (token.map) line = token.map[0] + 1
    if (token.type === 'fence') {
      page.blocks.push({ language: token.info.trim(), text: token.content, line })
    }
    if (token.type === 'html_block') page.html.push({ text: token.content, line })
    if (token.type === 'heading_open') {
      const text = plainText(tokens[index + 1]?.children ?? [])
      page.headings.push({
        level: Number(token.tag.slice(1)),
        text,
        anchor: slugger.slug(text),
        line,
      })
    }
    if (token.type === 'inline') page.links.push(...linksIn(token.children ?? [], line))
  }
  return page
}

type Token = ReturnType<typeof markdown.parse>[number]

function linksIn(children: Token[], line: number): Link[] {
  return children.flatMap((child, index) => {
    if (child.type !== 'link_open') return []
    const end = children.findIndex(({ type }, at) => at > index && type === 'link_close')
    const text = plainText(children.slice(index, end))
    return { text, href: String(child.attrGet('href')), line }
  })
}

function plainText(children: Token[]): string {
  return children.map(({ type, content }) => (type === 'softbreak' ? ' ' : content)).join('')
}
