import type { FastifyInstance } from 'fastify'

/** Ends the session at this client only. Tokens from the server stay valid until they expire. */
export async function logoutRoute(app: FastifyInstance): Promise<void> {
  // POST only: RFC 9110 section 9.2.1 says that a GET changes nothing, and any page can cause one.
  app.post('/logout', async (request, reply) => {
    await request.session.destroy()
    return reply.redirect('/', 303)
  })
}
