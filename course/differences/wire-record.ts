import { textOf } from '@oauth-lab/shared/testing/browser.ts'
import type { Headers } from '@oauth-lab/shared/testing/exchange.ts'
import type { Exchange } from '@oauth-lab/shared/testing/recorder.ts'

/** One part of a message: a parameter, a header, a status. */
export interface Field {
  name: string
  value: string
}

/** A request or a response, as sent. */
export interface Message {
  /** A program, or `browser`. */
  from: string
  to: string
  /** `GET /callback`. For a response, its request. */
  request: string
  isAnswer: boolean
  fields: Field[]
  page: string
}

/** The most fields to compare: more than any message of the lab has. */
const MOST_FIELDS = 100

/**
 * The messages in order. What a program sends while it handles a request comes between that request and its
 * response. A request without a route isn't included.
 *
 * @param first the program that sends what no other request leads to
 */
export function messagesOf(exchanges: Exchange[], first = ''): Message[] {
  return exchanges
    .filter(({ hasRoute }) => hasRoute)
    .flatMap((exchange) => {
      const [asked, answered] = exchange.order
      const { program, method, path } = exchange
      const sender = senderOf(exchange, exchanges) ?? first
      const request = `${method} ${path}`
      const sent = { at: asked, from: sender, to: program, request, isAnswer: false }
      const answer = { at: answered, from: program, to: sender, request, isAnswer: true }
      return [
        { ...sent, ...readRequest(exchange) },
        { ...answer, ...readAnswer(exchange) },
      ]
    })
    .toSorted((one, other) => one.at - other.at)
    .map(({ at: _, ...message }) => message)
}

/** The browser, or the program that was handling a request: the last one received before and responded to after. */
function senderOf({ channel, order }: Exchange, exchanges: Exchange[]): string | undefined {
  if (channel === 'front') return 'browser'
  const around = exchanges.filter((other) => other.order[0] < order[0] && other.order[1] > order[1])
  return around.toSorted((one, other) => other.order[0] - one.order[0])[0]?.program
}

function readRequest({ url, requestHeaders, form }: Exchange): Pick<Message, 'fields' | 'page'> {
  const fields = [
    ...[...new URL(url).searchParams].map(([name, value]) => ({ name, value })),
    ...header('Cookie', requestHeaders.cookie),
    ...header('Authorization', requestHeaders.authorization),
    ...fieldsOf(form),
  ]
  return { fields: fields.slice(0, MOST_FIELDS), page: '' }
}

function readAnswer({ status, headers, body }: Exchange): Pick<Message, 'fields' | 'page'> {
  const type = String(headers['content-type'] ?? '')
  const isPage = type.startsWith('text/html')
  return {
    fields: [
      { name: 'status', value: String(status) },
      ...header('WWW-Authenticate', headers['www-authenticate']),
      ...header('Set-Cookie', headers['set-cookie']),
      ...readLocation(headers.location),
      ...(isPage ? [{ name: 'page', value: textOf({ body }, 'h1') ?? '' }] : []),
      ...(type.startsWith('application/json') ? fieldsOf(JSON.parse(body)) : []),
    ].slice(0, MOST_FIELDS),
    page: isPage ? body : '',
  }
}

/** Lists a redirect's parameters one by one, below the address without them. */
function readLocation(location: unknown): Field[] {
  if (typeof location !== 'string') return []
  const [address = '', query = ''] = location.split('?', 2)
  return [
    { name: 'Location', value: address },
    ...[...new URLSearchParams(query)].map(([name, value]) => ({ name, value })),
  ]
}

function header(name: string, value: Headers[string]): Field[] {
  return [value ?? []].flat().map((text) => ({ name, value: text }))
}

function fieldsOf(values: unknown): Field[] {
  return Object.entries(values ?? {}).flatMap(([name, value]) =>
    [value].flat().map((one) => ({
      name,
      value: typeof one === 'object' ? JSON.stringify(one) : String(one),
    })),
  )
}
