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
