import { createHash } from 'node:crypto'
import { portOf } from '@oauth-lab/shared/config.ts'
import type { Page } from '@oauth-lab/shared/testing/browser.ts'
import { passTime } from '@oauth-lab/shared/testing/clock.ts'
import { jsonIn, type Send, send } from '@oauth-lab/shared/testing/exchange.ts'
import { freePort, type Lab, type Programs } from '@oauth-lab/shared/testing/lab.ts'
import { type Exchange, tokenRequests } from '@oauth-lab/shared/testing/recorder.ts'
import type { FastifyInstance } from 'fastify'
import { CliRun, startCli } from '../exercises/cli-run.ts'
import { explain } from '../exercises/trouble.ts'
import type { Version } from '../programs/versions.ts'
import { ToldError } from '../told-error.ts'
import { CLI } from './address-parameters.ts'
import { type AttackerSite, startAttackerSite } from './attacker-site.ts'
import type { Knowledge } from './knowledge.ts'
import type { ProgramMemory } from './program-memory.ts'
import type { Account, Actor, Address, Party, Step, Story, Told } from './story.ts'
import { tellExchange, tellRequest, type Words } from './telling.ts'

/**
 * The record of an attack: the programs, the messages, and the steps of the story. It also remembers
 * whose login each code and token came from. So a story knows whose account a token belongs to even in
 * versions where the token opens nothing yet.
 */
export class StoryRecord {
  /** What is under attack. */
  readonly version: Version
  readonly lab: Lab
  readonly knows: Knowledge
  /** While it is cut, nobody reaches the server. */
  readonly network: { isCut: boolean }
  readonly #programs: Programs
  readonly #exchanges: Exchange[]
  readonly #memory: ProgramMemory
  readonly #owners = new Map<string, Account>()
  readonly #accessTokens = new Set<string>()
  readonly #tokensOfCli = new Set<string>()
  readonly #steps: Step[] = []
  #start = ''
  #heard = 0
  #site: AttackerSite | undefined
  #otherApi: { url: string; app: FastifyInstance } | undefined
  readonly #clis: CliRun[] = []
  /** The addresses of native apps. */
  readonly #apps = new Map<string, Party>()

  protected constructor(
    version: Version,
    lab: Lab,
    programs: Programs,
    exchanges: Exchange[],
    knows: Knowledge,
    network: { isCut: boolean },
    memory: ProgramMemory,
  ) {
    this.version = version
    this.lab = lab
    this.#programs = programs
    this.#exchanges = exchanges
    this.knows = knows
    this.network = network
    this.#memory = memory
  }

