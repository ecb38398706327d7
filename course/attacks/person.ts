import { Browser, type Page } from '@oauth-lab/shared/testing/browser.ts'
import { basic, CODE_VERIFIER, credentials, type Fields } from '@oauth-lab/shared/testing/driver.ts'
import type { FormFields } from '@oauth-lab/shared/testing/exchange.ts'
import { formsOn } from '@oauth-lab/shared/testing/forms.ts'
import { ToldError } from '../told-error.ts'
import {
  callbackWith,
  OTHER_CLIENT,
  parameterOf,
  requestOfOtherClient,
} from './address-parameters.ts'
import type { Account, Told } from './story.ts'
import type { StoryRecord } from './story-record.ts'

/** A text becomes the meaning of the step. Without one, the step isn't part of the story. */
type Telling = Told | string | undefined

/** Who a token request claims to be from. The default secret is the correct one. */
interface Client {
  id: string
  secret?: string
}

/** Where a request comes from, as far as SameSite=Lax is concerned. */
type Origin = 'a link on another site' | 'another site' | 'another port of localhost'

/** The cookies that a browser sends with such a request, and what it says of the site that the request is from. */
const SENT = {
  'a link on another site': { cookies: 'lax', site: 'cross-site' },
  'another site': { cookies: 'none', site: 'cross-site' },
  'another port of localhost': { cookies: 'strict', site: 'same-site' },
} as const

interface MadeToSend {
  from: Origin
  meaning: string
  form?: Record<string, string>
  /** A browser from before 2023 doesn't say where a request comes from. */
  isOldBrowser?: boolean
}

/** Someone with their own browser and account. */
export class Person {
  readonly name: Account
  readonly browser: Browser
  readonly #record: StoryRecord

  constructor(name: Account, record: StoryRecord) {
    this.name = name
    this.#record = record
    this.browser = new Browser(record.send)
  }

  /** Their user name on the server. */
  get user(): string {
    return this.name === 'victim' ? 'user0' : 'user1'
  }

  /** Opens an address in their browser without following redirects. */
  async opens(url: string, telling?: Telling): Promise<Page> {
    const page = await this.browser.open(url)
    this.#saw(page, telling)
    return page
  }

  /** Opens an address and follows redirects inside the lab to the last page. */
  async goesTo(url: string, telling?: Telling): Promise<Page> {
    let page = await this.opens(url, telling)
    for (let hops = 0; hops < 5; hops += 1) {
      if (page.location === undefined || !this.#record.isOnStage(page.location)) break
      page = await this.#follows(page.location, telling)
    }
    return page
  }

  /** Opens an address for the attacker, and follows redirects to the last page. */
  isSentTo(url: string, meaning: string, show: readonly string[] = []): Promise<Page> {
    return this.goesTo(url, { meaning, actor: 'attacker', show })
  }

  /** Continues from a page to another address, with the form and headers that a browser sends then. */
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

  /** Starts a login at the client. Returns the address of the login page. */
  async startsLogin(telling?: Telling): Promise<string> {
    const page = await this.opens(`${this.#record.lab.clientUrl}/login`, telling)
    if (page.location === undefined)
      throw new ToldError(`/login responds with ${page.status}, not with a redirect.`)
    return page.location
  }

  /** Types a password into the login page and gives consent. The story shows the last page. */
  async triesToLogIn(loginPage: string, telling?: Telling, typed?: FormFields): Promise<Page> {
    return this.fillsIn(await this.browser.open(loginPage), telling, typed)
  }

  /** Fills in the forms of the server from an open page on: a password and consent. The story shows the last page. */
  async fillsIn(
    open: Page,
    telling?: Telling,
    typed: FormFields = credentials(this.user),
  ): Promise<Page> {
    const page = await this.browser.answerForms(open, typed)
    this.#saw(page, telling, { owner: this.#ownerOf(open, typed) })
    return page
  }

  /** A consent page names the user. A login page doesn't, so the password decides. */
  #ownerOf(open: Page, { username }: FormFields): Account {
    if (open.location !== undefined) return this.name
    return this.#record.accountOn(open) ?? (username === 'user0' ? 'victim' : 'attacker')
  }

  /** Types their password into the login page. Returns the response to that form only. */
  async typesPassword(loginPage: string, telling: Telling): Promise<Page> {
    const page = await this.browser.open(loginPage)
    const response = await this.browser.submit(page, credentials(this.user))
    this.#saw(response, telling)
    return response
  }

