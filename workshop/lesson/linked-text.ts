/** A piece of a text, with an address if it leads somewhere. */
export interface LinkedText {
  text: string
  href?: string
}

/** `RFC 9700 section 4.5`, or a later number in `RFC 9700 sections 2.1 and 4.1`. */
const RULE = /RFC (\d+)(?: sections? (\d+(?:\.\d+)*))?|\d+(?:\.\d+)+/g

/** Splits a text into pieces, with a link for each section of an RFC. */
export function linkRules(text: string): LinkedText[] {
  let rfc: string | undefined
  return linkMatches(text, RULE, ([whole, named, first]) => {
    rfc = named ?? rfc
    if (rfc === undefined) return undefined
    const section = named === undefined ? whole : first
    const page = `https://www.rfc-editor.org/rfc/rfc${rfc}`
    return section === undefined ? page : `${page}#section-${section}`
  })
}

/** Splits a text at what a pattern finds. What has no address stays text. */
export function linkMatches(
  text: string,
  pattern: RegExp,
  hrefOf: (match: RegExpExecArray) => string | undefined,
): LinkedText[] {
  const pieces: LinkedText[] = []
  let at = 0
  for (const match of text.matchAll(pattern)) {
    const href = hrefOf(match)
    if (href === undefined) continue
    pieces.push({ text: text.slice(at, match.index) }, { text: match[0], href })
    at = match.index + match[0].length
  }
  return [...pieces, { text: text.slice(at) }].filter((piece) => piece.text !== '')
}

/** The pattern that matches a text literally. */
export function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
}
