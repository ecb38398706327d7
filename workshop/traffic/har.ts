import { isForm, parseCookies, parseForm, parseSetCookie, splitAddress } from './http.ts'
import { type Entry, type Exchange, type Header, headerValues, type Message } from './message.ts'

/** The source of the exchanges, and how to write them. */
export interface HarOptions {
  /** The origins of the programs. */
  addresses: Record<Exchange['program'], string>
  /** Converts the time of a message to a date. */
  toDate: (at: number) => Date
  /** Masks the secrets of an exchange, or keeps them. */
  show: (exchange: Exchange) => Exchange
}

/** The exchanges as an HTTP archive, version 1.2. One without a response has status 0, as browsers write it. */
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
  const { at } = request
  const exchange = options.show(request.exchange)
  const time = answer === undefined ? 0 : Math.max(0, answer.at - at)
  return {
    startedDateTime: options.toDate(at).toISOString(),
    time,
    request: toRequest(exchange, options),
    response: toResponse(exchange),
    cache: {},
    timings: { send: 0, wait: time, receive: 0 },
    comment: `${exchange.from} to ${exchange.program}, ${exchange.version.name}${exchange.trouble === undefined ? '' : `. ${exchange.trouble}`}`,
  }
}

function toRequest({ request, program }: Exchange, { addresses }: HarOptions) {
  const { method, url, httpVersion, headers, body } = request
  const [mimeType = ''] = headerValues(headers, 'content-type')
  const params = isForm(headers) ? { params: toNamed(parseForm(body.text)) } : {}
  return {
    method,
    url: /^https?:/i.test(url) ? url : addresses[program] + url,
    httpVersion: `HTTP/${httpVersion}`,
    cookies: toNamed(headerValues(headers, 'cookie').flatMap(parseCookies)),
    headers: toNamed(headers),
    queryString: toNamed(parseForm(splitAddress(url).query)),
    ...(body.size > 0 ? { postData: { mimeType, ...params, text: body.text } } : {}),
    headersSize: -1,
    bodySize: body.size,
  }
}

function toResponse({ request, answer }: Exchange) {
  const { status = 0, reason = '', headers = [] } = answer ?? {}
  const { text = '', size = 0 } = answer?.body ?? {}
  const [mimeType = ''] = headerValues(headers, 'content-type')
  const [redirectURL = ''] = headerValues(headers, 'location')
  const cookies = headerValues(headers, 'set-cookie').map((header) => parseSetCookie(header).cookie)
  return {
    status,
    statusText: reason,
    httpVersion: `HTTP/${request.httpVersion}`,
    cookies: toNamed(cookies),
    headers: toNamed(headers),
    content: { size, mimeType, text },
    redirectURL,
    headersSize: -1,
    bodySize: size,
  }
}

function toNamed(pairs: Header[]) {
  return pairs.map(([name, value]) => ({ name, value }))
}
