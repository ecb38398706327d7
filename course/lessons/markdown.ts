import GithubSlugger from 'github-slugger'
import MarkdownIt from 'markdown-it'

/** A heading, with the anchor that GitHub gives it. */
export interface Heading {
  level: number
  text: string
  anchor: string
  /** Counted from 1. */
  line: number
}

/** Reads Markdown as GitHub does: CommonMark and tables. */
export const markdown = new MarkdownIt({ html: true })

/** Reads only the blocks. Nearly two thirds of the time go to the text in them. */
const blocks = new MarkdownIt({ html: true })
blocks.core.ruler.disable('inline')

type Token = ReturnType<typeof markdown.parse>[number]

/** The headings of a page, in order. */
export function headingsOf(source: string): Heading[] {
  const slugger = new GithubSlugger()
  const links = {}
  const tokens = blocks.parse(source, links)
  return tokens.flatMap(({ type, tag, map }, index) => {
    if (type !== 'heading_open') return []
    const [inline] = markdown.parseInline(tokens[index + 1]?.content ?? '', links)
    const text = plainText(inline?.children ?? [])
    const line = (map?.[0] ?? 0) + 1
    return { level: Number(tag.slice(1)), text, anchor: slugger.slug(text), line }
  })
}

/** A line of Markdown without its markup. */
export function plainText(children: Token[]): string {
  return children.map(({ type, content }) => (type === 'softbreak' ? ' ' : content)).join('')
}
