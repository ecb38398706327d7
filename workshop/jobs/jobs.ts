import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { CopyProcess } from '@oauth-lab/course/exercises/copy-process.ts'

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

/** What a process is told. */
export interface JobOrder {
  input: unknown
  /** Has to come back with the answer: a learner's copy may say something of its own. */
  token: string
}

/** What a process says to this one: what came of it, or in words why nothing did. */
export type JobMessage = { token: string } & ({ result: unknown } | { trouble: string })

/** A job that came to no result. Its message is fit to be shown. */
export class JobError extends Error {
  /** What the process wrote last before it died. */
  readonly stderr: string

  constructor(message: string, stderr = '') {
    super(message)
    this.stderr = stderr
  }
}

/**
 * Does work in processes of its own: what runs a learner's code, which may hang, and must be loaded afresh each
 * time; and what lets time pass for its whole process. They end with this process, whatever way it ends.
 */
export class Jobs {
  readonly #running = new Set<CopyProcess>()
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
    for (const process of this.#running) process.end()
  }

  async #do(spec: JobSpec): Promise<unknown> {
    if (this.#closed) throw new JobError('The workshop is stopping. Start it again with npm start.')
    const process = new CopyProcess({ main: fileURLToPath(spec.module) })
    this.#running.add(process)
    try {
      return await answerOf(process, spec)
    } finally {
      this.#running.delete(process)
      await process.end()
    }
  }
}

function answerOf(process: CopyProcess, { input, limit }: JobSpec): Promise<unknown> {
  const { child } = process
  const token = randomUUID()
  // It may have died before it could read this; then its end says so.
  child.send({ input, token } satisfies JobOrder, () => undefined)
  return new Promise((resolve, reject) => {
    const fail = (message: string) => reject(new JobError(message, process.stderr))
    const timer = setTimeout(() => {
      const seconds = Math.round(limit / 1000)
      fail(`It didn't finish within ${seconds} seconds. Look for a loop that never ends.`)
    }, limit)
    child.on('message', (message) => {
      if (!isAnswer(message, token)) return
      if ('result' in message) resolve(message.result)
      else fail(message.trouble)
    })
    child.once('error', ({ message }) => fail(`It can't start: ${message}.`))
    process.ended.then(() => {
      clearTimeout(timer)
      fail(`It stopped unexpectedly (${child.signalCode ?? `exit status ${child.exitCode}`}).`)
    })
  })
}

function isAnswer(message: unknown, token: string): message is JobMessage {
  return Object(message).token === token
}
