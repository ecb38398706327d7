import { pagePolicy } from '@oauth-lab/shared/app.ts'
import { OAuthError } from '@oauth-lab/shared/oauth.ts'
import { PageError } from '@oauth-lab/shared/page-error.ts'
import { type Parameters, queryOf, soleParameter, valuesOf } from '@oauth-lab/shared/parameters.ts'
import { authenticateUser } from '@oauth-lab/shared/passwords.ts'
import { randomToken } from '@oauth-lab/shared/secrets.ts'
import { sessionHasEnded } from '@oauth-lab/shared/session.ts'
import type { User } from '@oauth-lab/shared/users.ts'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { AuthorizationRequest } from '../../protocol.ts'
import { AuthorizationError, readAuthorizationRequest } from '../authorization-request.ts'
import { sendAuthorizationResponse } from '../authorization-response.ts'
import type { Clients } from '../clients.ts'
import { issueConsent, useConsent } from '../consent.ts'
import { scopeMeanings } from '../scopes.ts'
import { allowedScopesOf, type Grant, type IssuedCode, type Store } from '../store.ts'

/** The authorization endpoint, where the server meets the user. RFC 6749 section 3.1 */
export async function authorizeRoutes(
  app: FastifyInstance,
  { clients, store }: { clients: Clients; store: Store },
): Promise<void> {
  app.get<{ Querystring: Parameters }>('/authorize', async (request, reply) => {
    const authorizationRequest = readAuthorizationRequest(request.query, clients)
    const { login } = request.session
    if (login === undefined) return showLogin(reply, authorizationRequest)

    // RFC 6749 section 10.2: skipping the page is safe because only this client can redeem the code.
    const allowed = allowedScopesOf(store, login.user, authorizationRequest.client_id)
    // RFC 8252 section 8.6: any program can use a public client's name, so an earlier yes doesn't count.
    const isPublic = clients.get(authorizationRequest.client_id)?.client_secret === undefined
    const asked = authorizationRequest.scopes.filter((scope) => isPublic || !allowed.has(scope))
    if (asked.length === 0) return sendCode(reply, store, authorizationRequest, login.user)

    const consent = issueConsent(login, authorizationRequest, store.codeTtl)
    const { origin } = new URL(authorizationRequest.redirect_uri)
    reply.header('content-security-policy', pagePolicy(origin))
    const page = { ...authorizationRequest, ...login.user, origin, scopeMeanings, consent, asked }
    return reply.view('consent.eta', { ...page, query: queryOf(request.url) })
  })

  // The form posts to its own URL, so the whole request arrives again. It gets checked again, too.
  app.post<{ Querystring: Parameters; Body: Parameters | undefined }>(
    '/authorize',
    async (request, reply) => {
      const authorizationRequest = readAuthorizationRequest(request.query, clients)
      if (request.body === undefined) {
        return showLogin(reply.code(400), authorizationRequest, 'Send the form on this page.')
      }
      // RFC 6749 section 4.1.2.1
      if ([request.body.decision].flat().includes('deny')) {
        const denial = new OAuthError('access_denied', 'The user did not allow it')
        throw new AuthorizationError(authorizationRequest.redirect_uri, denial)
      }

      const username = soleParameter(request.body, 'username') ?? ''
      const password = soleParameter(request.body, 'password') ?? ''
      const user = authenticateUser(username, password)
      if (user === undefined) {
        const message = 'Wrong user name or password.'
        // RFC 9110 section 15.5.2 wants a challenge with a 401, but no challenge fits a form.
        return showLogin(reply.code(401), authorizationRequest, message, username)
      }

      // A new session ID: someone who knows the old one must not be logged in with it.
      await request.session.regenerate()
      request.session.login = { user, consents: new Map(), csrf: randomToken() }
      return reply.redirect(request.url, 303)
    },
  )

  app.post<{ Querystring: Parameters; Body: Parameters | undefined }>(
    '/consent',
    async (request, reply) => {
      const authorizationRequest = readAuthorizationRequest(request.query, clients)
      const form = request.body ?? {}
      const consent = soleParameter(form, 'consent') ?? ''
      // The form may arrive slowly, and a logout in between counts.
      const login = sessionHasEnded(request) ? undefined : request.session.login
      // RFC 6749 section 10.12: only a page that this user saw for this request can be answered.
      if (login === undefined || !useConsent(login, authorizationRequest, consent)) {
        const message = 'This page was used before, has expired, or belongs to another login.'
        const next = { href: `/authorize${queryOf(request.url)}`, text: 'Show it again' }
        throw new PageError(400, 'Invalid consent', message, next)
      }
      const ticked = valuesOf(form, 'scope')
      if (!ticked.every((scope) => authorizationRequest.scopes.includes(scope ?? ''))) {
        throw new PageError(400, 'Invalid consent', 'The client asks for other scopes.')
      }
      const allowed = allowedScopesOf(store, login.user, authorizationRequest.client_id)
      const isPublic = clients.get(authorizationRequest.client_id)?.client_secret === undefined
      const scopes = authorizationRequest.scopes.filter((scope) => {
        return ticked.includes(scope) || (allowed.has(scope) && !isPublic)
      })
      // RFC 6749 section 4.1.2.1
      if (soleParameter(form, 'decision') !== 'allow' || scopes.length === 0) {
        const denial = new OAuthError('access_denied', 'The user did not allow it')
        throw new AuthorizationError(authorizationRequest.redirect_uri, denial)
      }
      for (const scope of scopes) allowed.add(scope)
      const { user } = login
      return sendCode(reply, store, { ...authorizationRequest, scopes }, user)
    },
  )

  // RFC 6749 section 4.1.2.1
  app.setErrorHandler<Error, { Querystring: Parameters }>(async (error, request, reply) => {
    if (!(error instanceof AuthorizationError)) throw error
    return sendAuthorizationResponse(reply, error.redirectUri, {
      error: error.code,
      error_description: error.message,
      state: soleParameter(request.query, 'state'),
    })
  })
}

function showLogin(
  reply: FastifyReply,
  { client_id, redirect_uri }: AuthorizationRequest,
  message = '',
  username = '',
): FastifyReply {
  const { origin } = new URL(redirect_uri)
  reply.header('content-security-policy', pagePolicy(origin))
  return reply.view('login.eta', { client_id, origin, message, username })
}

/** Issues a code, and sends the browser back to the client with it. RFC 6749 section 4.1.2 */
function sendCode(
  reply: FastifyReply,
  store: Store,
  authorizationRequest: AuthorizationRequest,
  user: User,
): FastifyReply {
  const code = randomToken()
  const grant: Grant = {
    client_id: authorizationRequest.client_id,
    user,
    scopes: authorizationRequest.scopes,
    allowed: allowedScopesOf(store, user, authorizationRequest.client_id),
    authorizedAt: performance.now(),
    ended: false,
  }
  const issuedCode: IssuedCode = {
    grant,
    redirect_uri: authorizationRequest.redirect_uri,
    code_challenge: authorizationRequest.code_challenge,
  }
  store.codes.set(code, issuedCode, store.codeTtl)
  return sendAuthorizationResponse(reply, authorizationRequest.redirect_uri, {
    code,
    state: authorizationRequest.state,
  })
}
