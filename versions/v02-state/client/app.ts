import { createApp } from '@oauth-lab/shared/app.ts'
import type { LabConfig } from '@oauth-lab/shared/config.ts'
import { registerSessions } from '@oauth-lab/shared/session.ts'
import type { FastifyInstance } from 'fastify'
import { callbackRoute } from './routes/callback.ts'
import { homeRoute } from './routes/home.ts'
import { loginRoute } from './routes/login.ts'

/** The client: an app that wants to act for a user without ever seeing the user's password. */
export function buildClient(config: LabConfig): FastifyInstance {
  const app = createApp(import.meta.dirname)

  registerSessions(app, config, config.clientUrl)
  app.register(homeRoute)
  app.register(loginRoute, { config })
  app.register(callbackRoute, { config })

  return app
}
