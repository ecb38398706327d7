import { type Header, headerValues } from './message.ts'

/** Parses the head of a response. Uses `status` if the head hasn't been written yet. */
export function parseHead(head: string, status: number) {
  const [first = '', ...lines] = head.split('\r\n')
  const reason = /^HTTP\/\d\.\d \d{3} ?(.*)$/.exec(first)?.[1] ?? ''
  const headers = lines.flatMap((line): Header[] => {
    const colon = line.indexOf(':')
    return colon === -1 ? [] : [[line.slice(0, colon), line.slice(colon + 1).trim()]]
  })
  return { status, reason, headers }
}

/** Only the first parameters are read: more than any message of the lab has. */
export const MOST_FIELDS = 100

/** Names and values of a query or a form, in order and with repeats, at most one more than are shown. */
export function parseForm(text: string): [name: string, value: string][] {
  return [...new URLSearchParams(text.split('&', MOST_FIELDS + 1).join('&'))]
}

/** Whether the body of a message with these headers is a form. */
export function isForm(headers: Header[]): boolean {
  const [type = ''] = headerValues(headers, 'content-type')
  return /^application\/x-www-form-urlencoded/i.test(type)
}

/** Splits an address from its query. Returns text that isn't an address unchanged. */
export function splitAddress(address: string): { base: string; query: string } {
  const [withoutFragment = ''] = address.split('#', 1)
  const mark = withoutFragment.indexOf('?')
  if (mark === -1) return { base: withoutFragment, query: '' }
  return { base: withoutFragment.slice(0, mark), query: withoutFragment.slice(mark + 1) }
}

/** The path of an address, absolute or not. */
export function pathOfAddress(address: string): string {
  return splitAddress(address).base.replace(/^https?:\/\/[^/]*/i, '') || '/'
}

/** The cookies in a Cookie header. RFC 6265 section 4.2 */
export function parseCookies(header: string): [name: string, value: string][] {
  return header
    .split(';', MOST_FIELDS + 1)
    .filter((part) => part.trim() !== '')
    .map(splitPair)
}

/** The cookie in a Set-Cookie header, and its attributes. RFC 6265 section 4.1 */
export function parseSetCookie(header: string) {
  const [cookie = '', ...attributes] = header.split(';', MOST_FIELDS + 1)
  return { cookie: splitPair(cookie), attributes: attributes.map(splitPair) }
}

/**
 * Name and secret of HTTP Basic, as the OAuth server decodes them. RFC 6749 section 2.3.1
 *
 * @returns undefined if they can't be decoded
 */
export function parseBasic(authorization: string) {
  const [, encoded = ''] = /^Basic +([A-Za-z0-9+/]+=*)$/i.exec(authorization) ?? []
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? []
  if (id === undefined || secret === undefined) return undefined
  return { id: formDecode(id), secret: formDecode(secret), encoded }
}

/** The scheme of a WWW-Authenticate header, and its parameters. RFC 9110 section 11.6.1 */
export function parseChallenge(header: string) {
  const [scheme = '', rest = ''] = header.split(/ (.*)/s)
  const parameters = [...rest.matchAll(/(?<![\w-])([\w-]+)="([^"]*)"/g)]
  return {
    scheme,
    parameters: parameters.map(([, name = '', value = '']): Header => [name, value]),
  }
}

/** A JSON object's names and values, or undefined for anything else. */
export function parseJsonObject(text: string): [name: string, value: unknown][] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    return Object.entries(value)
  } catch {
    return undefined
  }
}

function splitPair(text: string): [name: string, value: string] {
  const [name = '', ...value] = text.split('=')
  return [name.trim(), value.join('=').trim()]
}

function formDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}
