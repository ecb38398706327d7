import type { LabConfig } from '@oauth-lab/shared/config.ts'
import type { FastifyInstance } from 'fastify'
import { fetchUserInfo } from '../api.ts'

/** A page for logged-in users. Its content comes from the protected resource. */
export async function profileRoute(
  app: FastifyInstance,
  { config }: { config: LabConfig },
): Promise<void> {
  app.get('/profile', async (request, reply) => {
    const user = await fetchUserInfo(config, request.session)
    if (user === undefined) reply.code(403)
    return reply.view('profile.eta', { user })
  })
}
