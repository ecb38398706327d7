import { pagePolicy } from '@oauth-lab/shared/app.ts'
import { OAuthError } from '@oauth-lab/shared/oauth.ts'
import { type Parameters, soleParameter } from '@oauth-lab/shared/parameters.ts'
import { authenticateUser } from '@oauth-lab/shared/passwords.ts'
import { randomToken } from '@oauth-lab/shared/secrets.ts'
import type { User } from '@oauth-lab/shared/users.ts'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { AuthorizationRequest } from '../../protocol.ts'
import { AuthorizationError, readAuthorizationRequest } from '../authorization-request.ts'
import { sendAuthorizationResponse } from '../authorization-response.ts'
import type { Clients } from '../clients.ts'
import { scopeMeanings } from '../scopes.ts'
import type { Grant, IssuedCode, Store } from '../store.ts'

/** The authorization endpoint, where the server meets the user. RFC 6749 section 3.1 */
export async function authorizeRoutes(
  app: FastifyInstance,
  { clients, store }: { clients: Clients; store: Store },
): Promise<void> {
  app.get<{ Querystring: Parameters }>('/authorize', async (request, reply) => {
    const authorizationRequest = readAuthorizationRequest(request.query, clients)
    return showLogin(reply, authorizationRequest)
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

      return sendCode(reply, store, authorizationRequest, user)
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
  { client_id, redirect_uri, scopes }: AuthorizationRequest,
  message = '',
  username = '',
): FastifyReply {
  const { origin } = new URL(redirect_uri)
  reply.header('content-security-policy', pagePolicy(origin))
  return reply.view('login.eta', { client_id, origin, scopes, scopeMeanings, message, username })
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