  /** Logs in, on the given login page or a new one. Returns the address of the redirect, with the code. */
  async logsIn(telling?: Telling, loginPage?: string): Promise<string> {
    const page = loginPage ?? (await this.startsLogin())
    const { location, status } = await this.triesToLogIn(page, telling)
    if (!location?.includes('code=')) {
      throw new ToldError(`A correct password gets no code: /authorize responds with ${status}.`)
    }
    return location
  }

  /** A whole login, shown as one step. Returns the address with the code. */
  async logsInAtClient(meaning: string): Promise<string> {
    const callback = await this.logsIn()
    await this.goesTo(callback)
    const from = `${this.name}'s browser` as const
    this.#record.tell({ actor: this.name, from, to: 'client', channel: 'front', meaning })
    return callback
  }

  /** Copies the session cookie of a program, the client unless told otherwise, from another browser into their own. */
  async copiesCookieOf(other: Person, origin = this.#record.lab.clientUrl): Promise<void> {
    for (const cookie of await other.browser.jar.getCookies(origin)) {
      if (cookie.key.endsWith(`_${new URL(origin).port}`)) {
        await this.browser.jar.setCookie(cookie.toString(), origin)
      }
    }
  }

  /** Returns whose profile the client shows in this browser, if any. */
  async seesProfileOf(telling?: Telling): Promise<Account | undefined> {
    return this.#record.accountOn(
      await this.goesTo(`${this.#record.lab.clientUrl}/profile`, telling),
    )
  }

  /** Runs the command-line app and allows what it asks for, shown as one step. */
  async usesCli(meaning: string): Promise<void> {
    const cli = await this.#record.startCli()
    await this.opens(await this.logsIn(undefined, cli.url?.href))
    await cli.untilEnded()
    this.#record.newExchanges()
    const from = `${this.name}'s browser` as const
    this.#record.tell({ actor: this.name, from, to: 'CLI', channel: 'front', meaning })
  }

  /** Denies what a consent page asks for. */
  async denies(consentPage: Page, telling: Telling): Promise<void> {
    this.#saw(await this.browser.submit(consentPage, {}, 'deny'), telling)
  }

  /** Logs out of the client. */
  async logsOut(telling?: Telling): Promise<void> {
    const page = await this.browser.open(`${this.#record.lab.clientUrl}/logout`, { method: 'POST' })
    this.#saw(page, telling)
  }

  /** Logs in at the server's account page if it asks for that, and ends the access of the client there. */
  async disconnects(telling: Telling): Promise<void> {
    const { lab } = this.#record
    let page = await this.browser.open(`${lab.serverUrl}/account`)
    if (formsOn(page).some(({ names }) => names.has('password'))) {
      page = await this.browser.follow(await this.browser.submit(page, credentials(this.user)))
    }
    this.#saw(await this.browser.submit(page, { client_id: lab.config.clientId }), telling)
  }

  /** Sends a request from the attacker's page, with the cookies that a browser would add. */
  async isMadeToSend(
    method: 'GET' | 'POST',
    url: string,
    { from, meaning, form, isOldBrowser = false }: MadeToSend,
  ): Promise<Page> {
    const { jar } = this.browser
    const { cookies, site } = SENT[from]
    const cookie = await jar.getCookieString(url, { sameSiteContext: cookies })
    const page = await new Browser(this.#record.send).open(url, {
      method,
      headers: { 'sec-fetch-site': isOldBrowser ? undefined : site, cookie: cookie || undefined },
      ...(form && { body: form }),
    })
    for (const set of [page.headers['set-cookie'] ?? []].flat()) await jar.setCookie(set, url)
    const shown = url.startsWith(this.#record.lab.serverUrl) && !isOldBrowser
    this.#saw(
      page,
      { meaning, actor: 'attacker' },
      shown ? { headers: { 'Sec-Fetch-Site': site } } : {},
    )
    return page
  }

  /** Sends a form of the attacker's page from wherever such a page can be. Returns the responses. */
  async isMadeToPost(url: string, form: Record<string, string>): Promise<Page[]> {
    const from = 'another port of localhost'
    return [
      await this.isMadeToSend('POST', url, {
        from: 'another site',
        form,
        meaning:
          "A page on another site makes the victim's browser send that form. The browser leaves out the cookie.",
      }),
      await this.isMadeToSend('POST', url, {
        from,
        form,
        meaning:
          'A page on another port of localhost does the same. To the browser that is the same site, so it sends the cookie. It also says that the form is from another origin.',
      }),
      await this.isMadeToSend('POST', url, {
        from,
        form,
        isOldBrowser: true,
        meaning: "The same again, in an old browser that doesn't say where a form is from.",
      }),
    ]
  }

  /** Brings the code in a redirect's address to the client, with the state of a login that this browser started. */
  bringsCode(callback: string, loginPage: string, telling: Telling): Promise<Page> {
    const [code, state] = [parameterOf(callback, 'code'), parameterOf(loginPage, 'state')]
    return this.goesTo(callbackWith(this.#record, { code, state }), telling)
  }

  /**
   * Sends the code in a redirect's address to the token endpoint with their own program, and the verifier of the
   * challenge in RFC 7636 where the version has PKCE.
   */
  redeems(callback: string, client: Client | undefined, telling: Telling, changes: Fields = {}) {
    const { lab, knows } = this.#record
    const form = {
      grant_type: 'authorization_code',
      code: parameterOf(callback, 'code'),
      redirect_uri: lab.redirectUri,
      ...(knows.pkce && { code_verifier: CODE_VERIFIER }),
      ...changes,
    }
    return this.posts('/token', form, client, telling)
  }

  /** Exchanges the code in a redirect's address as other-client, the attacker's own client. */
  redeemsAsOtherClient(callback: string, telling: Telling) {
    const { client_id, redirect_uri } = OTHER_CLIENT
    return this.redeems(callback, { id: client_id }, telling, { redirect_uri })
  }

  /** Sends a refresh token with their own program, which knows the client's id and secret. */
  refreshes(refreshToken: unknown, telling: Telling) {
    const form = { grant_type: 'refresh_token', refresh_token: String(refreshToken) }
    return this.posts('/token', form, { id: this.#record.lab.config.clientId }, telling)
  }

  /** Gets the public keys of the server with their own program. */
  async getsKeys(telling: Telling) {
    await this.#record.send(`${this.#record.lab.serverUrl}/jwks`)
    return this.#receivedResponse(telling)
  }

  /** Logs in at their own client, other-client, and returns the access token that it gets. */
  async getsOwnToken(telling: Telling): Promise<string> {
    const callback = await this.logsIn(undefined, requestOfOtherClient(await this.startsLogin()))
    const { access_token } = await this.redeemsAsOtherClient(callback, telling)
    return String(access_token)
  }

  /**
   * Sends a form to an endpoint of the server with their own program.
   *
   * @param client who the request claims to be from, or its `Authorization` header
   */
  async posts(path: string, form: Fields, client: Client | string | undefined, telling: Telling) {
    const authorization =
      typeof client === 'object' ? basic(client.id, client.secret ?? `${client.id}-secret`) : client
    const sent = { method: 'POST', headers: { authorization }, body: form }
    await this.#record.send(this.#record.lab.serverUrl + path, sent)
    return this.#receivedResponse(telling)
  }

  /** Requests the profile with their own program, if they have a token. Returns whose it is, if any. */
  async readsProfileWith(
    accessToken: unknown,
    telling: Telling,
    apiUrl?: string,
  ): Promise<Account | undefined> {
    if (accessToken === undefined) return undefined
    const { user_id } = await this.asksApi('/api/me', accessToken, telling, apiUrl)
    if (user_id === undefined) return undefined
    return user_id === 'user0' ? 'victim' : 'attacker'
  }

  /** Sends an access token to an API with their own program, and returns the response. */
  async asksApi(
    path: string,
    accessToken: unknown,
    telling: Telling,
    apiUrl = this.#record.lab.apiUrl,
  ) {
    const headers = { authorization: `Bearer ${accessToken}` }
    await this.#record.send(apiUrl + path, { headers })
    return this.#receivedResponse(telling)
  }

  /** Adds a step for a page that this browser received, and one for each request the client sent meanwhile. */
  #saw(
    page: Page,
    telling: Telling,
    { owner, headers }: { owner?: Account; headers?: Record<string, string> } = {},
  ) {
    const told = asTold(telling)
    this.#record.noteOwners(page, this.name, owner)
    const exchanges = this.#record.newExchanges()
    if (told === undefined) return
    this.#record.tellPage(this.name, page, told, headers)
    this.#record.tellBackChannel(exchanges)
  }

  /** Follows a redirect, and adds a step that says what the page shows. */
  async #follows(url: string, telling: Telling): Promise<Page> {
    const page = await this.browser.open(url)
    const whose = this.#record.accountOn(page)
    const meaning =
      whose === undefined
        ? 'The browser follows the redirect.'
        : `The browser follows the redirect and shows the ${whose}'s account.`
    const told = asTold(telling)
    const actor = told?.actor ?? this.name
    this.#saw(page, told && { meaning, actor })
    return page
  }

  #receivedResponse(telling: Telling): Record<string, unknown> {
    return this.#record.tellProgram(asTold(telling))
  }
}

function asTold(telling: Telling): Told | undefined {
  return typeof telling === 'string' ? { meaning: telling } : telling
}
