import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { request } from 'undici'
import { type LocalServer, startLocalServer } from '../local-server.ts'
import {
  type Known,
  type ProgramRequest,
  type Refusal,
  refusalOf,
  refusalOfIntrospection,
  refusalOfRevocation,
  wrongScope,
} from './token-request-rules.ts'

/** The longest body that a copy may send, in characters. */
const LONGEST_BODY = 100_000

/** A response of the stand-in. */
export interface StandInAnswer {
  status: number
  headers?: Record<string, string | string[] | undefined>
  body: Record<string, unknown> | string
}

export type Tokens = Record<'access_token' | 'refresh_token', string>

/** What the server says about a token that doesn't work. RFC 7662 section 2.2 */
const INACTIVE: StandInAnswer = { status: 200, body: { active: false } }
const ME = '/api/me'
const EMAIL = '/api/email'

type Answer = StandInAnswer | Promise<StandInAnswer>

export const USER = {
  user_id: 'user0',
  username: 'User Number 0',
  email: 'user0@oauth-lab.me',
}

/** Listens as the server, and as the API, and responds as its stand-in says. */
export class StandInServer {
  /** The stand-in of the check that runs. */
  standIn: StandIn
  readonly #servers: LocalServer[]
  readonly #newStandIn: () => StandIn

  private constructor(servers: LocalServer[], newStandIn: () => StandIn) {
    this.#servers = servers
    this.#newStandIn = newStandIn
    this.standIn = newStandIn()
  }

  /**
   * @param scopes what the client is registered for; undefined in a version without scopes
   * @param hasApi whether the API is a program of its own
   */
  static async start(
    redirectUri: string,
    { scopes, hasApi = false }: { scopes?: string[] | undefined; hasApi?: boolean } = {},
  ): Promise<StandInServer> {
    const start = async () => {
      const server = await startLocalServer(async (incoming, response) => {
        const body = await readBody(incoming)
        sendAnswer(response, await running.standIn.answer(server.url, incoming, body))
      })
      return server
    }
    const server = await start()
    const api = hasApi ? await start() : server
    const newStandIn = () => new StandIn(server.url, redirectUri, scopes, api.url)
    const running = new StandInServer([...new Set([server, api])], newStandIn)
    return running
  }

  /** Forgets everything, for the next check. */
  reset(): void {
    this.standIn = this.#newStandIn()
  }

  async close(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.close()))
  }
}

/**
 * Sits between the client or the API of a copy and its server. For most checks it acts as the server, so a
 * bug in the copy's server is never blamed on them. It rejects what a real server rejects, and remembers
 * why. If a check is about all programs, it passes everything on. In a version with an API, it sits between
 * the client and that, too.
 */
export class StandIn {
  /** Its origin, as the server. */
  readonly url: string
  /** Its origin as the API, the same in a version without one. */
  readonly apiUrl: string
  tokenRequests: ProgramRequest[] = []
  revocations: ProgramRequest[] = []
  introspections: ProgramRequest[] = []
  /** How often it was asked for its keys. */
  keyRequests = 0
  /** The `Authorization` headers at the resources. */
  resourceRequests: string[] = []
  issued: Tokens[] = []
  /** What was wrong with the last rejected token request. */
  refusal: Refusal | undefined
  /** What was wrong with the last rejected revocation request. */
  refusedRevocation: Refusal | undefined
  /** What was wrong with the last rejected introspection request. */
  refusedIntrospection: Refusal | undefined
  /** The last request to an address that isn't there. */
  notFound: string | undefined
  /** What was wrong with the last rejected authorization request. */
  refusedLogin: Pick<Refusal, 'error' | 'reason' | 'file'> | undefined
  /** The response to a valid token request. */
  onToken: (request: ProgramRequest) => Answer = () => this.tokens()
  /** The response to a valid revocation request. One that throws hangs up. */
  onRevoke: (request: ProgramRequest) => Answer = (request) => this.revoke(request)
  /** The response to a valid introspection request. One that throws hangs up. */
  onIntrospect: (request: ProgramRequest) => Answer = () => INACTIVE
  /** The response to a key request; undefined in a version without keys. One that throws hangs up. */
  onKeys: (() => Answer) | undefined
  onResource: (authorization: string, path: string) => Answer = (authorization, path) =>
    this.user(authorization, path)
  /** The only scopes that its user allows; undefined for all that are asked for. */
  allows: string[] | undefined
  passOnTo: string | undefined
  /** The same for what the API gets. */
  passApiOnTo: string | undefined
  /** The last response of that server to a token request, as it came. */
  passedOnTokens: string | undefined
  /** The last error of that server, in words. */
  passedOnError: string | undefined
  readonly #scopes: string[] | undefined
  readonly #known: Known
  /** What the last login was for. */
  #asked: string[] = []
  /** What each access token covers. */
  readonly #covered = new Map<string, string[]>()
  /** The tokens of each login, used ones too. */
  readonly #logins: Set<unknown>[] = []
  readonly #ended = new Set<string>()

