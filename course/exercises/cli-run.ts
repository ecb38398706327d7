import { once } from 'node:events'
import { type Exchange, type RequestOptions, send } from '@oauth-lab/shared/testing/exchange.ts'
import { CopyProcess } from './copy-process.ts'
import { within } from './patience.ts'
import {
  type respondAs,
  type Servers,
  untilEnded,
  type WorkerRequest,
  type WorkerRun,
} from './worker-run.ts'

/** How long the CLI may take to print its URL, or to respond, in milliseconds, on an idle machine. */
const LIMIT = 8_000
/** How long it may take to end, after it has all responses. */
const END_LIMIT = 4_000
const NO_BROWSER = new URL('./no-browser.mjs', import.meta.url).href
const CLOCK = new URL('./copy-clock.mjs', import.meta.url).href

/** A request of the CLI to the server or to the API. */
export type CliRequest = Omit<WorkerRequest, 'passTime'>

/** The response to a request of the CLI. None if undefined. One that throws hangs up. */
export type AnswerCli = Parameters<typeof respondAs>[0]

/** What the CLI did, from its start to its end. */
export type EndedCli = WorkerRun

/** Starts the process of a CLI. */
export function startCli(
  folder: string,
  args: string[],
  settings: Record<string, string>,
): CopyProcess {
  return new CopyProcess({
    main: 'cli/main.ts',
    args,
    preload: [NO_BROWSER, CLOCK],
    folder,
    settings,
  })
}

/** The CLI of a copy, from the moment when it waits for the browser. */
export class CliRun {
  /** The address of the server that it was told. */
  readonly serverUrl: string
  /** The programs that it would have started, such as a browser. */
  readonly started: unknown[] = []
  readonly #process: CopyProcess
  readonly #closeServers: () => void

  private constructor(serverUrl: string, process: CopyProcess, closeServers: () => void) {
    this.serverUrl = serverUrl
    this.#process = process
    this.#closeServers = closeServers
  }

  /**
   * Waits until the CLI has printed its URL.
   *
   * @param start starts the process, with the server and the API at these addresses
   * @param servers which are there
   */
  static async start(
    start: (settings: Record<string, string>) => CopyProcess,
    { serverUrl, apiUrl, close }: Servers,
  ): Promise<CliRun> {
    const process = start({ AUTH_SERVER_URL: serverUrl, API_URL: apiUrl })
    process.ended.then(close)
    const run = new CliRun(serverUrl, process, close)
    process.child.on('message', (message) => {
      const { started } = Object(message)
      if (started !== undefined) run.started.push(started)
    })
    const shown = new Promise<void>((resolve) => {
      process.child.stdout?.on('data', () => run.url && resolve())
    })
    await within(LIMIT, Promise.race([shown, process.ended]))
    return run
  }

  /** The URL that it has printed, or undefined if there is none. */
  get url(): URL | undefined {
    const printed = /^Log in at (\S+)\r?\n/m.exec(this.#process.stdout)?.[1] ?? ''
    return URL.canParse(printed) ? new URL(printed) : undefined
  }

  /** What the URL says about the response. */
  get redirectUri(): string {
    return this.url?.searchParams.get('redirect_uri') ?? ''
  }

  get state(): string {
    return this.url?.searchParams.get('state') ?? ''
  }

  get port(): number {
    return Number(URL.canParse(this.redirectUri) && new URL(this.redirectUri).port)
  }

  get ended(): Promise<void> {
    return this.#process.ended
  }

  get hasEnded(): boolean {
    const { exitCode, signalCode } = this.#process.child
    return exitCode !== null || signalCode !== null
  }

  /** Sends a request as a browser does. Undefined if there is no response. */
  async open(url: string, options: RequestOptions = {}): Promise<Exchange | undefined> {
    return within(
      LIMIT,
      send(url, options).catch(() => undefined),
    )
  }

  /** Sends an authorization response with this query. */
  respond(query: string): Promise<Exchange | undefined> {
    return this.open(`${this.redirectUri}?${query}`)
  }

  /** Waits until it has started a program. */
  async untilStarted(): Promise<void> {
    const { child, ended } = this.#process
    while (this.started.length === 0 && !this.hasEnded) {
      const told = once(child, 'message')
      if ((await within(LIMIT, Promise.race([told, ended]))) === undefined) return
    }
  }

  /** From now on, neither the server nor the API is there. */
  closeServers(): void {
    this.#closeServers()
  }

  /** Makes it believe that this many milliseconds have passed. */
  passTime(milliseconds: number): Promise<void> {
    return this.#process.passTime(milliseconds)
  }

  /** Waits for its end. Ends it if it takes too long. */
  untilEnded(): Promise<EndedCli> {
    return untilEnded(this.#process, END_LIMIT)
  }
}
