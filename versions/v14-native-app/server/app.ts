import { createApp } from '@oauth-lab/shared/app.ts'
import type { LabConfig } from '@oauth-lab/shared/config.ts'
import { registerSessions } from '@oauth-lab/shared/session.ts'
import type { FastifyInstance } from 'fastify'
import { registeredClients } from './clients.ts'
import { accountRoutes } from './routes/account.ts'
import { authorizeRoutes } from './routes/authorize.ts'
import { homeRoute } from './routes/home.ts'
import { jwksRoute } from './routes/jwks.ts'
import { logoutRoute } from './routes/logout.ts'
import { tokenRoute } from './routes/token.ts'
import { refuseForeignForms } from './same-origin.ts'
import { createStore } from './store.ts'

/** The authorization server. The resource server that accepts its tokens is in api/. */
export function buildServer(config: LabConfig): FastifyInstance {
  const app = createApp(import.meta.dirname)
  const clients = registeredClients(config)
  const store = createStore(config)

  app.register(homeRoute, { config })
  // Only browsers have sessions. The endpoints below are for programs.
  app.register(async (pages) => {
    registerSessions(pages, config, config.authServerUrl)
    pages.addHook('onRequest', refuseForeignForms)
    pages.register(authorizeRoutes, { clients, store })
    pages.register(logoutRoute)
    pages.register(accountRoutes, { clients, store })
  })
  app.register(tokenRoute, { clients, config, store })
  app.register(jwksRoute, { store })

  return app
}
