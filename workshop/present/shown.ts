import { blocksOf, isDiagram } from '../lesson/render-markdown.ts'

/** What a slide shows of a text: one statement, and one thing to look at. Both are Markdown, and may be empty. */
export interface Shown {
  statement: string
  figure: string
  /** Whether the figure is a diagram, which fills a slide. */
  isDiagram: boolean
}

const FIGURES = ['fence', 'table', 'bullet_list', 'ordered_list', 'html_block']
/** The most characters of a statement that has more than one sentence. */
const LONG = 160
/** The end of a sentence, but not of an abbreviation such as "e.g." */
const END = /(?<!\b\w\.\w)[.?!:]["*_)]*(?=\s+["*_`[(]*[A-Z0-9`]|\s*$)/g

/** The first figure of a text with the statement before it, and each of its diagrams. */
export function shownOf(source: string): Shown[] {
  const blocks = blocksOf(source).filter(({ source }) => !source.startsWith('<!--'))
  const others = blocks.filter((block) => !isDiagram(block))
  const figure = others.find(({ type }) => FIGURES.includes(type))
  const before = figure === undefined ? others : others.slice(0, others.indexOf(figure))
  const paragraph = before.find(({ type }) => type === 'paragraph')
  const statement = paragraph === undefined ? '' : firstSentencesOf(paragraph.source)
  const text = { statement, figure: figure?.source ?? '', isDiagram: false }
  const drawn = blocks.filter(isDiagram).map(({ source }) => {
    return { statement: '', figure: source, isDiagram: true }
  })
  return statement === '' && figure === undefined ? drawn : [text, ...drawn]
}

/** The first sentence, and those after it while they are short. */
function firstSentencesOf(paragraph: string): string {
  const text = paragraph.replace(/\s+/g, ' ').trim()
  const ends = [...text.matchAll(END)].map(({ 0: end, index }) => index + end.length)
  const last = ends.findLast((end) => visible(text.slice(0, end)).length <= LONG) ?? ends[0]
  return text.slice(0, last)
}

/** A text without the addresses of its links. */
function visible(text: string): string {
  return text.replace(/\]\([^)]*\)/g, ']')
}
