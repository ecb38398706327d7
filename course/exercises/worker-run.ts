import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '@oauth-lab/shared/testing/ports.ts'
import { CopyProcess } from './copy-process.ts'
import { patient } from './patience.ts'
import { readBody, type StandInAnswer, sendAnswer } from './stand-in.ts'
import type { ProgramRequest } from './token-request-rules.ts'

/** How long a worker may take, in milliseconds, on an idle machine. */
const LIMIT = 8_000
const CLOCK = new URL('./copy-clock.mjs', import.meta.url).href

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
  /** Whose address it is sent to. */
  to: 'server' | 'api'
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
 * @param start starts the worker, which asks the server and the API at these addresses
 */
export async function runAgainst(
  start: (serverUrl: string, apiUrl: string) => CopyProcess,
  answer: AnswerWorker,
): Promise<WorkerRun> {
  const [port, apiPort] = [await freePort(), await freePort()]
  const worker = start(`http://localhost:${port}`, `http://localhost:${apiPort}`)
  const listener = (to: WorkerRequest['to']) =>
    createServer(async (incoming, response) => {
      const { method, url = '', headers } = incoming
      const { authorization = '', 'content-type': contentType = '' } = headers
      const form = new URLSearchParams(await readBody(incoming))
      const target = `${method} ${url.split('?')[0]}`
      const passTime = (milliseconds: number) => worker.passTime(milliseconds)
      const answered = await answer({ target, to, authorization, contentType, form, passTime })
      if (answered !== undefined) sendAnswer(response, answered)
    })
  const listeners = [
    listener('server').listen(port, 'localhost'),
    listener('api').listen(apiPort, 'localhost'),
  ]
  try {
    return await untilEnded(worker)
  } finally {
    for (const one of listeners) {
      one.closeAllConnections()
      one.close()
    }
  }
}
