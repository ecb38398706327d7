import type { LabConfig } from '@oauth-lab/shared/config.ts'
import type { FastifyInstance } from 'fastify'

/** For people who open the server's address by hand: a login starts at the client. */
export async function homeRoute(
  app: FastifyInstance,
  { config }: { config: LabConfig },
): Promise<void> {
  app.get('/', async (_request, reply) => {
    return reply.view('home.eta', { clientUrl: config.clientUrl })
  })
}
