import { get } from 'node:http'

/** What answers at a port. */
export interface Answer {
  /** Version and program, such as `v02-state server`; undefined when it is none of the lab's. */
  program: string | undefined
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
      resolve({ program: typeof program === 'string' ? program : undefined })
    })
    request.once('socket', (socket) => {
      socket.once('connect', () => {
        connected = true
      })
    })
    request.once('timeout', () => request.destroy())
    request.on('error', () => resolve(connected ? { program: undefined } : undefined))
  })
}