  /** @param scopes what the client is registered for; undefined in a version without scopes */
  constructor(url: string, redirectUri: string, scopes?: string[], apiUrl = url) {
    this.url = url
    this.apiUrl = apiUrl
    this.#scopes = scopes
    this.#known = { redirectUri, codes: new Set(), challenges: new Set(), refreshTokens: new Map() }
  }

  /** Remembers the authorization request of the client. */
  noteLogin(sent: URLSearchParams): void {
    const challenge = sent.get('code_challenge')
    if (challenge) this.#known.challenges.add(challenge)
    if (this.#scopes !== undefined) this.#noteScopes(sent.getAll('scope'), this.#scopes)
  }

  /** Remembers a code that it sends through a browser. */
  noteCode(code: string): void {
    this.#known.codes.add(code)
  }

  tokens(changes: Record<string, unknown> = {}): StandInAnswer {
    const tokens = { access_token: randomValue(), refresh_token: randomValue() }
    this.issued.push(tokens)
    return { status: 200, body: { ...tokens, token_type: 'Bearer', expires_in: 3600, ...changes } }
  }

  /** The response of a resource: its part of the user, if the stand-in issued this access token. */
  user(authorization: string, path = ME): StandInAnswer {
    const token = tokenIn(authorization)
    const known = this.issued.some(({ access_token }) => access_token === token)
    if (!known || this.#ended.has(token)) return tokenRefused()
    if (this.#scopes === undefined) return { status: 200, body: USER }
    const { email, ...profile } = USER
    const [scope, body] = path === EMAIL ? ['email', { email }] : ['profile', profile]
    const covered = this.#covered.get(token) ?? []
    return covered.includes(scope) ? { status: 200, body } : scopeMissing(scope)
  }

  /** Ends a token: a refresh token, used or not, with its whole login. RFC 7009 section 2.1 */
  revoke({ form }: ProgramRequest): StandInAnswer {
    const token = form.get('token') ?? ''
    const isAccessToken = this.issued.some(({ access_token }) => access_token === token)
    const login = this.#logins.find((tokens) => tokens.has(token)) ?? []
    for (const one of isAccessToken ? [token] : login) {
      this.#ended.add(String(one))
      this.#known.refreshTokens.delete(String(one))
    }
    return { status: 200, body: '' }
  }

  #noteScopes(sent: string[], registered: string[]): void {
    const [scope = '', another] = sent.filter((one) => one !== '')
    const file = 'client/routes/login.ts'
    const wrong = wrongScope(scope, registered)
    if (another !== undefined) {
      this.refusedLogin = { error: 'invalid_request', reason: 'it has scope twice', file }
    } else if (wrong !== undefined) {
      this.refusedLogin = { error: 'invalid_scope', reason: wrong, file }
    }
    this.#asked = scopesIn(scope || 'profile')
  }

  /** The response to a request at one of its origins. */
  answer(at: string, incoming: IncomingMessage, body: string): Answer {
    const origin = at === this.url ? this.passOnTo : this.passApiOnTo
    return origin === undefined
      ? this.#play(at, incoming, body)
      : this.#passOn(origin, incoming, body)
  }

  #play(at: string, { method, url = '', headers }: IncomingMessage, body: string): Answer {
    const { pathname } = new URL(url, at)
    const isServer = at === this.url
    const { authorization = '', 'content-type': contentType = '' } = headers
    const asked = { form: new URLSearchParams(body), authorization, contentType }
    if (isServer && method === 'POST' && pathname === '/token') {
      this.tokenRequests.push(asked)
      return this.#tokenAnswer(asked)
    }
    if (isServer && method === 'POST' && pathname === '/revoke') {
      this.revocations.push(asked)
      const refusal = refusalOfRevocation(asked)
      if (refusal === undefined) return this.onRevoke(asked)
      this.refusedRevocation = refusal
      return refused(refusal)
    }
    if (isServer && method === 'POST' && pathname === '/introspect') {
      this.introspections.push(asked)
      const refusal = refusalOfIntrospection(asked)
      if (refusal === undefined) return this.onIntrospect(asked)
      this.refusedIntrospection = refusal
      return refused(refusal)
    }
    if (isServer && method === 'GET' && pathname === '/jwks' && this.onKeys !== undefined) {
      this.keyRequests += 1
      return this.onKeys()
    }
    const resources = this.#scopes === undefined ? [ME] : [ME, EMAIL]
    if (at === this.apiUrl && method === 'GET' && resources.includes(pathname)) {
      this.resourceRequests.push(authorization)
      return this.onResource(authorization, pathname)
    }
    this.notFound = `${method} ${pathname}`
    return { status: 404, body: { error: 'not_found' } }
  }

  async #passOn(origin: string, incoming: IncomingMessage, body: string): Promise<StandInAnswer> {
    const { host: _, connection: __, 'content-length': ___, ...headers } = incoming.headers
    const answer = await request(origin + incoming.url, {
      method: incoming.method as 'GET',
      headers,
      body: body === '' ? null : body,
    })
    const answered = await answer.body.text()
    const [path] = (incoming.url ?? '').split('?')
    if (path === '/token') this.passedOnTokens = answered
    if (answer.statusCode >= 400) {
      this.passedOnError = `${incoming.method} ${path} returned ${answer.statusCode} ${answered}`
    }
    return { status: answer.statusCode, headers: answer.headers, body: answered }
  }

