import { createApp } from '@oauth-lab/shared/app.ts'
import { PageError } from '@oauth-lab/shared/page-error.ts'
import { type Parameters, soleParameter } from '@oauth-lab/shared/parameters.ts'
import { sameSecret } from '@oauth-lab/shared/secrets.ts'

const DONE = '<!doctype html><html lang="en"><title>Done</title><p>You can close this page.'

/** Listens for the response with this state, on a free port of this machine. RFC 8252 section 7.3 */
export async function listenForResponse(expected: string) {
  const app = createApp(import.meta.dirname)
  const arrival = new Promise<Parameters>((resolve) => {
    app.get('/callback', { exposeHeadRoute: false }, async (request, reply) => {
      const query = request.query as Parameters
      // RFC 6749 section 10.12: accept no response to a login that this program didn't start.
      if (!sameSecret(soleParameter(query, 'state') ?? '', expected)) {
        throw new PageError(400, 'Wrong state', "This response doesn't belong to this login.")
      }
      reply.raw.once('close', () => resolve(query))
      return reply.type('text/html; charset=utf-8').send(DONE)
    })
  })
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  // A connection that a browser keeps open would keep this program running.
  const stop = () => app.server.close().closeAllConnections()
  return { redirect_uri: `${origin}/callback`, arrival, stop }
}
