import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { CopyProcess } from '@oauth-lab/course/exercises/copy-process.ts'

/** A job for one process. */
export interface JobSpec {
  /** Only one job of a kind runs at a time. The others wait. */
  kind: string
  /** The URL of the module that does it and calls `answerJob`. */
  module: URL
  /** The module's input, which must be valid JSON. */
  input: unknown
  /** The time limit, in milliseconds. */
  limit: number
}

/** The message to the process. */
export interface JobOrder {
  input: unknown
  /** Must come back with the result, because a learner's copy may send messages too. */
  token: string
}

/** The message from the process: the result, or the reason why there is none. */
export type JobMessage = { token: string } & ({ result: unknown } | { trouble: string })

/** A job without a result. The message is ready to be shown. */
export class JobError extends Error {
  /** The last output of the process before it died. */
  readonly stderr: string

  constructor(message: string, stderr = '') {
    super(message)
    this.stderr = stderr
  }
}

/**
 * Does work in separate processes: work that runs a learner's code, which may hang and must be loaded again each
 * time, and work that moves the clock of its process. They end with this process, however it ends.
 */
export class Jobs {
  readonly #running = new Set<CopyProcess>()
  readonly #queues = new Map<string, Promise<unknown>>()
  #closed = false

  /**
   * Does a job when its turn comes.
   *
   * @returns the result of its module
   * @throws {JobError} that says why there is no result
   */
  run(spec: JobSpec): Promise<unknown> {
    const turn = Promise.resolve(this.#queues.get(spec.kind)).then(() => this.#do(spec))
    const end = () => undefined
    this.#queues.set(spec.kind, turn.then(end, end))
    return turn
  }

  /** Ends all processes. Waiting jobs don't start. */
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
  // It may have died before it could read this. Then its exit reports that.
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
