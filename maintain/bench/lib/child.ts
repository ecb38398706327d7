import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { whoAnswers } from '@oauth-lab/course/programs/who-answers.ts'
import { portOf } from '@oauth-lab/shared/config.ts'
import { freePort } from '@oauth-lab/shared/testing/ports.ts'
import type { Question, Usage } from './probe.ts'

const PROBE = pathToFileURL(join(import.meta.dirname, 'probe.ts')).href
/** How long a program may take to its first answer, in milliseconds. */
const PATIENCE = 30_000

/** Counted before this process is held on one of them: afterwards it sees no other. */
const CORES = availableParallelism()

/** Whether programs can be held on one core each: on Linux, where taskset is there. */
export const canPin = CORES > 1 && spawnSync('taskset', ['--version']).status === 0

let isPinned = false

/** From now on holds this process, which makes the load, on one core, and what it starts on another. */
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
  /** The file that starts it. */
  main: string
  folder: string
  /** The setting that says where it answers. */
  address?: string
  /** Where it answers; undefined takes a free port. */
  origin?: string
  env?: Record<string, string>
}

/** A program that runs in a process of its own and tells what it uses. */
export class Child {
  readonly origin: string
  /** From the start of the process to its first answer, in milliseconds. */
  readonly startTime: number
  readonly #process: ChildProcess

  private constructor(origin: string, startTime: number, child: ChildProcess) {
    this.origin = origin
    this.startTime = startTime
    this.#process = child
  }

  /** @throws when it ends, or does not answer within 30 seconds */
  static async start(launch: Launch): Promise<Child> {
    const { main, folder, address = 'AUTH_SERVER_URL', env } = launch
    const origin = launch.origin ?? `http://localhost:${await freePort()}`
    const node = [process.execPath, '--expose-gc', '--import', 'tsx', '--import', PROBE, main]
    const [command = '', ...args] = isPinned ? ['taskset', '-c', '0', ...node] : node
    const from = performance.now()
    const child = spawn(command, args, {
      cwd: folder,
      env: { ...process.env, ...env, [address]: origin },
      // The log of a program costs it what it costs; nobody reads it here.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    await untilAnswers(origin, child)
    return new Child(origin, performance.now() - from, child)
  }

  /** Whether its process is still there. */
  get runs(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null
  }

  /** Seconds of processor time that the program has used so far. */
  async cpuTime(): Promise<number> {
    return (await this.#ask({ collect: false })).cpu
  }

  /** What it uses after a collection of garbage. */
  usage(): Promise<Usage> {
    return this.#ask({ collect: true })
  }

  /** Puts its monotonic clock forward. */
  async advance(seconds: number): Promise<void> {
    await this.#ask({ advance: seconds })
  }

  /** Ends it, and gives its exit status, or null where the signal killed it. */
  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
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
 * Waits until a program answers HTTP, whatever it says.
 *
 * @param child what starts it, or the program itself
 * @param version waits for a program of that version, where one is named
 * @throws when the child ends before, or nothing answers within 30 seconds
 */
export async function untilAnswers(
  origin: string,
  child: ChildProcess,
  version = '',
): Promise<void> {
  const until = performance.now() + PATIENCE
  while (performance.now() < until) {
    if (child.exitCode !== null) throw new Error(`${origin} never answered: its program has ended`)
    const answer = await whoAnswers(portOf(origin))
    if (answer !== undefined && (answer.program ?? '').startsWith(version)) return
    await sleep(2)
  }
  throw new Error(`${origin} didn't respond within ${PATIENCE / 1000} seconds`)
}
