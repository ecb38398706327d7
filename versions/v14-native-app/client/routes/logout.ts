import type { FastifyInstance } from 'fastify'

/** Ends the session at this client, and then this client's access. The server's session goes on. */
export async function logoutRoute(app: FastifyInstance): Promise<void> {
  // POST only: RFC 9110 section 9.2.1 says that a GET changes nothing, and any page can cause one.
  app.post('/logout', async (request, reply) => {
    const { tokens } = request.session
    await request.session.destroy()
    await tokens?.revoke()
    return reply.redirect('/', 303)
  })
}
