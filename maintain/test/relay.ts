import { once } from 'node:events'
import {
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http'

/** What happens to a response on its way. */
export type Fault = 'lost' | 'cut' | Promise<void>

/** Sits between client and server, and loses, truncates or delays responses on their way back. */
export class Relay {
  readonly origin: string
  readonly #server: Server
  /** By path: loses the response, cuts it after half of its body, or holds it until a promise resolves. */
  readonly faults = new Map<string, Fault>()
  /** The number of responses held right now. */
  held = 0

  private constructor(origin: string, server: Server) {
    this.origin = origin
    this.#server = server
  }

  /** @param target returns the origin to pass requests on to */
  static async start(target: () => string): Promise<Relay> {
    const server = createServer()
    server.listen(0, 'localhost')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    const relay = new Relay(`http://localhost:${port}`, server)
    relay.#pass(target)
    return relay
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  #pass(target: () => string): void {
    this.#server.on('request', (incoming, response) => {
      const path = incoming.url?.split('?', 1)[0] ?? ''
      const options = { method: incoming.method ?? 'GET', headers: incoming.headers }
      const onward = request(target() + (incoming.url ?? ''), options)
      onward.on('error', () => response.destroy())
      onward.on('response', async (answer) => {
        const body = Buffer.concat(await answer.toArray())
        const fault = this.faults.get(path)
        if (fault instanceof Promise) {
          this.held += 1
          await fault
          this.held -= 1
        }
        send(response, answer, body, fault)
      })
      incoming.pipe(onward)
    })
  }
}

function send(
  response: ServerResponse,
  { statusCode = 500, headers }: IncomingMessage,
  body: Buffer,
  fault: Fault | undefined,
): void {
  if (fault === 'lost') {
    response.destroy()
    return
  }
  response.writeHead(statusCode, headers)
  if (fault === 'cut') response.write(body.subarray(0, body.length / 2), () => response.destroy())
  else response.end(body)
}
