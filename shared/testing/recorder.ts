import type { FastifyInstance, FastifyRequest } from 'fastify'
import { USER_AGENT } from './browser.ts'
import type { Exchange as AnyExchange, Headers } from './exchange.ts'
import { type Programs, withEachApp } from './lab.ts'

/** An exchange as recorded by the program that got the request. */
export interface Exchange extends AnyExchange {
  /** Such as `server`. */
  program: string
  /** Without the query. */
  path: string
  /** `front` when a browser sent it, `back` when a program did. */
  channel: 'front' | 'back'
  hasRoute: boolean
  /** The positions of the request and of the response in the recording. Requests may be nested. */
  order: [request: number, response: number]
}

/** The same programs, which record every request and response. */
export function recorded(programs: Programs, exchanges: Exchange[]): Programs {
  let count = 0
  return withEachApp(programs, (app, program) => record(app, program, exchanges, () => count++))
}

/** The exchanges with the token endpoint. */
export function tokenRequests(exchanges: Exchange[]): Exchange[] {
  return exchanges.filter(({ program, path }) => program === 'server' && path === '/token')
}

/** Every access and refresh token that the token endpoint issued. */
export function issuedTokens(exchanges: Exchange[]): string[] {
  const granted = tokenRequests(exchanges).filter(({ headers, status }) => {
    return status === 200 && String(headers['content-type']).startsWith('application/json')
  })
  return granted.flatMap(({ body }) => {
    const { access_token, refresh_token } = JSON.parse(body)
    return [access_token, refresh_token].filter((token) => token && typeof token === 'string')
  })
}

/**
 * Responses that break a rule for all responses: none but public keys may be cached, none to a program sets a
 * cookie, and the only 5xx are the 502 of the client and the 503 of an API beside the server.
 */
export function unsoundAnswers(exchanges: Exchange[]): string[] {
  const wrong = exchanges.filter(({ program, path, status, headers }) => {
    const kept = headers['cache-control'] !== 'no-store' && !['/style.css', '/jwks'].includes(path)
    const cookie =
      /^\/(token|revoke|introspect|jwks|api)\b/.test(path) && headers['set-cookie'] !== undefined
    const broken = status >= 500 && !['client 502', 'api 503'].includes(`${program} ${status}`)
    return kept || cookie || broken
  })
  return wrong.map(({ program, method, path, status }) => `${program}: ${method} ${path} ${status}`)
}

function record(
  app: FastifyInstance,
  program: string,
  exchanges: Exchange[],
  next: () => number,
): void {
  const asked = new WeakMap<object, number>()
  app.addHook('onRequest', async (request) => {
    asked.set(request, next())
  })
  app.addHook('onSend', async (request, reply, payload) => {
    const headers = Object.entries(reply.getHeaders()).map(([name, value]) => {
      return [name, typeof value === 'number' ? String(value) : value]
    })
    const url = `http://${request.host}${request.url}`
    const location = String(reply.getHeader('location'))
    exchanges.push({
      program,
      method: request.method,
      url,
      path: request.url.split('?', 1)[0] ?? '',
      channel: isFromBrowser(request) ? 'front' : 'back',
      hasRoute: !request.is404,
      // Fastify doesn't call `onRequest` for a request without a route.
      order: [asked.get(request) ?? next(), next()],
      requestHeaders: { ...request.headers },
      form: typeof request.body === 'object' ? { ...Object(request.body) } : {},
      status: reply.statusCode,
      headers: Object.fromEntries(headers) as Headers,
      location: reply.hasHeader('location') ? new URL(location, url).href : undefined,
      body: typeof payload === 'string' ? payload : '',
    })
  })
}

/**
 * No program of the lab asks another one for its style sheet. A real browser does, and so does a search for what
 * responds on a port, even if that belongs to this test by now.
 */
function isFromBrowser({ headers, url }: FastifyRequest): boolean {
  return headers['user-agent'] === USER_AGENT || url === '/style.css'
}
