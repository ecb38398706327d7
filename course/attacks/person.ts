import { Browser, type Page } from '@oauth-lab/shared/testing/browser.ts'
import { basic, credentials, type Fields } from '@oauth-lab/shared/testing/driver.ts'
import { ToldError } from '../told-error.ts'
import type { Account, Told } from './story.ts'
import type { StoryRecord } from './story-record.ts'

/** With a text the step is told with that meaning; without one it happens and is not told. */
export type Telling = Told | string | undefined

/** From where a browser is made to send something, as far as cookies with SameSite=Lax care. */
export type Origin = 'a link on another site' | 'another site' | 'another port of localhost'

const COOKIES_SENT = {
  'a link on another site': 'lax',
  'another site': 'none',
  'another port of localhost': 'strict',
} as const

/** Somebody with a browser and an account of their own. */
export class Person {
  readonly name: Account
  readonly browser: Browser
  readonly #record: StoryRecord

  constructor(name: Account, record: StoryRecord) {
    this.name = name
    this.#record = record
    this.browser = new Browser(record.send)
  }

  /** Their user name at the server. */
  get user(): string {
    return this.name === 'victim' ? 'user0' : 'user1'
  }

  /** Opens an address in their browser, and follows no redirect. */
  async opens(url: string, telling?: Telling): Promise<Page> {
    const page = await this.browser.open(url)
    this.#saw(page, telling)
    return page
  }

  /** Opens an address and follows redirects, to the page they end at or to the edge of the lab. */
  async goesTo(url: string, telling?: Telling): Promise<Page> {
    let page = await this.opens(url, telling)
    for (let hops = 0; hops < 5; hops += 1) {
      if (page.location === undefined || !this.#record.isOnStage(page.location)) break
      page = await this.#follows(page.location, telling)
    }
    return page
  }

  /** Is sent to an address by the attacker, and follows redirects to the page they end at. */
  isSentTo(url: string, meaning: string, show: readonly string[] = []): Promise<Page> {
    return this.goesTo(url, { meaning, actor: 'attacker', show })
  }

  /** Goes on from a page as a browser does, with what it then sends along. */
  async goesOn(
    url: string,
    { form, headers = {} }: { form?: Record<string, string>; headers?: Record<string, string> },
    telling: Telling,
  ): Promise<Page> {
    const sent = form === undefined ? {} : { method: 'POST', body: form }
    const page = await this.browser.open(url, { ...sent, headers })
    this.#saw(page, telling, { headers })
    return page
  }

  /** Begins a login at the client. Gives the address of the login page that the client sends them to. */
  async startsLogin(telling?: Telling): Promise<string> {
    const page = await this.opens(`${this.#record.lab.clientUrl}/login`, telling)
    if (page.location === undefined) throw new ToldError(`/login answers ${page.status}.`)
    return page.location
  }

  /** Types a password into the login page, and allows what the server then asks. The last page is told. */
  async triesToLogIn(
    loginPage: string,
    telling?: Telling,
    typed = credentials(this.user),
  ): Promise<Page> {
    const page = await this.browser.answerForms(await this.browser.open(loginPage), typed)
    this.#saw(page, telling, { username: typed.username })
    return page
  }

  /** Logs in and stops there. Gives the address that the server sends the browser to, with a code in it. */
  async logsIn(loginPage: string, telling?: Telling): Promise<string> {
    const { location, status } = await this.triesToLogIn(loginPage, telling)
    if (!location?.includes('code=')) {
      throw new ToldError(`A right password gets no code: /authorize answers ${status}.`)
    }
    return location
  }

  /** A whole login, told as one step. Gives the address that brought the code. */
  async logsInAtClient(meaning: string): Promise<string> {
    const callback = await this.logsIn(await this.startsLogin())
    await this.goesTo(callback)
    const from = `${this.name}'s browser` as const
    this.#record.tell({ actor: this.name, from, to: 'client', channel: 'front', meaning })
    return callback
  }

  /** Copies the cookies of the client out of somebody's browser into their own. */
  async copiesCookiesOf(other: Person): Promise<void> {
    const { clientUrl } = this.#record.lab
    for (const cookie of (await other.browser.jar.getSetCookieStrings(clientUrl)) ?? []) {
      await this.browser.jar.setCookie(cookie, clientUrl)
    }
  }

  /** Whose profile the client shows in this browser, if any. */
  async seesProfileOf(telling?: Telling): Promise<Account | undefined> {
    return this.#record.accountOn(
      await this.goesTo(`${this.#record.lab.clientUrl}/profile`, telling),
    )
  }