  async #tokenAnswer(asked: ProgramRequest): Promise<StandInAnswer> {
    const refusal = refusalOf(asked, this.#known)
    if (refusal !== undefined) {
      this.refusal = refusal
      return refused(refusal)
    }
    const { codes, refreshTokens } = this.#known
    const used = asked.form.get('refresh_token') ?? ''
    const isRefresh = asked.form.get('grant_type') === 'refresh_token'
    const login = this.#scopes && this.#asked.filter((one) => this.allows?.includes(one) ?? true)
    const allowed = isRefresh ? refreshTokens.get(used) : login
    codes.delete(asked.form.get('code') ?? '')
    const answer = await this.onToken(asked)
    const { access_token, refresh_token } = Object(answer.body)
    const before = isRefresh && this.#logins.find((tokens) => tokens.has(used))
    const tokens = before || new Set()
    if (!before) this.#logins.push(tokens)
    tokens.add(access_token).add(refresh_token)
    // RFC 6749 section 6: without a new refresh token the old one stays. Either keeps the whole scope.
    if (refresh_token !== undefined) {
      refreshTokens.delete(used)
      refreshTokens.set(refresh_token, allowed)
    }
    if (allowed === undefined || access_token === undefined) return answer
    const part = isRefresh && asked.form.get('scope')
    const covered = part ? scopesIn(part) : allowed
    this.#covered.set(access_token, covered)
    return { ...answer, body: { scope: covered.join(' '), ...Object(answer.body) } }
  }
}

export function ok(body: StandInAnswer['body']): StandInAnswer {
  return { status: 200, body }
}

/** In place of a response: the stand-in hangs up. */
export function hangUp(): never {
  throw new Error('The stand-in hangs up')
}

export function sendAnswer(
  response: ServerResponse,
  { status, headers, body }: StandInAnswer,
): void {
  const isText = typeof body === 'string'
  const type = { 'content-type': isText ? 'text/html' : 'application/json' }
  response.writeHead(status, { ...type, ...headers })
  response.end(isText ? body : JSON.stringify(body))
}

/** The response to a request with an error. */
export function refused({ status, error, reason }: Refusal): StandInAnswer {
  const headers = status === 401 ? { 'www-authenticate': 'Basic realm="stand-in"' } : {}
  return { status, headers, body: { error, error_description: reason } }
}

/** The response of `/api/me` to an invalid token. */
export function tokenRefused(): StandInAnswer {
  const headers = { 'www-authenticate': 'Bearer realm="stand-in", error="invalid_token"' }
  return { status: 401, headers, body: { error: 'invalid_token' } }
}

/** The response of a resource to a token whose scope doesn't cover it. RFC 6750 section 3.1 */
function scopeMissing(scope: string): StandInAnswer {
  const challenge = `Bearer realm="stand-in", error="insufficient_scope", scope="${scope}"`
  const body = { error: 'insufficient_scope' }
  return { status: 403, headers: { 'www-authenticate': challenge }, body }
}

/** The names in a scope parameter, each of them once. */
function scopesIn(scope: string): string[] {
  return [...new Set(scope.split(' '))]
}

/** The access token in an `Authorization` header, or an empty string. */
export function tokenIn(authorization: string): string {
  return /^Bearer +(.+)$/i.exec(authorization)?.[1] ?? ''
}

/**
 * Reads the body of a request.
 *
 * @throws if it is longer than any valid one
 */
export async function readBody(incoming: IncomingMessage): Promise<string> {
  let body = ''
  for await (const piece of incoming.setEncoding('utf8')) {
    body += piece
    if (body.length > LONGEST_BODY) throw new Error('The body is too long')
  }
  return body
}

export function randomValue(): string {
  return randomBytes(32).toString('base64url')
}
