import type { FastifyInstance } from 'fastify'

/** Ends the session of this client alone: what the server has issued stays good until it expires. */
export async function logoutRoute(app: FastifyInstance): Promise<void> {
  // POST alone: RFC 9110 section 9.2.1 has a GET change nothing, and any page can cause one.
  app.post('/logout', async (request, reply) => {
    await request.session.destroy()
    return reply.redirect('/', 303)
  })
}
