import { createApp } from '@oauth-lab/shared/app.ts'
import type { LabConfig } from '@oauth-lab/shared/config.ts'
import { registerSessions } from '@oauth-lab/shared/session.ts'
import type { FastifyInstance } from 'fastify'
import { callbackRoute } from './routes/callback.ts'
import { emailRoute } from './routes/email.ts'
import { homeRoute } from './routes/home.ts'
import { loginRoute } from './routes/login.ts'
import { logoutRoute } from './routes/logout.ts'
import { profileRoute } from './routes/profile.ts'

/** The client: an app that wants to act for a user without ever seeing the user's password. */
export function buildClient(config: LabConfig): FastifyInstance {
  const app = createApp(import.meta.dirname)

  // A flood of logins that nobody finishes must not push out the people who are logged in.
  registerSessions(app, config, config.clientUrl, ({ tokens }) => tokens !== undefined)
  app.register(homeRoute, { config })
  app.register(loginRoute, { config })
  app.register(callbackRoute, { config })
  app.register(profileRoute, { config })
  app.register(emailRoute, { config })
  app.register(logoutRoute)

  return app
}
