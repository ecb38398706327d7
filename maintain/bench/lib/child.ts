import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { TSX } from '@oauth-lab/course/programs/typescript.ts'
import { untilAnswers } from '@oauth-lab/course/programs/who-answers.ts'
import { portOf } from '@oauth-lab/shared/config.ts'
import { freePort } from '@oauth-lab/shared/testing/ports.ts'
import type { Question, Usage } from './probe.ts'

const PROBE = pathToFileURL(join(import.meta.dirname, 'probe.ts')).href
/** How long a program may take until its first response, in milliseconds. */
const PATIENCE = 30_000

/** Counted before this process is pinned to one core: afterwards it sees only that one. */
const CORES = availableParallelism()

/** Whether programs can be pinned to a core: on Linux, if taskset is installed. */
export const canPin = CORES > 1 && spawnSync('taskset', ['--version']).status === 0

let isPinned = false

/** Pins this process, which makes the load, to one core, and the programs it starts to another. */
export function pinLoad(): void {
  if (!canPin) return
  spawnSync('taskset', ['-a', '-p', '-c', '1', String(process.pid)])
  isPinned = true
}

/** Lets this process, and what it starts, run on any core again. */
export function unpinLoad(): void {
  if (!isPinned) return
  spawnSync('taskset', ['-a', '-p', '-c', `0-${CORES - 1}`, String(process.pid)])
  isPinned = false
}

/** How one program is started. */
export interface Launch {
  main: string
  folder: string
  /** The setting with its address. */
  address?: string
  /** Its address, or undefined for a free port. */
  origin?: string
  env?: Record<string, string>
  /** The file that starts its API, if that is a program of its own. */
  api?: string
}

/** A program in its own process that reports its usage. */
export class Child {
  readonly origin: string
  /** The address of the protected resource: the API's, if that is a program of its own. */
  readonly resourceOrigin: string
  /** From the start of the process to its first response, in milliseconds. */
  readonly startTime: number
  readonly #process: ChildProcess
  readonly #api: Child | undefined

  private constructor(origin: string, startTime: number, child: ChildProcess, api?: Child) {
    this.origin = origin
    this.resourceOrigin = api?.origin ?? origin
    this.startTime = startTime
    this.#process = child
    this.#api = api
  }

  /**
   * Starts a program and, if it has one, its API.
   *
   * @throws if one of them ends, or doesn't respond within 30 seconds
   */
  static async start(launch: Launch): Promise<Child> {
    const { main, folder, address = 'AUTH_SERVER_URL', api } = launch
    const origin = launch.origin ?? `http://localhost:${await freePort()}`
    const apiOrigin = api && `http://localhost:${await freePort()}`
    const env = { ...launch.env, [address]: origin, ...(apiOrigin && { API_URL: apiOrigin }) }
    const modules = [...TSX, PROBE].flatMap((url) => ['--import', url])
    const node = [process.execPath, '--expose-gc', ...modules, main]
    const [command = '', ...args] = isPinned ? ['taskset', '-c', '0', ...node] : node
    const from = performance.now()
    const child = spawn(command, args, {
      cwd: folder,
      env: { ...process.env, ...env },
      // The program writes its log as usual, but nothing reads it here.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    await untilAnswered(origin, child)
    const startTime = performance.now() - from
    if (api === undefined || apiOrigin === undefined) return new Child(origin, startTime, child)
    const beside = { main: api, folder, address: 'API_URL', origin: apiOrigin, env }
    return new Child(origin, startTime, child, await Child.start(beside))
  }

  get runs(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null
  }

  /** Seconds of processor time that the program and its API have used so far. */
  async cpuTime(): Promise<number> {
    const { cpu } = await this.#ask({ collect: false })
    return cpu + ((await this.#api?.cpuTime()) ?? 0)
  }

  /** Its usage after garbage collection. */
  usage(): Promise<Usage> {
    return this.#ask({ collect: true })
  }

  /** Moves its monotonic clock forward. */
  async advance(seconds: number): Promise<void> {
    await this.#ask({ advance: seconds })
  }

  /** Ends it and returns its exit status, or null if the signal killed it. */
  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    await this.#api?.stop()
    if (this.runs) {
      const ended = once(this.#process, 'exit')
      this.#process.kill(signal)
      await ended
    }
    return this.#process.exitCode
  }

  async #ask(question: Question): Promise<Usage> {
    this.#process.send(question)
    const [answer] = await once(this.#process, 'message')
    return answer
  }
}

/**
 * Waits until a program sends any HTTP response.
 *
 * @param child the process that starts it, or the program itself
 * @param version waits for a program of that version, if given
 * @throws if the child ends first, or nothing responds within 30 seconds
 */
export async function untilAnswered(
  origin: string,
  child: ChildProcess,
  version = '',
): Promise<void> {
  const ended = new AbortController()
  child.once('exit', () => ended.abort())
  const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(PATIENCE)])
  await untilAnswers(portOf(origin), signal, ({ program = '' }) => program.startsWith(version))
  if (ended.signal.aborted) throw new Error(`${origin} never responded: its program ended`)
  if (signal.aborted) throw new Error(`${origin} didn't respond within ${PATIENCE / 1000} seconds`)
}
