import { get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

const POLL = 10

/** What answers at a port. */
export interface Answer {
  /** Version and program, such as `v02-state server`; undefined when it is none of the lab's. */
  program: string | undefined
  /** Whether it took the request, if only to keep silent. False when it hung up, as what only tries whether a port is free does. */
  takesRequests: boolean
}

/** Waits until what answers at a port is right. Ends sooner when it is aborted. */
export async function untilAnswers(
  port: number,
  signal: AbortSignal,
  isRight: (answer: Answer) => boolean | undefined,
): Promise<void> {
  while (!signal.aborted) {
    const answer = await whoAnswers(port)
    if (answer !== undefined && isRight(answer)) return
    await sleep(POLL)
  }
}

/** Asks a port of this machine who is there. Undefined when nobody is. */
export async function whoAnswers(port: number): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    let connected = false
    // The one address that no request log shows.
    const options = { host: 'localhost', port, path: '/style.css', agent: false, timeout: 1_000 }
    const request = get(options, (response) => {
      response.resume()
      const program = response.headers['x-oauth-lab']
      resolve({ program: typeof program === 'string' ? program : undefined, takesRequests: true })
    })
    request.once('socket', (socket) => {
      socket.once('connect', () => {
        connected = true
      })
    })
    let silent = false
    request.once('timeout', () => {
      silent = true
      request.destroy()
    })
    request.on('error', () => {
      resolve(connected ? { program: undefined, takesRequests: silent } : undefined)
    })
  })
}
