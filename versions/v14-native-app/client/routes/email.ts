import type { LabConfig } from '@oauth-lab/shared/config.ts'
import type { FastifyInstance } from 'fastify'
import { fetchEmail } from '../api.ts'

/** A page that needs a different scope from the profile. */
export async function emailRoute(
  app: FastifyInstance,
  { config }: { config: LabConfig },
): Promise<void> {
  app.get('/email', async (request, reply) => {
    const { email } = await fetchEmail(config, request.session)
    return reply.view('email.eta', { email })
  })
}
