import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { request } from 'undici'

/** The longest body that a copy may send, in characters. */
const LONGEST_BODY = 100_000

/** A JSON answer. */
export interface StandInAnswer {
  status: number
  body: Record<string, unknown> | string
}

/** A request at the token endpoint. */
export interface TokenRequest {
  form: URLSearchParams
  authorization: string
  contentType: string
}

type Answer = StandInAnswer | Promise<StandInAnswer>

export const USER = {
  user_id: 'user0',
  username: 'User Number 0',
  email: 'user0@oauth-lab.me',
}

/**
 * Stands between the client of a copy and its server. As a rule it plays the server itself, as one
 * sentence needs it, so that what the server lacks is not told of the client; and it hands everything
 * on where a sentence is about both.
 */
export class StandIn {
  /** Its origin. */
  readonly url: string
  tokenRequests: TokenRequest[] = []
  /** The `Authorization` headers at `/api/me`. */
  resourceRequests: string[] = []
  issued: Record<'access_token' | 'refresh_token', string>[] = []
  onToken: (request: TokenRequest) => Answer = () => this.tokens()
  onResource: (authorization: string) => Answer = () => ({ status: 200, body: USER })
  /** The origin that everything is handed on to. */
  passOnTo: string | undefined
  readonly #http: Server

  constructor(port: number) {
    this.url = `http://localhost:${port}`
    this.#http = createServer((incoming, response) => {
      this.#answer(incoming, response).catch(() => response.destroy())
    })
  }

  async listen(): Promise<void> {
    const { port } = new URL(this.url)
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject)
      this.#http.listen(Number(port), 'localhost', () => resolve())
    })
  }

  async close(): Promise<void> {
    this.#http.closeAllConnections()
    await new Promise((resolve) => this.#http.close(resolve))
  }

  /** Forgets what it saw, and answers as a good server does. */
  reset(): void {
    this.tokenRequests = []
    this.resourceRequests = []
    this.issued = []
    this.onToken = () => this.tokens()
    this.onResource = (authorization) => this.user(authorization)
    this.passOnTo = undefined
  }

  /** An answer with new tokens. */
  tokens(changes: Record<string, unknown> = {}): StandInAnswer {
    const tokens = { access_token: randomValue(), refresh_token: randomValue() }
    this.issued.push(tokens)
    return { status: 200, body: { ...tokens, token_type: 'Bearer', expires_in: 3600, ...changes } }
  }

  /** The user, for whoever has one of the access tokens. */
  user(authorization: string): StandInAnswer {
    const known = this.issued.some(({ access_token }) => authorization === `Bearer ${access_token}`)
    return known ? { status: 200, body: USER } : { status: 401, body: { error: 'invalid_token' } }
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(incoming)
    if (this.passOnTo !== undefined) return passOn(this.passOnTo, incoming, body, response)
    const answer = await this.#play(incoming, body)
    const isText = typeof answer.body === 'string'
    response.writeHead(answer.status, { 'content-type': isText ? 'text/html' : 'application/json' })
    response.end(isText ? answer.body : JSON.stringify(answer.body))
  }

  #play({ method, url = '', headers }: IncomingMessage, body: string): Answer {
    const { pathname } = new URL(url, this.url)
    const { authorization = '', 'content-type': contentType = '' } = headers
    if (method === 'POST' && pathname === '/token') {
      const asked = { form: new URLSearchParams(body), authorization, contentType }
      this.tokenRequests.push(asked)
      return this.onToken(asked)
    }
    if (method === 'GET' && pathname === '/api/me') {
      this.resourceRequests.push(authorization)
      return this.onResource(authorization)
    }
    return { status: 404, body: { error: 'not_found' } }
  }
}

/** @throws when it is longer than any that is right */
async function readBody(incoming: IncomingMessage): Promise<string> {
  let body = ''
  for await (const piece of incoming.setEncoding('utf8')) {
    body += piece
    if (body.length > LONGEST_BODY) throw new Error('The body has no end')
  }
  return body
}

async function passOn(
  origin: string,
  incoming: IncomingMessage,
  body: string,
  response: ServerResponse,
): Promise<void> {
  const { host: _, connection: __, 'content-length': ___, ...headers } = incoming.headers
  const answer = await request(origin + incoming.url, {
    method: incoming.method as 'GET',
    headers,
    body: body === '' ? null : body,
  })
  response.writeHead(answer.statusCode, answer.headers as Record<string, string>)
  response.end(await answer.body.text())
}

export function randomValue(): string {
  return randomBytes(32).toString('base64url')
}
