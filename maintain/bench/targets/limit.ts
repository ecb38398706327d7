import formbody from '@fastify/formbody'
import { portOf, readConfig } from '@oauth-lab/shared/config.ts'
import Fastify from 'fastify'

/**
 * The limit of the framework: the same routes, with constant responses of the same size. It checks
 * nothing and stores nothing, so no server on Fastify can do the same work with less.
 */
const config = readConfig(process.env)
const token = 'x'.repeat(43)
const page = `<!doctype html><form method="post"><input name="username"><input name="password"></form>${' '.repeat(950)}`
const location = `${config.clientUrl}/callback?code=${token}&state=a-state`
const tokens = { access_token: token, token_type: 'Bearer', expires_in: 300, refresh_token: token }
const user = { user_id: 'user0', username: 'User Number 0', email: 'user0@oauth-lab.me' }

const app = Fastify()
app.register(formbody)
app.get('/authorize', async (_request, reply) => reply.type('text/html; charset=utf-8').send(page))
app.post('/authorize', async (_request, reply) => reply.redirect(location, 303))
app.post('/token', async () => tokens)
app.post('/revoke', async (_request, reply) => reply.send(''))
app.get('/api/me', async () => user)
await app.listen({ port: portOf(config.authServerUrl), host: 'localhost' })
