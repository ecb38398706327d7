import type { LabConfig } from '@oauth-lab/shared/config.ts'
import type { FastifyInstance } from 'fastify'

/** Sends the browser to the authorization server. RFC 6749 section 4.1.1 */
export async function loginRoute(
  app: FastifyInstance,
  { config }: { config: LabConfig },
): Promise<void> {
  app.get('/login', async (_request, reply) => {
    const url = new URL('/authorize', config.authServerUrl)
    url.searchParams.set('response_type', 'code')
    url.searchParams.set('client_id', config.clientId)
    url.searchParams.set('redirect_uri', `${config.clientUrl}/callback`)

    return reply.redirect(url.href, 302)
  })
}
