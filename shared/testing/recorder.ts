import type { FastifyInstance } from 'fastify'
import type { Programs } from './lab.ts'

/** One request to one of the programs, and its answer. */
export interface Exchange {
  program: 'server' | 'client'
  method: string
  /** Path and query. */
  url: string
  requestHeaders: Record<string, string | string[] | undefined>
  /** The form, or undefined. */
  form: Record<string, string> | undefined
  status: number
  headers: Record<string, number | string | string[] | undefined>
  body: string
}

/** The same programs, which note all that they are asked and all that they answer. */
export function recorded({ buildServer, buildClient }: Programs, exchanges: Exchange[]): Programs {
  return {
    buildServer: (config) => record(buildServer(config), 'server', exchanges),
    buildClient: (config) => record(buildClient(config), 'client', exchanges),
  }
}

/** Those of the exchanges that went to the token endpoint. */
export function tokenRequests(exchanges: Exchange[]): Exchange[] {
  return exchanges.filter(({ program, url }) => program === 'server' && /^\/token\b/.test(url))
}

/** Every access and refresh token that the token endpoint gave to anybody. */
export function issuedTokens(exchanges: Exchange[]): string[] {
  const granted = tokenRequests(exchanges).filter(({ headers, status }) => {
    return status === 200 && String(headers['content-type']).startsWith('application/json')
  })
  return granted.flatMap(({ body }) => {
    const { access_token, refresh_token } = JSON.parse(body)
    return [access_token, refresh_token].filter((token) => typeof token === 'string')
  })
}

/**
 * What breaks a rule that holds for every answer: nobody may keep it, the server sets no cookie, and
 * the only 5xx is the 502 of the client.
 */
export function unsoundAnswers(exchanges: Exchange[]): string[] {
  const wrong = exchanges.filter(({ program, url, status, headers }) => {
    const kept = headers['cache-control'] !== 'no-store' && url !== '/style.css'
    const cookie = program === 'server' && headers['set-cookie'] !== undefined
    const broken = status >= 500 && !(program === 'client' && status === 502)
    return kept || cookie || broken
  })
  return wrong.map(({ program, method, url, status }) => `${program}: ${method} ${url} ${status}`)
}

function record(
  app: FastifyInstance,
  program: Exchange['program'],
  exchanges: Exchange[],
): FastifyInstance {
  app.addHook('onSend', async (request, reply, payload) => {
    exchanges.push({
      program,
      method: request.method,
      url: request.url,
      requestHeaders: { ...request.headers },
      form: request.body as Record<string, string> | undefined,
      status: reply.statusCode,
      headers: { ...reply.getHeaders() },
      body: typeof payload === 'string' ? payload : '',
    })
  })
  return app
}
