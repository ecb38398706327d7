import { once } from 'node:events'
import { type IncomingMessage, request, type ServerResponse } from 'node:http'
import { type LocalServer, startLocalServer } from '@oauth-lab/course/local-server.ts'

/** What happens to a response on its way. */
export type Fault = 'lost' | 'cut' | Promise<void>

/** Sits between client and server, and loses, truncates or delays responses on their way back. */
export class Relay {
  /** By path: loses the response, cuts it after half of its body, or holds it until a promise resolves. */
  readonly faults = new Map<string, Fault>()
  /** The number of responses held right now. */
  held = 0
  #server: LocalServer | undefined

  /** @param target the origin to pass requests on to */
  async start(target: string): Promise<void> {
    this.#server = await startLocalServer(async (incoming, response) => {
      const { method = 'GET', url = '', headers } = incoming
      const onward = incoming.pipe(request(target + url, { method, headers }))
      const [answer] = (await once(onward, 'response')) as [IncomingMessage]
      const body = Buffer.concat(await answer.toArray())
      const fault = this.faults.get(url.split('?', 1)[0] ?? '')
      if (fault instanceof Promise) {
        this.held += 1
        await fault
        this.held -= 1
      }
      send(response, answer, body, fault)
    })
  }

  get origin(): string {
    return this.#server?.url ?? ''
  }

  close(): Promise<void> | undefined {
    return this.#server?.close()
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
