import { ToldError } from '@oauth-lab/course/told-error.ts'
import type { Page } from '@oauth-lab/shared/testing/browser.ts'
import { Driver, type Fields } from '@oauth-lab/shared/testing/driver.ts'
import { sendOver } from '@oauth-lab/shared/testing/exchange.ts'
import { Client } from 'undici'

/** Where a target answers. */
export interface Endpoints {
  authorize: string
  token: string
  me: string
  /** The scope to ask for, where a target needs one. */
  scope?: string
}

const CLIENT = {
  clientUrl: 'http://localhost:25001',
  clientId: 'lab-client',
  clientSecret: 'lab-client-secret',
}

/** One person with one connection, and the client that acts for that person. */
export class User extends Driver {
  readonly #scope: string | undefined
  readonly #connection: Client

  constructor(authServerUrl: string, { scope, ...paths }: Endpoints) {
    const connection = new Client(authServerUrl, { pipelining: 1 })
    super({ authServerUrl, ...CLIENT }, { send: sendOver(connection), paths })
    this.#scope = scope
    this.#connection = connection
  }

  /**
   * Goes from the authorization request to the code: through every form and every redirect.
   *
   * @param formShown false sends the password without having asked for the form first
   * @throws {ToldError} when the login ends somewhere else than at the redirect URI with a code
   */
  async logIn(changes: Fields = {}, password = 'password0', formShown = true): Promise<string> {
    const browser = this.browser()
    const url = this.authorizeUrl({ scope: this.#scope, ...changes })
    const body = { username: 'user0', password }
    const start = await browser.open(url, formShown ? {} : { method: 'POST', body })
    return codeOf(await browser.answerForms(start, body))
  }

  async close(): Promise<void> {
    await this.#connection.destroy()
  }
}

function codeOf({ url, status, location }: Page): string {
  if (location === undefined) throw new ToldError(`${url} answered ${status}`)
  const { searchParams } = new URL(location)
  const code = searchParams.get('code')
  if (code === null) throw new ToldError(searchParams.get('error') ?? 'no code')
  // v01 knows no state. All others must bring it back as it went.
  const state = searchParams.get('state')
  if (state !== null && state !== 'a-state') throw new ToldError('another state')
  return code
}
