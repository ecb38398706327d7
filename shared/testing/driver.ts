import { Browser, type Page } from './browser.ts'
import {
  type Exchange,
  encodeForm,
  type FormFields,
  type Headers,
  jsonIn,
  type RequestOptions,
  type Send,
  send,
} from './exchange.ts'

/** RFC 7636 appendix B */
export const CODE_VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
export const CODE_CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'

/** Parameters by name. Undefined leaves out one that would be sent. */
export type Fields = Record<string, string | undefined>

/** The response of an endpoint for programs. */
export interface JsonAnswer {
  status: number
  headers: Headers
  body: Record<string, unknown>
}

/** The addresses of the programs, and the client to act as. */
export interface Addresses {
  authServerUrl: string
  clientUrl: string
  /** The address of the API, or undefined if the authorization server serves the resource. */
  apiUrl?: string | undefined
  clientId: string
  clientSecret: string
}

const PATHS = { authorize: '/authorize', token: '/token', me: '/api/me' }
/** What a driver needs to know. The paths default to those of the lab. */
export interface DriverOptions {
  /** Sends each request, of browsers and of programs. */
  send?: Send
  paths?: typeof PATHS
  /** Parameters that its own requests leave out. */
  leftOut?: readonly string[]
}

/**
 * Speaks OAuth to running programs, as browsers and clients do. Its own requests have every parameter
 * that any version knows: a version ignores what it doesn't know.
 */
export class Driver {
  readonly serverUrl: string
  readonly clientUrl: string
  readonly apiUrl: string
  readonly redirectUri: string
  readonly #addresses: Addresses
  readonly #send: Send
  readonly #paths: typeof PATHS
  readonly #leftOut: Fields
  /** Who logged in last with each browser. */
  readonly #users = new WeakMap<Browser, string>()

  constructor(
    addresses: Addresses,
    { send: sendOne = send, paths = PATHS, leftOut = [] }: DriverOptions = {},
  ) {
    this.serverUrl = addresses.authServerUrl
    this.clientUrl = addresses.clientUrl
    this.apiUrl = addresses.apiUrl ?? addresses.authServerUrl
    this.redirectUri = `${addresses.clientUrl}/callback`
    this.#addresses = addresses
    this.#send = sendOne
    this.#paths = paths
    this.#leftOut = Object.fromEntries(leftOut.map((name) => [name, undefined]))
  }

