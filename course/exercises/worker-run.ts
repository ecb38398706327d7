import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '@oauth-lab/shared/testing/ports.ts'
import { CopyProcess } from './copy-process.ts'
import { patient } from './patience.ts'
import { readBody, type StandInAnswer, sendAnswer } from './stand-in.ts'
import type { ProgramRequest } from './token-request-rules.ts'

/** How long a worker may take, in milliseconds, on an idle machine. */
const LIMIT = 8_000
const CLOCK = new URL('./worker-clock.mjs', import.meta.url).href

/** What a worker did, from its start to its end. */
export interface WorkerRun {
  /** The exit status. Undefined if it was still running after a few seconds. */
  status: number | undefined
  output: string
  errors: string
}

/** A request of a worker. */
export interface WorkerRequest extends ProgramRequest {
  /** Method and path, such as `POST /token`. */
  target: string
  /** Makes the worker believe that this many milliseconds have passed. */
  passTime: (milliseconds: number) => Promise<void>
}

/** The response to a request of a worker. None if undefined. */
export type AnswerWorker = (
  request: WorkerRequest,
) => StandInAnswer | undefined | Promise<StandInAnswer | undefined>

/** Starts a worker's process. */
export function startWorker(folder: string, settings: Record<string, string>): CopyProcess {
  return new CopyProcess({ main: 'worker/main.ts', preload: [CLOCK], folder, settings })
}

/** Waits for the end of a worker, and ends one that takes too long. */
export async function untilEnded(worker: CopyProcess): Promise<WorkerRun> {
  const timer = new AbortController()
  const limit = sleep(patient(LIMIT), undefined, { signal: timer.signal }).catch(() => undefined)
  await Promise.race([worker.ended, limit])
  timer.abort()
  const status = worker.child.exitCode ?? undefined
  await worker.end()
  return { status, output: worker.stdout, errors: worker.stderr }
}

/**
 * Runs a worker against a server that responds as told.
 *
 * @param start starts the worker, which asks the server at this address
 */
export async function runAgainst(
  start: (serverUrl: string) => CopyProcess,
  answer: AnswerWorker,
): Promise<WorkerRun> {
  const port = await freePort()
  const worker = start(`http://localhost:${port}`)
  const server = createServer(async (incoming, response) => {
    const { method, url = '', headers } = incoming
    const { authorization = '', 'content-type': contentType = '' } = headers
    const form = new URLSearchParams(await readBody(incoming))
    const target = `${method} ${url.split('?')[0]}`
    const passTime = async (milliseconds: number) => {
      const passed = once(worker.child, 'message')
      worker.child.send(milliseconds)
      await Promise.race([passed, worker.ended])
    }
    const answered = await answer({ target, authorization, contentType, form, passTime })
    if (answered !== undefined) sendAnswer(response, answered)
  })
  server.listen(port, 'localhost')
  try {
    return await untilEnded(worker)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}