  async close(): Promise<void> {
    const clis = this.#clis.map((cli) => cli.untilEnded())
    await Promise.all([this.lab.close(), this.#site?.close(), this.#otherApi?.app.close(), ...clis])
  }

  get story(): Story {
    return { start: this.#start, steps: [...this.#steps] }
  }

  /** Says what the attacker has before the story starts. */
  attackerHas(start: string): void {
    this.#start = start
  }

  /** Adds a step that happens outside the web. */
  outside(from: Actor, to: Party, meaning: string): void {
    this.tell({ actor: from, from, to, channel: 'outside', meaning })
  }

  /** Adds a step without a message, such as one that sums up many requests. */
  tell(step: Omit<Step, 'message'>): void {
    this.#steps.push(step)
  }

  /** The attacker's website. It starts when a story first needs it. */
  async site(): Promise<AttackerSite> {
    this.#site ??= await startAttackerSite()
    return this.#site
  }

  /** Who checks access tokens: the server, or an API of its own. */
  get resourceServer(): 'server' | 'API' {
    return this.lab.apiUrl === this.lab.serverUrl ? 'server' : 'API'
  }

  /** What looks like a token among the keys that the resource server remembers. */
  get tokensInMemory(): string[] {
    const maps = this.#memory[this.resourceServer === 'API' ? 'buildApi' : 'buildServer'] ?? []
    return maps.flatMap((map) => [...map.keys()].filter((key) => /^[\w.-]{43,}$/.test(String(key))))
  }

  /** Starts another API, which trusts the same server. Returns its address. */
  async startOtherApi(): Promise<string> {
    const url = `http://localhost:${await freePort()}`
    const app = this.#programs.buildApi?.({ ...this.lab.config, apiUrl: url })
    if (app === undefined) throw new Error('This version has no API of its own')
    this.#otherApi = { url, app }
    await app.listen({ port: portOf(url), host: 'localhost' })
    return url
  }

  /**
   * Starts the command-line app, which waits for its user.
   *
   * @throws {ToldError} if it shows no address to log in at
   */
  async startCli(): Promise<CliRun> {
    const { serverUrl, apiUrl } = this.lab
    const { folder } = this.version
    const cli = await CliRun.start((settings) => startCli(folder, ['--no-open'], settings), {
      serverUrl,
      apiUrl,
      close: () => undefined,
    })
    this.#clis.push(cli)
    if (cli.url?.origin !== serverUrl || !URL.canParse(cli.redirectUri)) {
      const why = explain((await cli.untilEnded()).errors, folder)
      throw new ToldError(`The CLI shows no address to log in at${why ? `: ${why.message}` : '.'}`)
    }
    this.callsApp(cli.redirectUri, 'CLI')
    return cli
  }

  /** Says which app a redirect URI belongs to. */
  callsApp(redirectUri: string, app: Party): void {
    this.#apps.set(new URL(redirectUri).origin, app)
  }

  /** The client's last successful token request. */
  get lastTokenRequest(): Exchange {
    const exchange = tokenRequests(this.#exchanges).findLast(({ status }) => status === 200)
    if (exchange === undefined) throw new Error('The client has no token yet')
    return exchange
  }

  /** The client's last token response. */
  get lastTokens(): Record<string, unknown> {
    return jsonIn(this.lastTokenRequest)
  }

  /** Sends a request, but only to this stage's own addresses, whatever a program under attack says. */
  readonly send: Send = async (url, options) => {
    if (!this.isOnStage(url)) throw new Error(`${url} is not an address of this lab`)
    return send(url, options)
  }

  /** Moves the clock of this process ahead. An attack that does this has `movesClock`. */
  passMinutes(minutes: number): void {
    passTime(minutes * 60)
  }

  /** Whether an address belongs to the programs or to the attacker's site. */
  isOnStage(url: string): boolean {
    return URL.canParse(url) && this.#partyAt(new URL(url).origin) !== 'elsewhere'
  }

  /** Whose account a page shows: the owner of the token or the name on it. */
  accountOn(page: Page): Account | undefined {
    for (const token of this.#accessTokens) {
      if (page.body.includes(token)) return this.#owners.get(token)
    }
    if (page.body.includes('User Number 0')) return 'victim'
    if (page.body.includes('User Number 1')) return 'attacker'
    return undefined
  }

  /** Whose account a token is for, or undefined if the server never issued it. */
  accountOf(token: unknown): Account | undefined {
    return typeof token === 'string' ? this.#owners.get(token) : undefined
  }

  /** Remembers whose login the values in a page's redirect came from. */
  noteOwners(page: Page, whose: Account, owner = whose): void {
    const { searchParams } = new URL(page.location ?? 'none:')
    const code = searchParams.get('code')
    if (code !== null && !this.#owners.has(code)) this.#owners.set(code, owner)
    for (const name of ['state', 'code_challenge']) {
      const value = searchParams.get(name)
      if (value !== null && !this.#owners.has(value)) this.#owners.set(value, whose)
    }
  }

  /** Adds a step for a request of a browser. */
  tellPage(
    whose: Account,
    page: Page,
    { meaning, actor = whose, show = [] }: Told,
    headers?: Record<string, string>,
  ): void {
    const message = tellRequest(page, this.#words(show), headers)
    this.#steps.push({
      actor,
      from: `${whose}'s browser`,
      to: message.at,
      channel: 'front',
      message,
      meaning,
    })
  }

  /** Adds a step for each request of the client, and of an API, which asks the server before it responds. */
  tellBackChannel(exchanges: Exchange[], api: Party = 'API', show: Told['show'] = []): void {
    for (const exchange of [...exchanges].sort((one, other) => one.order[0] - other.order[0])) {
      const isOfApi = ['/introspect', '/jwks'].includes(exchange.path)
      const asker = this.#isOfCli(exchange) ? 'CLI' : 'client'
      const meaning = this.#meaningOf(exchange, asker)
      this.#tellExchange(exchange, {
        actor: isOfApi ? 'API' : asker,
        from: isOfApi ? api : asker,
        meaning,
        show,
      })
    }
  }

  /** Adds a step for a request of the attacker's program, and returns the response. */
  tellProgram(told: Told | undefined): Record<string, unknown> {
    const exchanges = this.newExchanges()
    const exchange = exchanges.at(-1)
    if (exchange === undefined) throw new Error('The program sent nothing')
    if (told !== undefined) {
      this.#tellExchange(exchange, { actor: 'attacker', from: "attacker's program", ...told })
      const asked = exchanges.filter(({ order }) => order[0] > exchange.order[0])
      this.tellBackChannel(asked, this.#receiverOf(exchange), told.show)
    }
    return jsonIn(exchange)
  }

  #tellExchange(
    exchange: Exchange,
    { actor, from, meaning, show = [] }: Told & Pick<Step, 'actor' | 'from'>,
  ): void {
    const to = this.#receiverOf(exchange)
    const message = tellExchange(exchange, to, this.#words(show))
    this.#steps.push({ actor, from, to, channel: 'back', message, meaning })
  }

  /** The new back-channel exchanges since the last call. */
  newExchanges(): Exchange[] {
    const heard = this.#exchanges.slice(this.#heard)
    this.#heard += heard.length
    const exchanges = heard.filter(({ channel }) => channel === 'back')
    for (const exchange of exchanges) this.#noteTokens(exchange)
    return exchanges
  }

  /** A token has the same owner as the code or refresh token it was issued for. */
  #noteTokens(exchange: Exchange): void {
    const { form } = exchange
    const response = jsonIn(exchange)
    const { code_verifier = '' } = form
    const challenge = createHash('sha256').update(code_verifier).digest('base64url')
    const verifierOwner = this.#owners.get(challenge)
    if (verifierOwner !== undefined) this.#owners.set(code_verifier, verifierOwner)

    const owner = this.#owners.get(form.code ?? form.refresh_token ?? '')
    if (owner === undefined) return
    for (const token of [response.access_token, response.refresh_token]) {
      if (typeof token !== 'string') continue
      this.#owners.set(token, owner)
      if (form.client_id === CLI.client_id) this.#tokensOfCli.add(token)
    }
    if (typeof response.access_token === 'string') this.#accessTokens.add(response.access_token)
  }

  /** It sends its name, or a token that was issued to that name. */
  #isOfCli({ form, requestHeaders }: Exchange): boolean {
    const [, token = ''] = String(requestHeaders.authorization).split(' ')
    return form.client_id === CLI.client_id || this.#tokensOfCli.has(token)
  }

  #meaningOf(exchange: Exchange, asker: 'client' | 'CLI'): string {
    const { path, status, form } = exchange
    // The browser doesn't wait for the CLI.
    const asks = asker === 'CLI' ? 'The CLI' : 'Before it responds, the client'
    if (path === '/revoke') return `${asks} asks the server to revoke its tokens.`
    if (path === '/introspect') {
      const works = jsonIn(exchange).active === true ? 'It works.' : 'It does not work.'
      return `Before it responds, the API asks the server about the token. ${works}`
    }
    if (path === '/jwks') {
      return "Before it responds, the API gets the server's public keys. It keeps them."
    }
    if (path !== '/token') {
      const what = path === '/api/email' ? 'for the email address' : 'whose token it has'
      const who = this.resourceServer
      if (status === 200) return `${asks} asks the ${who} ${what}.`
      const why =
        status === 403
          ? 'The token does not cover that.'
          : `The ${who} no longer accepts the token.`
      return `The ${asker} asks the ${who} ${what}. ${why}`
    }
    const owner = this.#owners.get(form.code ?? form.refresh_token ?? '')
    const whose = owner === undefined ? 'a' : `the ${owner}'s`
    if (form.grant_type === 'refresh_token') {
      return status === 200
        ? 'The client refreshes: it gets a new access token and a new refresh token.'
        : 'The client tries to refresh. The server rejects the refresh token.'
    }
    if (status !== 200) return `The ${asker} sends ${whose} code. The server rejects it.`
    const also = jsonIn(exchange).refresh_token === undefined ? '' : ' and a refresh token'
    return `${asks} exchanges ${whose} code for an access token${also}.`
  }

  #words(show: readonly string[]): Words {
    return {
      show,
      ownerOf: (value) => this.#owners.get(value),
      partyAt: (origin) => this.#partyAt(origin),
    }
  }

  #receiverOf({ url }: Exchange): Party {
    return this.#partyAt(new URL(url).origin)
  }

  #partyAt(origin: string): Address['at'] {
    if (origin === this.lab.serverUrl) return 'server'
    if (origin === this.lab.clientUrl) return 'client'
    if (origin === this.lab.apiUrl) return 'API'
    if (origin === this.#otherApi?.url) return 'other API'
    if (origin === this.#site?.url) return "attacker's site"
    return this.#apps.get(origin) ?? 'elsewhere'
  }
}
