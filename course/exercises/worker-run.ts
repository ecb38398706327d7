import { startLocalServer } from '../local-server.ts'
import { CopyProcess } from './copy-process.ts'
import { within } from './patience.ts'
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
export async function untilEnded(worker: CopyProcess, most = LIMIT): Promise<WorkerRun> {
  await within(most, worker.ended)
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
  const passTime = (milliseconds: number) => worker.passTime(milliseconds)
  const servers = await respondAs((request) => answer({ ...request, passTime }))
  const worker = start(servers.serverUrl, servers.apiUrl)
  try {
    return await untilEnded(worker)
  } finally {
    servers.close()
  }
}

/** The addresses of a server and an API, and what ends both. */
export interface Servers {
  serverUrl: string
  apiUrl: string
  close: () => void
}

/** Listens as the server and as the API, and responds as told. It hangs up if that throws. */
export async function respondAs(
  answer: (request: Omit<WorkerRequest, 'passTime'>) => ReturnType<AnswerWorker>,
): Promise<Servers> {
  const listen = (to: WorkerRequest['to']) =>
    startLocalServer(async (incoming, response) => {
      const { method, url = '', headers } = incoming
      const { authorization = '', 'content-type': contentType = '' } = headers
      const form = new URLSearchParams(await readBody(incoming))
      const target = `${method} ${url.split('?')[0]}`
      const answered = await answer({ target, to, authorization, contentType, form })
      if (answered !== undefined) sendAnswer(response, answered)
    })
  const [server, api] = [await listen('server'), await listen('api')]
  const close = () => {
    server.close()
    api.close()
  }
  return { serverUrl: server.url, apiUrl: api.url, close }
}
