/** A piece of text, with a link if it names a section of an RFC. */
export interface LinkedText {
  text: string
  href?: string
}

/** `RFC 9700 section 4.5`, or a later number in `RFC 9700 sections 2.1 and 4.1`. */
const PLACE = /RFC (\d+)(?: sections? (\d+(?:\.\d+)*))?|\d+(?:\.\d+)+/g

/** Splits a text into pieces, with a link for each section of an RFC. */
export function linkRules(text: string): LinkedText[] {
  const pieces: LinkedText[] = []
  let at = 0
  let rfc: string | undefined
  for (const { index, 0: whole, 1: named, 2: first } of text.matchAll(PLACE)) {
    rfc = named ?? rfc
    if (rfc === undefined) continue
    const section = named === undefined ? whole : first
    pieces.push({ text: text.slice(at, index) }, { text: whole, href: hrefOf(rfc, section) })
    at = index + whole.length
  }
  return [...pieces, { text: text.slice(at) }].filter((piece) => piece.text !== '')
}

function hrefOf(rfc: string, section: string | undefined): string {
  const page = `https://www.rfc-editor.org/rfc/rfc${rfc}`
  return section === undefined ? page : `${page}#section-${section}`
}
