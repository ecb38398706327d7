import { setTimeout as sleep } from 'node:timers/promises'
import type { LabConfig } from '@oauth-lab/shared/config.ts'
import { CopyProcess } from '../exercises/copy-process.ts'
import { patient } from '../exercises/patience.ts'
import { explain } from '../exercises/trouble.ts'
import { ToldError } from '../told-error.ts'
import { parameterOf } from './address-parameters.ts'

/** How long it may take until it waits for its user, and to end after that, in milliseconds, on an idle machine. */
const LIMIT = 15_000

/** A run of the command-line app, from when it waits for its user on. */
export class CliRun {
  /** Where it sends the browser. */
  readonly loginPage: string
  /** Where it waits for the response. */
  readonly redirectUri: string
  readonly #process: CopyProcess

  private constructor(process: CopyProcess, loginPage: string) {
    this.#process = process
    this.loginPage = loginPage
    this.redirectUri = parameterOf(loginPage, 'redirect_uri') ?? ''
  }

  /** @throws {ToldError} if it shows no address to log in at */
  static async start(folder: string, config: LabConfig): Promise<CliRun> {
    const { authServerUrl, clientUrl, apiUrl } = config
    const settings = { AUTH_SERVER_URL: authServerUrl, CLIENT_URL: clientUrl, API_URL: apiUrl }
    const process = new CopyProcess({ main: 'cli/main.ts', args: ['--no-open'], folder, settings })
    const shown = () => /^Log in at (\S+)\r?\n/m.exec(process.stdout)?.[1]
    const isShown = new Promise<void>((resolve) => {
      process.child.stdout?.on('data', () => shown() && resolve())
    })
    await withinLimit(Promise.race([isShown, process.ended]))
    const loginPage = shown()
    if (loginPage !== undefined && URL.canParse(parameterOf(loginPage, 'redirect_uri') ?? '')) {
      return new CliRun(process, loginPage)
    }
    await process.end()
    const why = explain(process.stderr, folder)
    throw new ToldError(`The CLI shows no address to log in at${why ? `: ${why.message}` : '.'}`)
  }

  /** What it has printed when it has ended. */
  async output(): Promise<string> {
    await withinLimit(this.#process.ended)
    await this.end()
    return this.#process.stdout + this.#process.stderr
  }

  end(): Promise<void> {
    return this.#process.end()
  }
}

async function withinLimit(awaited: Promise<void>): Promise<void> {
  const timer = new AbortController()
  const limit = sleep(patient(LIMIT), undefined, { signal: timer.signal }).catch(() => undefined)
  await Promise.race([awaited, limit]).finally(() => timer.abort())
}
