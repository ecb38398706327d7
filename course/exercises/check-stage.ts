import { existsSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Browser, html, type Page } from '@oauth-lab/shared/testing/browser.ts'
import {
  basic,
  credentials,
  Driver,
  type Fields,
  type JsonAnswer,
} from '@oauth-lab/shared/testing/driver.ts'
import { encodeForm, type RequestOptions, send } from '@oauth-lab/shared/testing/exchange.ts'
import { listFilesIfThere } from '../differences/files.ts'
import { PROGRAM_NAMES, titleOfProgram } from '../programs/programs.ts'
import { type AnswerCli, CliRun } from './cli-run.ts'
import type { CopyProcess } from './copy-process.ts'
import type { RunningProgram } from './copy-programs.ts'
import { within } from './patience.ts'
import { randomValue, type StandIn, type StandInServer } from './stand-in.ts'
import { type Explanation, explain, shorten, type Trouble, TroubleError } from './trouble.ts'
import {
  type AnswerWorker,
  respondAs,
  runAgainst,
  untilEnded,
  type WorkerRun,
} from './worker-run.ts'

/** How long a request may take, in milliseconds, on an idle machine. */
const REQUEST_LIMIT = 4_000
/** How long after a failed request the news of the program's death may arrive, in milliseconds. */
const DEATH_DELAY = 500
const WORKER_MAIN = 'worker/main.ts'
const CLI_MAIN = 'cli/main.ts'
const HANGS = 'the worker has a response to each request, and still never ends'

/** What an error description may have. RFC 6749 sections 4.1.2.1 and 5.2 */
export const DESCRIPTION = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

/** The client that every copy knows. */
const CLIENT = { clientId: 'lab-client', clientSecret: 'lab-client-secret' }

/** The settings of the worker: a server must not know the default ones by heart. */
export const WORKER = { id: 'night-worker', secret: 'half:past 2%' }

/** Why a check fails. The message says what was seen, without a period at the end. */
export class NotYet extends Error {
  /** Where to look, if not in the file of the check. */
  readonly file: string | undefined

  constructor(seen: string, file?: string) {
    // A copy may respond with anything.
    super(shorten(seen))
    this.file = file
  }
}

/**
 * @param file where to look, if not in the file of the check
 * @throws {NotYet} unless the condition holds
 */
export function must(condition: unknown, seen: string, file?: string): asserts condition {
  if (!condition) throw new NotYet(seen, file)
}

/**
 * @param what the request, in words that fit before `gets 200`
 * @throws {NotYet} unless the response has this status, and this error if there is one
 */
export function expectAnswer(
  answer: Pick<JsonAnswer, 'status'> & { body: unknown },
  wanted: number | `${number} ${string}`,
  what: string,
  file?: string,
): void {
  const seen = answered(answer.status, Object(answer.body))
  const isRight = typeof wanted === 'number' ? answer.status === wanted : seen === wanted
  must(isRight, `${what} gets ${seen}`, file)
}

/**
 * @param what the request, in words that fit before `gets 200`
 * @throws {NotYet} unless it is rejected with this status and error, and a description
 */
export function expectRejected(
  { status, body }: Pick<JsonAnswer, 'status' | 'body'>,
  wanted: `${number} ${string}`,
  what: string,
  file?: string,
): void {
  const seen = answered(status, body)
  must(seen === wanted, `${what} gets ${seen}, not ${wanted}`, file)
  const { error_description: description } = body
  must(
    typeof description === 'string' && description !== '' && DESCRIPTION.test(description),
    `${what}: error_description is missing, or has a character that RFC 6749 section 5.2 doesn't allow`,
  )
}

/** @throws {NotYet} unless a token response has an access token */
export function expectTokens({ status, body }: JsonAnswer, what: string, file?: string): void {
  const hasToken = status === 200 && typeof body.access_token === 'string'
  must(hasToken, `${what} gets ${answered(status, body)}`, file)
}

