import { ToldError } from '@oauth-lab/course/told-error.ts'
import { basic, CODE_CHALLENGE, CODE_VERIFIER, type Fields } from '@oauth-lab/shared/testing/lab.ts'
import { Client, type Dispatcher } from 'undici'

/** Where a target answers. */
export interface Endpoints {
  authorize: string
  token: string
  me: string
}

/** What a token endpoint or a resource answered. */
export interface Answer {
  status: number
  body: Record<string, unknown>
}

const REDIRECT_URI = 'http://localhost:25001/callback'
const FORM = 'application/x-www-form-urlencoded'
const RIGHT_CLIENT = basic('lab-client', 'lab-client-secret')

/**
 * One person with one connection, and the client that acts for that person. It does what browsers
 * and clients do and no more, so that the time of the load generator is short.
 */
export class User {
  readonly #endpoints: Endpoints
  readonly #origin: string
  readonly #connection: Client

  constructor(origin: string, endpoints: Endpoints) {
    this.#endpoints = endpoints
    this.#origin = origin
    this.#connection = new Client(origin, { pipelining: 1 })
  }

  /**
   * Goes from the authorization request to the code: through the login form and every redirect.
   *
   * @param formShown false sends the form without having asked for it first
   * @throws {ToldError} when the login ends somewhere else than at the redirect URI with a code
   */
  async logIn(changes: Fields = {}, password = 'password0', formShown = true): Promise<string> {
    const cookies = new Map<string, string>()
    let path = `${this.#endpoints.authorize}?${query({
      response_type: 'code',
      client_id: 'lab-client',
      redirect_uri: REDIRECT_URI,
      scope: 'openid',
      state: 'a-state',
      code_challenge: CODE_CHALLENGE,
      code_challenge_method: 'S256',
      ...changes,
    })}`
    let form = formShown ? undefined : query({ username: 'user0', password })
    for (let step = 0; step < 8; step += 1) {
      const { statusCode, headers } = await this.#step(path, cookies, form)
      if (statusCode === 200 && form === undefined) {
        form = query({ username: 'user0', password })
        continue
      }
      const { location } = headers
      if (typeof location !== 'string')
        throw new ToldError(`${this.#origin}${path} answered ${statusCode}`)
      if (location.startsWith(REDIRECT_URI)) return codeOf(location)
      const url = new URL(location, 'http://localhost')
      path = url.pathname + url.search
      if (form !== undefined) form = ''
    }
    throw new ToldError('too many redirects')
  }

  /** Offers a code to the token endpoint. */
  redeem(code: string, changes: Fields = {}, client = RIGHT_CLIENT): Promise<Answer> {
    const form = {
      grant_type: 'authorization_code',
      code,
      redirect_uri: REDIRECT_URI,
      code_verifier: CODE_VERIFIER,
      ...changes,
    }
    return this.#token(form, client)
  }

  refresh(refreshToken: string): Promise<Answer> {
    return this.#token({ grant_type: 'refresh_token', refresh_token: refreshToken }, RIGHT_CLIENT)
  }

  me(accessToken: string): Promise<Answer> {
    return this.#json({
      path: this.#endpoints.me,
      method: 'GET',
      headers: { authorization: `Bearer ${accessToken}` },
    })
  }

  async close(): Promise<void> {
    await this.#connection.destroy()
  }

  async #step(
    path: string,
    cookies: Map<string, string>,
    form: string | undefined,
  ): Promise<Dispatcher.ResponseData> {
    const headers: Record<string, string> = {}
    if (cookies.size > 0) headers.cookie = [...cookies].map((pair) => pair.join('=')).join('; ')
    if (form) headers['content-type'] = FORM
    const response = await this.#connection.request({
      path,
      method: form ? 'POST' : 'GET',
      headers,
      body: form || null,
    })
    await response.body.text()
    for (const line of [response.headers['set-cookie'] ?? []].flat()) keep(cookies, line)
    return response
  }

  #token(form: Fields, authorization: string): Promise<Answer> {
    return this.#json({
      path: this.#endpoints.token,
      method: 'POST',
      headers: { authorization, 'content-type': FORM },
      body: query(form),
    })
  }

  async #json(options: Dispatcher.RequestOptions): Promise<Answer> {
    const { statusCode, body } = await this.#connection.request(options)
    return { status: statusCode, body: JSON.parse(await body.text()) }
  }
}

function query(values: Fields): string {
  const text = new URLSearchParams()
  for (const [name, value] of Object.entries(values)) if (value !== undefined) text.set(name, value)
  return text.toString()
}

function keep(cookies: Map<string, string>, line: string): void {
  const [, name = '', value = ''] = /^([^=]*)=([^;]*)/.exec(line) ?? []
  if (value === '') cookies.delete(name)
  else cookies.set(name, value)
}

function codeOf(location: string): string {
  const { searchParams } = new URL(location)
  const code = searchParams.get('code')
  if (code === null) throw new ToldError(searchParams.get('error') ?? 'no code')
  // v01 knows no state. All others must bring it back as it went.
  const state = searchParams.get('state')
  if (state !== null && state !== 'a-state') throw new ToldError('another state')
  return code
}
