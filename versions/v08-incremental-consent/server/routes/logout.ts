import { queryOf } from '@oauth-lab/shared/parameters.ts'
import type { FastifyInstance } from 'fastify'

/** Ends the session at this server. The clients that the user allowed something don't notice. */
export async function logoutRoute(app: FastifyInstance): Promise<void> {
  app.post('/logout', async (request, reply) => {
    await request.session.destroy()
    return reply.redirect(`/authorize${queryOf(request.url)}`, 303)
  })
}
