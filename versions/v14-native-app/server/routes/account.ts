import { PageError } from '@oauth-lab/shared/page-error.ts'
import { type Parameters, soleParameter } from '@oauth-lab/shared/parameters.ts'
import { authenticateUser } from '@oauth-lab/shared/passwords.ts'
import { randomToken, sameSecret } from '@oauth-lab/shared/secrets.ts'
import { sessionHasEnded } from '@oauth-lab/shared/session.ts'
import type { FastifyInstance } from 'fastify'
import type { Clients } from '../clients.ts'
import { scopeMeanings } from '../scopes.ts'
import { allowedScopesOf, disconnect, type Store } from '../store.ts'

/** The pages where users see which clients they gave access, and take it back. No RFC describes them. */
export async function accountRoutes(
  app: FastifyInstance,
  { clients, store }: { clients: Clients; store: Store },
): Promise<void> {
  app.get('/account', async (request, reply) => {
    const { login } = request.session
    if (login === undefined) return reply.view('login.eta', { username: '' })

    const connections = [...clients.keys()]
      .map((client_id) => ({ client_id, scopes: allowedScopesOf(store, login.user, client_id) }))
      .filter(({ scopes }) => scopes.size > 0)
    const page = { ...login.user, csrf: login.csrf, connections, scopeMeanings }
    return reply.view('account.eta', page)
  })

  app.post<{ Body: Parameters | undefined }>('/account', async (request, reply) => {
    if (request.body === undefined) {
      const message = 'Send the form on this page.'
      return reply.code(400).view('login.eta', { message, username: '' })
    }
    const username = soleParameter(request.body, 'username') ?? ''
    const password = soleParameter(request.body, 'password') ?? ''
    const user = authenticateUser(username, password)
    if (user === undefined) {
      const message = 'Wrong user name or password.'
      // RFC 9110 section 15.5.2 wants a challenge with a 401, but no challenge fits a form.
      return reply.code(401).view('login.eta', { message, username })
    }

    // A new session ID: someone who knows the old one must not be logged in with it.
    await request.session.regenerate()
    request.session.login = { user, consents: new Map(), csrf: randomToken() }
    return reply.redirect('/account', 303)
  })

  app.post<{ Body: Parameters | undefined }>('/account/disconnect', async (request, reply) => {
    const form = request.body ?? {}
    const csrf = soleParameter(form, 'csrf') ?? ''
    const client_id = soleParameter(form, 'client_id') ?? ''
    // The form may arrive slowly, and a logout in between counts.
    const login = sessionHasEnded(request) ? undefined : request.session.login
    // RFC 6749 section 10.12: another site can send this form, but it can't read the value on the page.
    if (
      login === undefined ||
      !sameSecret(csrf, login.csrf) ||
      !disconnect(store, login.user, client_id)
    ) {
      const message = 'The app was disconnected before, or this page belongs to another login.'
      const next = { href: '/account', text: 'Show your apps' }
      throw new PageError(400, 'Not disconnected', message, next)
    }
    return reply.redirect('/account', 303)
  })
}
