import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { TYPESCRIPT_ARGUMENTS, TYPESCRIPT_SETTINGS } from '../../scripts/lib/typescript.ts'

/** What a process is started for. */
export interface JobSpec {
  /** Of one kind there is one at a time; the others wait. */
  kind: string
  /** The address of the module that does it, and says so with `answerJob`. */
  module: URL
  /** What the module is told; it must be fit for JSON. */
  input: unknown
  /** How long it may take, in milliseconds. */
  limit: number
}

/** What a process says to this one: what came of it, or in words why nothing did. */
export type JobMessage = { result: unknown } | { trouble: string }

/** A job that came to no result. Its message is fit to be shown. */
export class JobError extends Error {
  /** What the process wrote before it died. */
  readonly stderr: string

  constructor(message: string, stderr = '') {
    super(message)
    this.stderr = stderr
  }
}

/** The last moment for a process to end itself is a little after the one at which it is ended. */
const LEASH_DELAY = 1_000
const LEASH = pathToFileURL(join(import.meta.dirname, 'leash.mjs')).href
/** How much of what a process writes is kept, in characters. */
const LONGEST_STDERR = 10_000

/**
 * Does work in processes of its own: what runs a learner's code, which may hang, and must be loaded afresh each
 * time; and what lets time pass for its whole process. They end with this process, whatever way it ends.
 */
export class Jobs {
  readonly #running = new Set<ChildProcess>()
  readonly #queues = new Map<string, Promise<unknown>>()
  #closed = false

  /**
   * Does a job when its turn comes.
   *
   * @returns what its module has answered
   * @throws {JobError} that says why there is no answer
   */
  async run(spec: JobSpec): Promise<unknown> {
    const before = this.#queues.get(spec.kind)
    const turn = Promise.resolve(before).then(() => this.#do(spec))
    const settled = turn.catch(() => undefined)
    this.#queues.set(spec.kind, settled)
    try {
      return await turn
    } finally {
      if (this.#queues.get(spec.kind) === settled) this.#queues.delete(spec.kind)
    }
  }

  /** Ends all processes; what waits is not begun. */
  close(): void {
    this.#closed = true
    for (const child of this.#running) child.kill('SIGKILL')
  }

  async #do(spec: JobSpec): Promise<unknown> {
    if (this.#closed) throw new JobError('The workshop is being stopped.')
    const child = start(spec)
    this.#running.add(child)
    try {
      return await answerOf(child, spec)
    } finally {
      this.#running.delete(child)
      child.kill('SIGKILL')
    }
  }
}

function start({ module, input, limit }: JobSpec): ChildProcess {
  const child = spawn(
    process.execPath,
    ['--import', LEASH, ...TYPESCRIPT_ARGUMENTS, fileURLToPath(module)],
    {
      env: {
        ...process.env,
        ...TYPESCRIPT_SETTINGS,
        JOB_LIMIT: String(limit + LEASH_DELAY),
      },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    },
  )
  // It may have died before it could read this; then its end says so.
  child.send({ input }, () => undefined)
  return child
}

function answerOf(child: ChildProcess, { limit }: JobSpec): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let stderr = ''
    const fail = (message: string) => reject(new JobError(message, stderr))
    const timer = setTimeout(() => {
      const seconds = Math.round(limit / 1000)
      fail(`It did not come to an end within ${seconds} seconds. Is there a loop that never ends?`)
    }, limit)
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(0, LONGEST_STDERR)
    })
    child.once('message', (message: JobMessage) => {
      if ('result' in message) resolve(message.result)
      else fail(message.trouble)
    })
    child.once('error', ({ message }) => fail(`It can't be started: ${message}.`))
    // Not 'exit': what it wrote last may come after that.
    child.once('close', (status, signal) => {
      clearTimeout(timer)
      fail(`It ended before its time (${signal ?? `exit status ${status}`}).`)
    })
  })
}
