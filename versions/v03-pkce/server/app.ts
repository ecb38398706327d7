import { createApp } from '@oauth-lab/shared/app.ts'
import type { LabConfig } from '@oauth-lab/shared/config.ts'
import type { FastifyInstance } from 'fastify'
import { registeredClients } from './clients.ts'
import { authorizeRoutes } from './routes/authorize.ts'
import { homeRoute } from './routes/home.ts'
import { tokenRoute } from './routes/token.ts'
import { createStore } from './store.ts'

/** The authorization server: it knows the users and the clients, and issues the tokens. */
export function buildServer(config: LabConfig): FastifyInstance {
  const app = createApp(import.meta.dirname)
  const clients = registeredClients(config)
  const store = createStore(config)

  app.register(homeRoute, { config })
  app.register(authorizeRoutes, { clients, store })
  app.register(tokenRoute, { clients, store })

  return app
}
