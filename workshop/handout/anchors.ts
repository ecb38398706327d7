/** An opening tag with an anchor, or a link, as the workshop's renderer writes it. */
const LINK = /<a href="([^"]*)"[^>]*>([\s\S]*?)<\/a>/g

/**
 * The text of a part with unique anchors, because two lessons have the same headings.
 *
 * @param part the prefix of the anchors, such as `v02-state`
 */
export function withAnchorsOf(part: string, html: string): string {
  return html.replace(/(<h\d[^>]*) id="([^"]+)"/g, `$1 id="${part}-$2"`)
}

/**
 * The text with each link to a page of the workshop changed to a link inside the same file. A link to a page that
 * isn't in the file becomes plain text. Links to the web stay.
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

/** Every anchor in a text. */
export function anchorsIn(html: string): Set<string> {
  return new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, anchor = '']) => anchor))
}

/** The possible anchors of a workshop page in the file, most exact first. */
function placesOf(href: string): string[] {
  const [path = '', anchor] = href.split('#')
  const [area, part = '', page] = path.split('/').slice(1)
  if (area !== 'lessons' && area !== 'reference') return []
  const inPart = anchor === undefined ? [] : [`${part}-${anchor}`]
  return [...inPart, ...(page === undefined ? [] : [`${part}-${page}`]), part]
}
