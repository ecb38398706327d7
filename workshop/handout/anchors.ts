/** An element that begins or is a link, as the renderer of the workshop writes it. */
const LINK = /<a href="([^"]*)"[^>]*>([\s\S]*?)<\/a>/g

/**
 * The text of a part with its anchors made its own: two lessons have the same headings.
 *
 * @param part what the anchors begin with, such as `v02-state`
 */
export function withAnchorsOf(part: string, html: string): string {
  return html.replace(/(<h\d[^>]*) id="([^"]+)"/g, `$1 id="${part}-$2"`)
}

/**
 * The text with each link to a page of the workshop leading to its place in the same file, or to nowhere when it is
 * not there: what was a link is text then. Links to the web stay.
 *
 * @param anchors every anchor of the file
 */
export function withLinksInside(html: string, anchors: Set<string>): string {
  return html.replace(LINK, (all, href: string, text: string) => {
    if (/^https?:/.test(href)) return `<a href="${href}">${text}</a>`
    if (href.startsWith('#')) return all
    const anchor = placesOf(href).find((place) => anchors.has(place))
    return anchor === undefined ? text : `<a href="#${anchor}">${text}</a>`
  })
}

/** Every anchor that a text has. */
export function anchorsIn(html: string): Set<string> {
  return new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, anchor = '']) => anchor))
}

/** Where a page of the workshop stands in the file: the most exact place first. */
function placesOf(href: string): string[] {
  const [path = '', anchor] = href.split('#')
  const [area, part = '', page] = path.split('/').slice(1)
  if (area !== 'lessons' && area !== 'reference') return []
  const inPart = anchor === undefined ? [] : [`${part}-${anchor}`]
  return [...inPart, ...(page === undefined ? [] : [`${part}-${page}`]), part]
}
