import {
  parseBasic,
  parseCookies,
  parseForm,
  parseJsonObject,
  parseSetCookie,
  splitAddress,
} from './http.ts'
import { type Exchange, headerValues, pathOf } from './message.ts'

export type Parts = ReturnType<typeof partsOf>

/**
 * An exchange, parsed.
 *
 * @param answeredAt when the response was sent, or infinity if it wasn't yet
 */
export function partsOf(exchange: Exchange, at: number, answeredAt: number) {
  const { request, answer } = exchange
  const [location] = headerValues(answer?.headers ?? [], 'location')
  const [authorization = ''] = headerValues(request.headers, 'authorization')
  const [, bearer] = /^Bearer +(.+)$/i.exec(authorization) ?? []
  const form = readForm(request.body.text)
  const cookieName = `oauth_lab_${portOf(headerValues(request.headers, 'host'))}`
  const cookies = headerValues(request.headers, 'cookie').flatMap(parseCookies)
  const set = headerValues(answer?.headers ?? [], 'set-cookie').map((header) => {
    return parseSetCookie(header).cookie
  })
  return {
    exchange,
    at,
    answeredAt,
    path: pathOf(exchange),
    query: readForm(splitAddress(request.url).query),
    form,
    status: answer?.status,
    /** Where the response redirects to. */
    target: location === undefined ? undefined : readTarget(location),
    json: Object.fromEntries<unknown>(parseJsonObject(answer?.body.text ?? '') ?? []),
    bearer,
    client: parseBasic(authorization)?.id ?? form.client_id,
    /** The session that the request names, and the one that the response sets. An empty one ends. */
    session: cookies.find(([name]) => name === cookieName)?.[1],
    newSession: set.find(([name]) => name === cookieName)?.[1],
  }
}

function readTarget(location: string) {
  const pathAndQuery = location.replace(/^https?:\/\/[^/?#]*/i, '')
  const { base, query } = splitAddress(pathAndQuery)
  return { path: base, pathAndQuery, query: readForm(query) }
}

function readForm(text: string): Record<string, string> {
  return Object.fromEntries(parseForm(text))
}

function portOf([host = '']: string[]): string {
  return /:(\d+)$/.exec(host)?.[1] ?? '80'
}
