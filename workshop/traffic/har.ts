import { parseCookies, parseForm, parseSetCookie, splitAddress } from './http.ts'
import { type Entry, type Exchange, type Header, headerValues, type Message } from './message.ts'

type NameValue = { name: string; value: string }

/** Where the exchanges were seen, and how their texts are to be written. */
export interface HarOptions {
  /** The origins of the programs. */
  addresses: Record<Exchange['program'], string>
  /** Turns a time of a message into one that people read. */
  toDate: (at: number) => Date
  /** Masks secrets, or leaves them. */
  write: (text: string) => string
}

/** The exchanges as an HTTP archive, version 1.2. One without an answer has the status 0, as browsers write it. */
export function toHar(entries: Entry[], options: HarOptions) {
  const requests = entries.filter((entry): entry is Message => entry.kind === 'request')
  const answers = new Map(
    entries.flatMap((entry) => (entry.kind === 'answer' ? [[entry.exchange, entry] as const] : [])),
  )
  return {
    log: {
      version: '1.2',
      creator: { name: 'oauth-lab', version: '1.0.0' },
      entries: requests.map((request) => toEntry(request, answers.get(request.exchange), options)),
    },
  }
}

function toEntry(request: Message, answer: Message | undefined, options: HarOptions) {
  const { exchange, at } = request
  const time = answer === undefined ? 0 : Math.max(0, answer.at - at)
  return {
    startedDateTime: options.toDate(at).toISOString(),
    time,
    request: toRequest(exchange, options),
    response: toResponse(exchange, options),
    cache: {},
    timings: { send: 0, wait: time, receive: 0 },
    comment: `${exchange.from} to ${exchange.program}, ${exchange.version.name}${exchange.trouble === undefined ? '' : `. ${exchange.trouble}`}`,
  }
}

function toRequest({ request, program }: Exchange, { addresses, write }: HarOptions) {
  const { method, url, httpVersion, headers, body } = request
  const [mimeType = ''] = headerValues(headers, 'content-type')
  const isForm = /^application\/x-www-form-urlencoded/i.test(mimeType)
  const params = isForm ? { params: inWords(parseForm(body.text), write) } : {}
  return {
    method,
    url: write(/^https?:/i.test(url) ? url : addresses[program] + url),
    httpVersion: `HTTP/${httpVersion}`,
    cookies: inWords(headerValues(headers, 'cookie').flatMap(parseCookies), write),
    headers: inWords(headers, write),
    queryString: inWords(parseForm(splitAddress(url).query), write),
    ...(body.size > 0 ? { postData: { mimeType, ...params, text: write(body.text) } } : {}),
    headersSize: -1,
    bodySize: body.size,
  }
}

function toResponse({ request, answer }: Exchange, { write }: HarOptions) {
  const { status = 0, reason = '', headers = [] } = answer ?? {}
  const { text = '', size = 0 } = answer?.body ?? {}
  const [mimeType = ''] = headerValues(headers, 'content-type')
  const [redirectURL = ''] = headerValues(headers, 'location')
  const cookies = headerValues(headers, 'set-cookie').map((header) => parseSetCookie(header).cookie)
  return {
    status,
    statusText: reason,
    httpVersion: `HTTP/${request.httpVersion}`,
    cookies: inWords(cookies, write),
    headers: inWords(headers, write),
    content: { size, mimeType, text: write(text) },
    redirectURL: write(redirectURL),
    headersSize: -1,
    bodySize: size,
  }
}

function inWords(pairs: Header[], write: HarOptions['write']): NameValue[] {
  return pairs.map(([name, value]) => ({ name, value: write(value) }))
}
