import { queryOf } from '@oauth-lab/shared/parameters.ts'
import type { FastifyInstance } from 'fastify'

/** Ends the session at this server. Clients that the user gave access don't notice. */
export async function logoutRoute(app: FastifyInstance): Promise<void> {
  app.post('/logout', async (request, reply) => {
    await request.session.destroy()
    const query = queryOf(request.url)
    if (query === '') return reply.redirect('/account', 303)
    return reply.redirect(`/authorize${query}`, 303)
  })
}