/** @throws {NotYet} unless nobody can guess any of these values */
export function expectRandom(values: string[], kind: string, ifSame: string): void {
  must(new Set(values).size === values.length, ifSame)
  const shortest = Math.min(...values.map(({ length }) => length))
  must(shortest >= 22, `a ${kind} of ${shortest} characters holds fewer than 128 random bits`)
}

/**
 * @param what has them, in words
 * @throws {NotYet} unless these are among the values
 */
export function expectValues(
  values: Record<string, unknown>,
  expected: Record<string, unknown>,
  what: string,
): void {
  for (const [name, value] of Object.entries(expected)) {
    const isRight = values[name] === value
    const [seen, wanted] = [values[name], value].map((one) => JSON.stringify(one))
    must(isRight, `${what} has ${name} ${seen}, not ${wanted}`)
  }
}

/** The programs of a stage. */
export interface Cast {
  folder: string
  server: { url: string; running: RunningProgram }
  /** The address of a second server of the copy, for the short-lived one. */
  otherServerUrl?: string
  /** Without a running program if this stage isn't for the client. */
  client: { url: string; running?: RunningProgram }
  /** The same, and none runs if the copy has none. */
  api: { url: string; running?: RunningProgram | undefined }
  /** In place of the server, for the client or the API. */
  standIn?: StandInServer
  /** Starts the worker of the copy, with this server, and with these settings changed. */
  startWorker: (serverUrl: string, changes: Record<string, string>) => CopyProcess
  /** Starts the CLI of the copy, with these arguments and settings. */
  startCli: (args: string[], changes: Record<string, string>) => CopyProcess
  /** Called with each request. Gets the message for a check that times out during it. */
  onRequest?: (explainSlowness: () => Trouble) => void
}

/** The parameters of the client's authorization request. */
class SentRequest extends URLSearchParams {
  get state(): string | undefined {
    return this.get('state') ?? undefined
  }
}

/**
 * What a check works with: a running copy, seen from outside. No request hangs: a program that doesn't
 * respond, or dies, ends the check.
 */
export class Stage {
  readonly server: CheckDriver
  readonly #cast: Cast
  #workerHangs = false
  /** The last request that got a 500. */
  #broken: { request: string; running: RunningProgram } | undefined

