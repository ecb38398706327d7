import { Browser, type Page } from '@oauth-lab/shared/testing/browser.ts'
import { Driver } from '@oauth-lab/shared/testing/driver.ts'
import { type FormFields, sendOver } from '@oauth-lab/shared/testing/exchange.ts'
import { Agent } from 'undici'

/** Enough connections that hundreds of visitors don't wait for each other. */
const send = sendOver(new Agent({ connections: 256, keepAliveTimeout: 2_000 }))

/** The driver of the programs at these origins. */
export function driverOf(authServerUrl: string, clientUrl: string, apiUrl?: string): Driver {
  const client = { clientId: 'lab-client', clientSecret: 'lab-client-secret' }
  return new Driver({ authServerUrl, clientUrl, apiUrl, ...client }, { send })
}

/** A user with a browser that throws at every unexpected status. */
export class Visitor extends Browser {
  readonly #driver: Driver

  constructor(driver: Driver) {
    super(send)
    this.#driver = driver
  }

  post(url: string, form: FormFields): Promise<Page> {
    return this.open(url, { method: 'POST', body: form })
  }

  /** @throws {Error} if the login doesn't end at a page of the client */
  async logIn(): Promise<void> {
    expectStatus(await this.#driver.login(this), 200)
  }

  /** @throws {Error} if the client doesn't show who is logged in */
  async expectLoggedIn(): Promise<void> {
    const { body } = expectStatus(await this.open(`${this.#driver.clientUrl}/profile`), 200)
    if (!body.includes('User Number 0')) throw new Error('/profile shows another user')
  }

  /** @throws {Error} if the client still shows a user */
  async logOut(): Promise<void> {
    expectStatus(await this.post(`${this.#driver.clientUrl}/logout`, {}), 303)
    expectStatus(await this.open(`${this.#driver.clientUrl}/profile`), 401)
  }
}

/** @throws {Error} that says which status came instead */
export function expectStatus<Answer extends Pick<Page, 'status'>>(
  answer: Answer,
  status: number,
): Answer {
  if (answer.status === status) return answer
  const body = JSON.stringify((answer as Partial<Page>).body).slice(0, 2_000)
  throw new Error(`${answer.status} instead of ${status}: ${body}`)
}
