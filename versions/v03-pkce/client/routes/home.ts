import type { FastifyInstance } from 'fastify'

/** The page where everything starts. */
export async function homeRoute(app: FastifyInstance): Promise<void> {
  app.get('/', async (_request, reply) => {
    return reply.view('home.eta')
  })
}
