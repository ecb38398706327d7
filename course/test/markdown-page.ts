import { readFileSync } from 'node:fs'
import { type Heading, headingsOf, markdown, plainText } from '../lessons/markdown.ts'

/** The parts of a page of the course, each kind in the order of the page. Lines are counted from 1. */
export interface MarkdownPage {
  headings: Heading[]
  /** Fenced blocks of code, without the fences. */
  blocks: { language: string; text: string; line: number }[]
  /** Raw HTML, comments included. */
  html: { text: string; line: number }[]
  links: { text: string; href: string; line: number }[]
}

const pages = new Map<string, MarkdownPage>()

/** The parts of a file, which is read once: links lead to some pages a hundred times. */
export function readPage(file: string): MarkdownPage {
  const page = pages.get(file) ?? parsePage(readFileSync(file, 'utf8'))
  pages.set(file, page)
  return page
}

export function parsePage(source: string): MarkdownPage {
  const page: MarkdownPage = { headings: headingsOf(source), blocks: [], html: [], links: [] }
  let line = 1
  for (const { type, map, info, content, children } of markdown.parse(source, {})) {
    if (map) line = map[0] + 1
    if (type === 'fence') page.blocks.push({ language: info.trim(), text: content, line })
    if (type === 'html_block') page.html.push({ text: content, line })
    for (const [index, child] of (children ?? []).entries()) {
      if (child.type !== 'link_open') continue
      const rest = children?.slice(index) ?? []
      const text = plainText(
        rest.slice(
          0,
          rest.findIndex(({ type }) => type === 'link_close'),
        ),
      )
      page.links.push({ text, href: String(child.attrGet('href')), line })
    }
  }
  return page
}
