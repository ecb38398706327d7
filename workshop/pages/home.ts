import type { FastifyInstance } from 'fastify'
import type { Workshop } from '../app.ts'

/** `GET /`: the course at a glance. */
export async function homePage(app: FastifyInstance, _workshop: Workshop): Promise<void> {
  app.get('/', (_request, reply) => reply.viewAsync('home', { title: 'OAuth Lab' }))
}