  /** Presses the button that logs out of the client. */
  async logsOut(telling?: Telling): Promise<void> {
    const page = await this.browser.open(`${this.#record.lab.clientUrl}/logout`, { method: 'POST' })
    this.#saw(page, telling)
  }

  /** Is made to send a request by a page of the attacker's, with the cookies that a browser then sends. */
  async isMadeToSend(
    method: 'GET' | 'POST',
    url: string,
    { from, meaning }: { from: Origin; meaning: string },
  ): Promise<void> {
    const { jar } = this.browser
    const cookie = await jar.getCookieString(url, { sameSiteContext: COOKIES_SENT[from] })
    const page = await new Browser(this.#record.send).open(url, {
      method,
      headers: { cookie: cookie || undefined },
    })
    for (const set of [page.headers['set-cookie'] ?? []].flat()) await jar.setCookie(set, url)
    this.#saw(page, { meaning, actor: 'attacker' })
  }

  /** Asks the token endpoint with a program of their own. The secret is right unless another is given. */
  async asksForToken(
    form: Record<string, string>,
    client: { id: string; secret?: string } | undefined,
    telling: Telling,
  ): Promise<Record<string, unknown>> {
    const authorization = client && basic(client.id, client.secret ?? `${client.id}-secret`)
    return this.resends(form, { authorization }, telling)
  }

  /** Sends a form to the token endpoint with a program of their own. */
  async resends(form: Record<string, string>, headers: Fields, telling: Telling) {
    const sent = { method: 'POST', headers, body: form }
    await this.#record.send(`${this.#record.lab.serverUrl}/token`, sent)
    return this.#gotAnswer(telling)
  }

  /** Asks for the profile with a program of their own. Gives whose it got, if any. */
  async readsProfileWith(accessToken: unknown, telling: Telling): Promise<Account | undefined> {
    const page = await this.#record.send(`${this.#record.lab.apiUrl}/api/me`, {
      headers: { authorization: `Bearer ${accessToken}` },
    })
    this.#gotAnswer(telling)
    return this.#record.accountOn(page)
  }

  /** Tells of a page that this browser got, and of what the client did meanwhile. */
  #saw(
    page: Page,
    telling: Telling,
    { username, headers }: { username?: string; headers?: Record<string, string> } = {},
  ) {
    const told = asTold(telling)
    this.#record.noteOwners(page, this.name, username)
    const exchanges = this.#record.newExchanges()
    if (told === undefined) return
    this.#record.tellPage(this.name, page, told, headers)
    for (const exchange of exchanges) this.#record.tellBackChannel(exchange)
  }

  /** The next page after a redirect, told by what it shows. */
  async #follows(url: string, telling: Telling): Promise<Page> {
    const page = await this.browser.open(url)
    const whose = this.#record.accountOn(page)
    const meaning =
      whose === undefined
        ? 'The browser follows.'
        : `The browser follows, and shows the profile of the ${whose}'s account.`
    const told = asTold(telling)
    const actor = told?.actor ?? this.name
    this.#saw(page, told && { meaning, actor })
    return page
  }

  #gotAnswer(telling: Telling): Record<string, unknown> {
    return this.#record.tellProgram(asTold(telling))
  }
}

function asTold(telling: Telling): Told | undefined {
  return typeof telling === 'string' ? { meaning: telling } : telling
}
