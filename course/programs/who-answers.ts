import { get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

const POLL = 10
/** How long it may take to respond, to the end of the body, in milliseconds. */
const LIMIT = 1_000

/** What responds on a port. */
export interface Answer {
  /** Version and program, such as `v02-state server`. Undefined if it isn't one of the lab's. */
  program: string | undefined
  /** Whether it accepted the request, even without a response. A program that only tests the port hangs up. */
  takesRequests: boolean
}

/**
 * Waits until the right program responds on a port. Ends early if aborted. Another process that tests the
 * port at that moment is no program.
 */
export async function untilAnswers(
  port: number,
  signal: AbortSignal,
  isRight: (answer: Answer) => boolean | undefined = () => true,
): Promise<void> {
  while (!signal.aborted) {
    const answer = await whoAnswers(port)
    if (answer?.takesRequests && isRight(answer)) return
    await sleep(POLL)
  }
}

/** Finds out what responds on a port of this machine. Undefined if nothing does. */
export async function whoAnswers(port: number): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    let connected = false
    // No request log shows this one path.
    const options = { host: 'localhost', port, path: '/style.css', agent: false }
    // A limit for the whole response: one that comes byte by byte is never silent for long, and one may have no end.
    const request = get({ ...options, signal: AbortSignal.timeout(LIMIT) }, (response) => {
      response.resume()
      const program = response.headers['x-oauth-lab']
      resolve({ program: typeof program === 'string' ? program : undefined, takesRequests: true })
    })
    request.once('socket', (socket) => {
      socket.once('connect', () => {
        connected = true
      })
    })
    request.on('error', ({ name }) => {
      const takesRequests = name === 'AbortError'
      resolve(connected ? { program: undefined, takesRequests } : undefined)
    })
  })
}