  /** A new browser, without cookies. */
  browser(): Browser {
    return new Browser(this.#send)
  }

  /** The URL of a valid authorization request, except for what is changed. */
  authorizeUrl(changes: Fields = {}): string {
    const query = encodeForm({
      response_type: 'code',
      client_id: this.#addresses.clientId,
      redirect_uri: this.redirectUri,
      state: 'a-state',
      code_challenge: CODE_CHALLENGE,
      code_challenge_method: 'S256',
      ...this.#leftOut,
      ...changes,
    })
    return `${this.serverUrl}${this.#paths.authorize}?${query}`
  }

  /** Starts a login at the client. Returns the URL that the client sends the browser to. */
  async beginLogin(browser: Browser): Promise<string> {
    const page = await browser.open(`${this.clientUrl}/login`)
    if (page.location === undefined) throw new Error(`/login returned ${page.status}`)
    return page.location
  }

  /**
   * Opens an authorization request and fills in the server's forms: logs in as a user and, on a
   * consent page, allows everything. If the server remembers another user in this browser, it logs them
   * out first. Returns the redirect to the client, or the page that came instead.
   */
  async enterPassword(browser: Browser, authorizeUrl: string, user = 'user0'): Promise<Page> {
    const before = this.#users.get(browser)
    if (before !== undefined && before !== user && (await browser.hasSession(this.serverUrl))) {
      await browser.open(`${this.serverUrl}/logout`, { method: 'POST' })
    }
    this.#users.set(browser, user)
    return browser.answerForms(await browser.open(authorizeUrl), credentials(user))
  }

  /**
   * Posts the password of user0 to the authorization endpoint without opening its page, and allows what
   * it asks then. Returns the redirect to the client, or the page that came instead.
   */
  async postPassword(url: string, form: FormFields = {}): Promise<Page> {
    const browser = this.browser()
    const body = { ...credentials('user0'), ...form }
    return browser.answerForms(await browser.open(url, { method: 'POST', body }), {})
  }

  /** A login up to the point where the browser is about to deliver the code. Returns the callback's URL. */
  async loginUntilCallback(browser: Browser, user = 'user0'): Promise<string> {
    const page = await this.enterPassword(browser, await this.beginLogin(browser), user)
    if (page.location === undefined) throw new Error(`/authorize returned ${page.status}`)
    return page.location
  }

  /** A whole login. Returns the page it ends at. */
  async login(browser: Browser, user = 'user0'): Promise<Page> {
    return browser.visit(await this.loginUntilCallback(browser, user))
  }

  /**
   * Makes up an authorization response to a login that the browser starts now. Returns the callback's
   * URL, with the state of that login if the version has one.
   */
  async answerLogin(browser: Browser, answer: Fields): Promise<string> {
    const sent = new URL(await this.beginLogin(browser)).searchParams
    return `${this.redirectUri}?${encodeForm({ state: sent.get('state') ?? undefined, ...answer })}`
  }

  /** A code directly from the server, without the client. */
  async code(changes: Fields = {}, user = 'user0'): Promise<string> {
    const page = await this.enterPassword(this.browser(), this.authorizeUrl(changes), user)
    const code = new URL(page.location ?? 'none:').searchParams.get('code')
    if (code === null) throw new Error(`No code: ${page.status} ${page.location}`)
    return code
  }

  /** Sends a code to the token endpoint, in a valid request except for what is changed. */
  redeem(code: string, changes: Fields = {}, headers: Fields = {}): Promise<JsonAnswer> {
    const form = {
      grant_type: 'authorization_code',
      code,
      redirect_uri: this.redirectUri,
      code_verifier: CODE_VERIFIER,
    }
    return this.token({ ...form, ...this.#leftOut, ...changes }, headers)
  }

  /** Sends a refresh token to the token endpoint. */
  refresh(refresh_token: string, headers: Fields = {}): Promise<JsonAnswer> {
    return this.token({ grant_type: 'refresh_token', refresh_token }, headers)
  }

  /** Posts a form to the token endpoint, as the registered client unless headers say otherwise. */
  token(form: FormFields, headers: Fields = {}): Promise<JsonAnswer> {
    return this.post(this.#paths.token, form, headers)
  }

  /** Posts a form, or any text, to an endpoint for programs, as the registered client unless headers say otherwise. */
  post(path: string, form: FormFields | string, headers: Fields = {}): Promise<JsonAnswer> {
    const { clientId, clientSecret } = this.#addresses
    const authorization = basic(clientId, clientSecret)
    const type = 'application/x-www-form-urlencoded'
    const sent = { authorization, 'content-type': type, ...headers }
    const body = typeof form === 'string' ? form : encodeForm(form)
    return this.#ask(this.serverUrl + path, { method: 'POST', headers: sent, body })
  }

  /** Posts anything to the token endpoint. */
  tokenRaw(body: string, headers: Fields): Promise<JsonAnswer> {
    return this.#ask(this.serverUrl + this.#paths.token, { method: 'POST', headers, body })
  }

  /** Requests the protected resource with the given `Authorization` header. */
  me(authorization?: string, path = this.#paths.me): Promise<JsonAnswer> {
    return this.#ask(this.apiUrl + path, { headers: { authorization } })
  }

  /** Reads the body of a response. */
  protected read(answer: Exchange): JsonAnswer['body'] {
    return jsonIn(answer)
  }

  async #ask(url: string, options: RequestOptions): Promise<JsonAnswer> {
    const answer = await this.#send(url, options)
    return { status: answer.status, headers: answer.headers, body: this.read(answer) }
  }
}

/** What a user types into a login form. */
export function credentials(username: string): { username: string; password: string } {
  return { username, password: username.replace('user', 'password') }
}

/** The header of HTTP Basic, name and secret form-encoded. RFC 6749 section 2.3.1 */
export function basic(clientId: string, clientSecret: string): string {
  const pair = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`
  return `Basic ${Buffer.from(pair).toString('base64')}`
}
