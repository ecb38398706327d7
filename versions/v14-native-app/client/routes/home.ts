import type { LabConfig } from '@oauth-lab/shared/config.ts'
import type { FastifyInstance } from 'fastify'
import { fetchUserInfo } from '../api.ts'

/** The page where everything starts. */
export async function homeRoute(
  app: FastifyInstance,
  { config }: { config: LabConfig },
): Promise<void> {
  app.get('/', async (request, reply) => {
    if (request.session.tokens === undefined) return reply.view('home.eta')

    const user = await fetchUserInfo(config, request.session)
    if (user === undefined) return reply.code(403).view('profile.eta')
    return reply.view('home.eta', { user })
  })
}
