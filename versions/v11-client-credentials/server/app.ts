import { createApp } from '@oauth-lab/shared/app.ts'
import type { LabConfig } from '@oauth-lab/shared/config.ts'
import { registerSessions } from '@oauth-lab/shared/session.ts'
import type { FastifyInstance } from 'fastify'
import type { FindAccessToken } from './bearer-auth.ts'
import { registeredClients } from './clients.ts'
import { accountRoutes } from './routes/account.ts'
import { authorizeRoutes } from './routes/authorize.ts'
import { homeRoute } from './routes/home.ts'
import { logoutRoute } from './routes/logout.ts'
import { meRoute } from './routes/me.ts'
import { tokenRoute } from './routes/token.ts'
import { refuseForeignForms } from './same-origin.ts'
import { createStore } from './store.ts'

/** The authorization server, and the resource server that accepts its tokens. */
export function buildServer(config: LabConfig): FastifyInstance {
  const app = createApp(import.meta.dirname)
  const clients = registeredClients(config)
  const store = createStore(config)
  const findAccessToken: FindAccessToken = async (token) => store.accessTokens.get(token)

  app.register(homeRoute, { config })
  // Only browsers have sessions. The endpoints below are for programs.
  app.register(async (pages) => {
    registerSessions(pages, config, config.authServerUrl)
    pages.addHook('onRequest', refuseForeignForms)
    pages.register(authorizeRoutes, { clients, store })
    pages.register(logoutRoute)
    pages.register(accountRoutes, { clients, store })
  })
  app.register(tokenRoute, { clients, store })
  app.register(meRoute, { findAccessToken })

  return app
}
