import { createApp } from '@oauth-lab/shared/app.ts'
import type { LabConfig } from '@oauth-lab/shared/config.ts'
import type { FastifyInstance } from 'fastify'
import { tokenReader } from './access-token.ts'
import { meRoute } from './routes/me.ts'

/** The API: a resource server that remembers no token. */
export function buildApi(config: LabConfig): FastifyInstance {
  const app = createApp(import.meta.dirname)
  app.register(meRoute, { findAccessToken: tokenReader(config) })
  return app
}
