import { ToldError } from '@oauth-lab/course/told-error.ts'
import type { Page } from '@oauth-lab/shared/testing/browser.ts'
import { Driver, type Fields } from '@oauth-lab/shared/testing/driver.ts'
import { sendOver } from '@oauth-lab/shared/testing/exchange.ts'
import { Agent } from 'undici'
import type { Child } from './child.ts'

/** The endpoints of a target. */
export interface Endpoints {
  authorize: string
  token: string
  me: string
  /** The scope to request, if a target needs one. */
  scope?: string
}

const CLIENT = {
  clientUrl: 'http://localhost:25001',
  clientId: 'lab-client',
  clientSecret: 'lab-client-secret',
}

/** One user with one connection to each program, and the client that acts for that user. */
export class User extends Driver {
  readonly #scope: string | undefined
  readonly #connections: Agent

  constructor({ origin, resourceOrigin }: Child, { scope, ...paths }: Endpoints) {
    const connections = new Agent({ connections: 1, pipelining: 1 })
    const addresses = { authServerUrl: origin, apiUrl: resourceOrigin, ...CLIENT }
    super(addresses, { send: sendOver(connections), paths })
    this.#scope = scope
    this.#connections = connections
  }

  /**
   * Goes from the authorization request to the code, through every form and every redirect.
   *
   * @param formShown false sends the password without requesting the form first
   * @throws {ToldError} if the login doesn't end at the redirect URI with a code
   */
  async logIn(changes: Fields = {}, password = 'password0', formShown = true): Promise<string> {
    const browser = this.browser()
    const url = this.authorizeUrl({ scope: this.#scope, ...changes })
    const body = { username: 'user0', password }
    const start = await browser.open(url, formShown ? {} : { method: 'POST', body })
    return codeOf(await browser.answerForms(start, body))
  }

  async close(): Promise<void> {
    await this.#connections.destroy()
  }
}

function codeOf({ url, status, location }: Page): string {
  if (location === undefined) throw new ToldError(`${url} responded ${status}`)
  const { searchParams } = new URL(location)
  const code = searchParams.get('code')
  if (code === null) throw new ToldError(searchParams.get('error') ?? 'no code')
  // v01 has no state. All others must return it unchanged.
  const state = searchParams.get('state')
  if (state !== null && state !== 'a-state') throw new ToldError('another state')
  return code
}
