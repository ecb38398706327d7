import type { Slot } from '../runner.ts'
import { type Doc, listDocs } from './reference.ts'
import { textAt } from './running-addresses.ts'

type Part = ReturnType<typeof partsOf>[number]

/** Characters of an excerpt before the match and after it. */
const BEFORE = 60
const AFTER = 120

/**
 * The parts of the reference that have all the words, in their heading or their text. Exact phrases, such as a copied
 * error, come first.
 *
 * @param addresses of the running programs, or undefined to leave the texts unchanged
 */
export function searchReference(query: string, addresses: Slot['addresses'] | undefined) {
  const phrase = simplify(query).toLowerCase()
  const words = phrase.split(' ')
  const rankOf = ({ heading, text }: Part) => {
    const [head, body] = [heading.toLowerCase(), text.toLowerCase()]
    if (!words.every((word) => head.includes(word) || body.includes(word))) return undefined
    return [
      head.includes(phrase),
      body.includes(phrase),
      words.every((word) => head.includes(word)),
    ]
      .concat(true)
      .indexOf(true)
  }
  return listDocs()
    .flatMap((doc) => partsOf(doc, addresses))
    .map((part) => ({ part, rank: rankOf(part) }))
    .filter(({ rank }) => rank !== undefined)
    .sort((one, other) => Number(one.rank) - Number(other.rank))
    .map(({ part: { href, heading, page, text } }) => {
      const wanted = text.toLowerCase().includes(phrase) ? [phrase] : words
      return { href, text: heading, page, excerpt: excerptOf(text, wanted) }
    })
}

/** From each heading to the next one. */
function partsOf({ name, title, headings, source }: Doc, addresses: Slot['addresses'] | undefined) {
  const lines = textAt(source, addresses).split('\n')
  return headings.map((heading, index) => ({
    href: `/reference/${name}#${heading.anchor}`,
    heading: heading.text,
    page: title,
    text: simplify(
      lines.slice(heading.line, (headings[index + 1]?.line ?? Infinity) - 1).join('\n'),
    ),
  }))
}

/** Markdown, or text copied from a page, as plain words in one line. */
function simplify(text: string): string {
  return text
    .replace(/<!--.*?-->/gs, '')
    .replace(/^\|[-| ]+\|$/gm, '')
    .replace(/\]\([^)]*\)|^> |^```.*|\*\*|[`[\]]/gm, '')
    .replace(/\s+/g, ' ')
    .trim()
}

/** The words around the first match, or the first words if only the heading matches. */
function excerptOf(text: string, wanted: string[]) {
  const lower = text.toLowerCase()
  const places = wanted.map((word) => ({ at: lower.indexOf(word), length: word.length }))
  const [first] = places.filter(({ at }) => at >= 0).sort((one, other) => one.at - other.at)
  const { at, length } = first ?? { at: 0, length: 0 }
  const start = at < BEFORE ? 0 : text.indexOf(' ', at - BEFORE) + 1
  const end = at + length + AFTER
  return {
    before: `${start > 0 ? '... ' : ''}${text.slice(start, at)}`,
    match: text.slice(at, at + length),
    after: `${text.slice(at + length, end)}${end < text.length ? ' ...' : ''}`,
  }
}
