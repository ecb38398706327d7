import { escapeHtml } from '@oauth-lab/course/differences/hunk-html.ts'

/** The words for a message in the lessons, and its title in the traffic. */
export const TITLES = new Map([
  ['authorization request', 'Authorization request'],
  ['authorization response', 'Authorization response'],
  ['token request', 'Token request'],
  ['token response', 'Token response'],
  ['refresh request', 'Refresh request'],
  ['revocation request', 'Revocation request'],
  ['introspection request', 'Introspection request'],
  ['introspection response', 'Introspection response'],
  ['resource request', 'Resource request'],
  ['key request', 'Key request'],
  ['login form', 'Login page'],
  ['login page', 'Login page'],
  ['consent page', 'Consent page'],
  ['account page', 'Account page'],
  ['profile page', 'Profile page'],
])

const WORDS = new RegExp(`\\b(?:${[...TITLES.keys()].join('|').replaceAll(' ', '\\s+')})\\b`, 'gi')
/** Within these, words aren't linked. */
const CLOSED = /^(?:a|code|pre|h\d|th|summary|svg)$/
/** Each of these starts a paragraph of its own. */
const BLOCK = /^(?:p|li|td|dd|blockquote)$/

/** Links the first words for each message in a paragraph to the newest such message in the traffic. */
export function linkMessages(html: string): string {
  const linked = new Set<string>()
  let depth = 0
  return html
    .split(/(<[^>]*>)/)
    .map((piece) => {
      const [, end, name = ''] = /^<(\/?)(\w+)/.exec(piece) ?? []
      if (CLOSED.test(name)) depth += end === '' ? 1 : -1
      if (BLOCK.test(name)) linked.clear()
      if (name !== '' || depth > 0) return piece
      return piece.replace(WORDS, (words) => {
        const title = TITLES.get(words.toLowerCase().replace(/\s+/g, ' ')) ?? ''
        if (linked.has(title)) return words
        linked.add(title)
        return `<a class="message-link" href="/traffic?kind=${encodeURIComponent(title)}" title="Shows the newest one in the traffic" data-kind="${escapeHtml(title)}">${words}</a>`
      })
    })
    .join('')
}
