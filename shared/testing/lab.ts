import { createServer } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { type LabConfig, portOf, readConfig } from '../config.ts'
import { Browser, type Page } from './browser.ts'

/** The two programs of a snapshot. */
export interface Programs {
  buildServer(config: LabConfig): FastifyInstance
  buildClient(config: LabConfig): FastifyInstance
}

/** RFC 7636 appendix B */
export const CODE_VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
export const CODE_CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'

/** Parameters by name; undefined leaves out one that would be there. */
export type Fields = Record<string, string | undefined>

/** What a token endpoint answered. */
export interface TokenAnswer {
  status: number
  headers: Page['headers']
  body: Record<string, unknown>
}

/**
 * A running pair on free ports. What it sends by itself has every parameter that any version knows,
 * so that one test serves all versions: what a version doesn't know it does not look at.
 */
export class Lab {
  readonly config: LabConfig
  readonly server: FastifyInstance
  readonly client: FastifyInstance

  constructor(config: LabConfig, server: FastifyInstance, client: FastifyInstance) {
    this.config = config
    this.server = server
    this.client = client
  }

  get serverUrl(): string {
    return this.config.authServerUrl
  }

  get clientUrl(): string {
    return this.config.clientUrl
  }

  get redirectUri(): string {
    return `${this.config.clientUrl}/callback`
  }

  /** An address of the authorization endpoint, right but for what is changed. */
  authorizeUrl(changes: Fields = {}): string {
    const query = fields({
      response_type: 'code',
      client_id: this.config.clientId,
      redirect_uri: this.redirectUri,
      state: 'a-state',
      code_challenge: CODE_CHALLENGE,
      code_challenge_method: 'S256',
      ...changes,
    })
    return `${this.serverUrl}/authorize?${query}`
  }

  /** Begins a login at the client; gives the address that the client sends the browser to. */
  async beginLogin(browser: Browser): Promise<string> {
    const page = await browser.open(`${this.clientUrl}/login`)
    if (page.location === undefined) throw new Error(`/login answered ${page.status}`)
    return page.location
  }

  /** Types name and password of a user into the login form at an authorization endpoint's address. */
  async enterPassword(browser: Browser, authorizeUrl: string, user = 'user0'): Promise<Page> {
    const password = user.replace('user', 'password')
    return browser.submit(await browser.open(authorizeUrl), { username: user, password })
  }

  /** A login up to the point where the browser is about to bring the code: the callback's address. */
  async loginUntilCallback(browser: Browser, user = 'user0'): Promise<string> {
    const page = await this.enterPassword(browser, await this.beginLogin(browser), user)
    if (page.location === undefined) throw new Error(`/authorize answered ${page.status}`)
    return page.location
  }

  /** A whole login; gives the page that it ends at. */
  async login(browser: Browser, user = 'user0'): Promise<Page> {
    return browser.visit(await this.loginUntilCallback(browser, user))
  }

  /**
   * An answer of our own making to a login that the browser begins now: the callback's address, with
   * the state of that login where the version knows one.
   */
  async answerLogin(browser: Browser, answer: Fields): Promise<string> {
    const sent = new URL(await this.beginLogin(browser)).searchParams
    const query = fields({ state: sent.get('state') ?? undefined, ...answer })
    return `${this.redirectUri}?${query}`
  }

  /** A code straight from the server, without the client. */
  async code(changes: Fields = {}, user = 'user0'): Promise<string> {
    const page = await this.enterPassword(new Browser(), this.authorizeUrl(changes), user)
    const code = new URL(page.location ?? 'none:').searchParams.get('code')
    if (code === null) throw new Error(`No code: ${page.status} ${page.location}`)
    return code
  }

  /** Offers a code to the token endpoint, with everything right but for what is changed. */
  redeem(code: string, changes: Fields = {}, headers: Fields = {}): Promise<TokenAnswer> {
    return this.token(
      {
        grant_type: 'authorization_code',
        code,
        redirect_uri: this.redirectUri,
        code_verifier: CODE_VERIFIER,
        ...changes,
      },
      headers,
    )
  }

  /** Posts a form to the token endpoint, as the registered client unless headers say otherwise. */
  async token(form: Fields, headers: Fields = {}): Promise<TokenAnswer> {
    const own = { authorization: basic(this.config.clientId, this.config.clientSecret) }
    return this.tokenRaw(fields(form).toString(), {
      'content-type': 'application/x-www-form-urlencoded',
      ...own,
      ...headers,
    })
  }

  /** Posts anything to the token endpoint. */
  async tokenRaw(body: string, headers: Fields): Promise<TokenAnswer> {
    const sent = Object.fromEntries(fields(headers))
    const page = await new Browser().open(`${this.serverUrl}/token`, {
      method: 'POST',
      headers: sent,
      body,
    })
    return { status: page.status, headers: page.headers, body: JSON.parse(page.body) }
  }

  /** Asks the protected resource, with a header as it is given. */
  async me(authorization?: string): Promise<TokenAnswer> {
    const headers = authorization === undefined ? {} : { authorization }
    const page = await new Browser().open(`${this.serverUrl}/api/me`, { headers })
    return { status: page.status, headers: page.headers, body: JSON.parse(page.body) }
  }

  async close(): Promise<void> {
    await Promise.all([this.client.close(), this.server.close()])
  }
}

/** Starts a pair on free ports. Settings are those of the environment, such as CODE_TTL. */
export async function startLab(
  programs: Programs,
  settings: Record<string, string> = {},
): Promise<Lab> {
  const config = readConfig({
    AUTH_SERVER_URL: `http://localhost:${await freePort()}`,
    CLIENT_URL: `http://localhost:${await freePort()}`,
    ...settings,
  })
  const server = programs.buildServer(config)
  const client = programs.buildClient(config)
  for (const app of [server, client]) {
    // Closing ends the connections that nobody uses, which test browsers leave behind.
    app.addHook('preClose', async () => app.server.closeAllConnections())
  }
  const lab = new Lab(config, server, client)
  try {
    await server.listen({ port: portOf(config.authServerUrl), host: 'localhost' })
    await client.listen({ port: portOf(config.clientUrl), host: 'localhost' })
    return lab
  } catch (error) {
    await lab.close()
    // Another test was quicker to take a port that was free a moment ago.
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return startLab(programs, settings)
    throw error
  }
}

/** A port that nobody uses right now. */
export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, 'localhost', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0))
    })
  })
}

/** The header of HTTP Basic, name and secret form-encoded. RFC 6749 section 2.3.1 */
export function basic(clientId: string, clientSecret: string): string {
  const credentials = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`
  return `Basic ${Buffer.from(credentials).toString('base64')}`
}

function fields(values: Fields): URLSearchParams {
  const given = Object.entries(values).filter((pair): pair is [string, string] => {
    return pair[1] !== undefined
  })
  return new URLSearchParams(given)
}