  constructor(cast: Cast) {
    this.#cast = cast
    const { server, client, api } = cast
    const apiUrl = api.running && api.url
    const urls = { authServerUrl: server.url, clientUrl: client.url, apiUrl }
    const addresses = { ...urls, ...CLIENT }
    this.server = new CheckDriver(addresses, { send: (url, options) => this.#send(url, options) })
  }

  get clientUrl(): string {
    return this.#cast.client.url
  }

  get otherServerUrl(): string {
    if (this.#cast.otherServerUrl === undefined) throw new Error('No second server on this stage')
    return this.#cast.otherServerUrl
  }

  get apiUrl(): string {
    return this.#cast.api.url
  }

  get redirectUri(): string {
    return `${this.clientUrl}/callback`
  }

  get standIn(): StandIn {
    if (this.#cast.standIn === undefined) throw new Error('No stand-in on this stage')
    return this.#cast.standIn.standIn
  }

  browser(): Browser {
    return this.server.browser()
  }

  /** Starts a login at the client. Returns the parameters that it sends to the server. */
  async begin(browser: Browser, path = '/login'): Promise<SentRequest> {
    const page = await browser.open(this.clientUrl + path)
    const { location = '' } = page
    must(
      [302, 303].includes(page.status) && location.startsWith(`${this.standIn.url}/authorize?`),
      `GET ${path} doesn't send the browser to the server: it returns ${page.status}`,
      'client/routes/login.ts',
    )
    const sent = new SentRequest(new URL(location).search)
    this.standIn.noteLogin(sent)
    expectNoRefusal('authorization request', this.standIn.refusedLogin)
    return sent
  }

  /** Sends an authorization response to the callback through the browser, and follows redirects. */
  async answer(browser: Browser, answer: Fields): Promise<Page> {
    return browser.follow(await this.bring(browser, answer))
  }

  /** Sends an authorization response to the callback through the browser. Follows no redirect. */
  async bring(browser: Browser, answer: Fields): Promise<Page> {
    if (answer.code !== undefined) this.standIn.noteCode(answer.code)
    return browser.open(`${this.redirectUri}?${encodeForm(answer)}`)
  }

  /** A whole login, with the stand-in as the server. Returns the page it ends at. */
  async login(browser: Browser, path = '/login'): Promise<Page> {
    const { state } = await this.begin(browser, path)
    const page = await this.answer(browser, { code: randomValue(), state })
    this.expectAccepted()
    return page
  }

  /** A whole login in which the client talks to the copy's server. Returns the page it ends at. */
  async loginAtServer(browser: Browser, user: string): Promise<Page> {
    this.standIn.passOnTo = this.server.serverUrl
    this.standIn.passApiOnTo = this.server.apiUrl
    const start = await browser.visit(`${this.clientUrl}/login`)
    const page = await browser.follow(await browser.answerForms(start, credentials(user)))
    const { passedOnError } = this.standIn
    const because = passedOnError === undefined ? '' : `; before that, ${passedOnError}`
    must(
      page.status === 200,
      `a login ends at ${new URL(page.url).pathname}, which returns ${page.status}${because}`,
    )
    return page
  }

  /** @throws {NotYet} if the client sent a request that a server rejects, with the reason */
  expectAccepted(): void {
    expectNoRefusal('token request', this.standIn.refusal)
    expectNoRefusal('revocation request', this.standIn.refusedRevocation)
  }

  /** The text of a file of the copy. Empty if there is none. */
  read(path: string): string {
    const file = join(this.#cast.folder, path)
    return existsSync(file) ? readFileSync(file, 'utf8') : ''
  }

  /**
   * Runs the worker of the copy, with a server that responds as told, or at this address.
   *
   * @throws {NotYet} if there is no worker, or it doesn't end when it has all responses
   */
  async runWorker(
    server: AnswerWorker | string,
    settings: Record<string, string> = {},
  ): Promise<WorkerRun> {
    const { folder, startWorker } = this.#cast
    must(existsSync(join(folder, WORKER_MAIN)), 'the copy has no worker', WORKER_MAIN)
    must(!this.#workerHangs, HANGS, WORKER_MAIN)
    if (typeof server === 'string') {
      return untilEnded(startWorker(server, { API_URL: this.server.apiUrl, ...settings }))
    }
    let isSilent = false
    const start = (url: string, API_URL: string) => startWorker(url, { API_URL, ...settings })
    const run = await runAgainst(start, async (request) => {
      const answer = await server(request)
      isSilent ||= answer === undefined
      return answer
    })
    this.#workerHangs = run.status === undefined && !isSilent
    must(!this.#workerHangs, HANGS, WORKER_MAIN)
    return run
  }

  /**
   * Starts the CLI of the copy, and waits until it has printed its URL. It opens no browser in any case.
   *
   * @param answer responds in place of the server and the API; without it, those of the copy do
   */
  async startCli(answer?: AnswerCli, args = ['--no-open']): Promise<CliRun> {
    const { folder, startCli } = this.#cast
    must(existsSync(join(folder, CLI_MAIN)), 'the copy has no CLI', CLI_MAIN)
    const start = (settings: Record<string, string>) => startCli(args, settings)
    const { serverUrl, apiUrl } = this.server
    const own = { serverUrl, apiUrl, close: () => undefined }
    return CliRun.start(start, answer === undefined ? own : await respondAs(answer))
  }

  /** Makes the API believe that this many milliseconds have passed. */
  async passTime(milliseconds: number): Promise<void> {
    await this.#cast.api.running?.passTime(milliseconds)
  }

  /** @throws {NotYet} if a program imports something from another one, which another machine may not have */
  expectOwnCode(program: string): void {
    const { folder } = this.#cast
    for (const file of listFilesIfThere(folder).filter((path) => path.startsWith(`${program}/`))) {
      const imported = [...this.read(file).matchAll(/(?:from|import\(?)\s*['"](\.[^'"]+)['"]/g)]
      const targets = imported.map(([, path = '']) => posix.join(posix.dirname(file), path))
      const other = PROGRAM_NAMES.find((name) => {
        return name !== program && targets.some((path) => path.startsWith(`${name}/`))
      })
      const title = titleOfProgram(program)
      must(
        other === undefined,
        `the ${title} imports something from ${other}/, which another machine may not have: write its own`,
        file,
      )
    }
  }

  /** @throws {NotYet} unless `npm run` starts the program */
  expectScript(program: string): void {
    must(
      new RegExp(`"${program}"\\s*:\\s*"[^"]*${program}/main\\.ts`).test(this.read('package.json')),
      `package.json has no script "${program}" that runs ${program}/main.ts, so npm run ${program} fails`,
      'package.json',
    )
  }

  /** Why a worker failed, and where, as far as its output says. */
  explainFailure({ status, errors }: WorkerRun): Partial<Explanation> {
    return (status !== 0 && explain(errors, this.#cast.folder)) || {}
  }

  /** Forgets everything, for the next check. */
  reset(): void {
    this.#cast.standIn?.reset()
    this.#broken = undefined
  }

  /** Why a handler threw, and where: the cause of everything the check saw after that. */
  async explainBroken(): Promise<NotYet | undefined> {
    if (this.#broken === undefined) return undefined
    const { request, running } = this.#broken
    // The response with the 500 may arrive before the line on stderr.
    await sleep(50)
    const last = running.stderr().slice(-4_000)
    const { message, place } = explain(lastError(last), this.#cast.folder) ?? {}
    if (message === undefined) return undefined
    return new NotYet(`${request} breaks: ${message}`, place)
  }

  async #send(url: string, options: RequestOptions = {}): Promise<Page> {
    const running = this.#programAt(url)
    if (running === undefined) return send(url, options)
    const [method, path] = [options.method ?? 'GET', new URL(url).pathname]
    this.#cast.onRequest?.(() => running.explainSlowness(method, path))

    const dead = running.died.then((trouble) => {
      throw new TroubleError(trouble)
    })
    const answered = sendWhenThere(url, options).catch(async (error) => {
      await Promise.race([dead, sleep(DEATH_DELAY)])
      throw new NotYet(`${method} ${path} gets no usable response (${(error as Error).message})`)
    })
    const page = await within(REQUEST_LIMIT, Promise.race([answered, dead]))
    if (page === undefined) throw new TroubleError(running.explainSilence(method, path))
    if (page.status === 500) this.#broken = { request: `${method} ${path}`, running }
    return page
  }

  #programAt(url: string): RunningProgram | undefined {
    const { server, client, api } = this.#cast
    const standIn = this.#cast.standIn?.standIn
    if (url.startsWith(server.url)) return server.running
    // The stand-in passes these requests of browsers on to the server.
    if (standIn?.passOnTo !== undefined && url.startsWith(standIn.url)) {
      return server.running
    }
    if (url.startsWith(api.url)) return api.running
    return url.startsWith(client.url) ? client.running : undefined
  }
}

/** Retries: a server listens on one address of localhost after the other, and may not be done yet. */
async function sendWhenThere(url: string, options: RequestOptions, tries = 40): Promise<Page> {
  try {
    return await send(url, options)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED' || tries === 1) throw error
    await sleep(50)
    return sendWhenThere(url, options, tries - 1)
  }
}

/**
 * The driver of a copy's server. A copy may send anything: a body that isn't JSON counts as an empty
 * object, and if a code or a token is missing, the check fails with what was seen.
 */
export class CheckDriver extends Driver {
  authorize(changes: Fields = {}, options: RequestOptions = {}): Promise<Page> {
    return this.browser().open(this.authorizeUrl(changes), options)
  }

  /** Posts name and password with an authorization request, and allows everything on a consent page. */
  logIn(changes: Fields = {}, password = 'password0'): Promise<Page> {
    return this.postPassword(this.authorizeUrl(changes), { password })
  }

  /** A code from the server. */
  override async code(changes: Fields = {}): Promise<string> {
    const page = await this.logIn(changes)
    const code = queryOf(page).get('code')
    must(
      code,
      `POST /authorize returns no code for the right password: ${saw(page)}`,
      'server/routes/authorize.ts',
    )
    return code
  }

  /** Tokens of a fresh login, whose authorization request may be changed. */
  async tokens(
    changes: Fields = {},
  ): Promise<Record<'access_token' | 'refresh_token', string> & { scope: unknown }> {
    const { status, body } = await this.redeem(await this.code(changes))
    must(
      status === 200 && typeof body.access_token === 'string',
      `POST /token returns ${answered(status, body)} for a valid code`,
      'server/grants/authorization-code.ts',
    )
    const { access_token, refresh_token, scope } = body
    return { access_token, refresh_token: String(refresh_token ?? ''), scope }
  }

  protected override read(page: Page): JsonAnswer['body'] {
    return jsonOf(page)
  }
}

/** The JSON object in a body, or an empty one. */
export function jsonOf({ body }: Page): JsonAnswer['body'] {
  try {
    return Object(JSON.parse(body))
  } catch {
    return {}
  }
}

function expectNoRefusal(request: string, refusal: StandIn['refusedLogin']): void {
  if (refusal === undefined) return
  const { error, reason, file } = refusal
  throw new NotYet(`the server rejects the client's ${request} with ${error}: ${reason}`, file)
}

/** Another client that is registered at the server. */
export const OTHER_CLIENT = { authorization: basic('other-client', 'other-client-secret') }

/** What a response was, in words: the status, and where a redirect leads. */
export function saw(page: Page): string {
  if (page.location === undefined) return `it returns ${page.status}`
  const { origin, pathname, searchParams } = new URL(page.location)
  const names = [...searchParams.keys()].join(', ')
  return `it returns ${page.status}, to ${origin}${pathname} with ${names || 'nothing'} in the query`
}

/** What a JSON endpoint returned, in words: the status, and the error if there is one. */
export function answered(status: number, { error }: JsonAnswer['body']): string {
  return error === undefined ? `${status}` : `${status} ${error}`
}

/** The query parameters of a redirect, or none for another response. */
export function queryOf(page: Page): URLSearchParams {
  return page.location === undefined ? new URLSearchParams() : new URL(page.location).searchParams
}

/** The visible text of a page. */
export function textOf(page: Page): string {
  return html(page).text.replace(/\s+/g, ' ')
}

/** The first link on a page to a path of its own site. */
export function linkTo(page: Page, path: string) {
  const { href } = new URL(path, page.url)
  const links = html(page).querySelectorAll('a[href]')
  return links.find((link) => new URL(link.getAttribute('href') ?? '', page.url).href === href)
}

/** Whether a page has a link to a path of its own site. */
export function hasLinkTo(page: Page, path: string): boolean {
  return linkTo(page, path) !== undefined
}

/** Whether a page asks for a password. */
export function hasPassword(page: Page): boolean {
  return html(page).querySelector('input[type=password]') !== null
}

/** Whether a redirect leads to the redirect URI, whatever its query. */
export function leadsTo(page: Page, redirectUri: string): boolean {
  return page.location?.split('?')[0] === redirectUri
}

/** Everything from the last line that starts an error: what came before belongs to other requests. */
function lastError(stderr: string): string {
  const starts = [...stderr.matchAll(/^(?:\w*Error)\b/gm)]
  return stderr.slice(starts.at(-1)?.index ?? stderr.length)
}
