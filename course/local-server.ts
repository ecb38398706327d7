import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server at a free port of this machine. */
export interface LocalServer {
  url: string
  close: () => Promise<void>
}

/** Starts a server that handles each request. It hangs up if the handler throws. */
export async function startLocalServer(
  handle: (incoming: IncomingMessage, response: ServerResponse) => void | Promise<void>,
): Promise<LocalServer> {
  const server = createServer(async (incoming, response) => {
    try {
      await handle(incoming, response)
    } catch {
      response.destroy()
    }
  })
  await once(server.listen(0, 'localhost'), 'listening')
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
