import { pagePolicy } from '@oauth-lab/shared/app.ts'
import { OAuthError } from '@oauth-lab/shared/oauth.ts'
import { type Parameters, soleParameter } from '@oauth-lab/shared/parameters.ts'
import { randomToken } from '@oauth-lab/shared/secrets.ts'
import { authenticateUser } from '@oauth-lab/shared/users.ts'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type {
  AuthorizationErrorResponse,
  AuthorizationRequest,
  AuthorizationResponse,
} from '../../protocol.ts'
import { readAuthorizationRequest, verifyRedirectUri } from '../authorization-request.ts'
import type { Clients } from '../clients.ts'
import type { Grant, Store } from '../store.ts'

/** The authorization endpoint: the one place where the user meets this server. RFC 6749 section 3.1 */
export async function authorizeRoutes(
  app: FastifyInstance,
  { clients, store }: { clients: Clients; store: Store },
): Promise<void> {
  app.get<{ Querystring: Parameters }>('/authorize', async (request, reply) => {
    const authorizationRequest = readAuthorizationRequest(request.query, clients)
    return showLogin(reply, authorizationRequest)
  })

  // The form posts to the address it stands at, so the whole request comes again: check it again.
  app.post<{ Querystring: Parameters; Body: Parameters | undefined }>(
    '/authorize',
    async (request, reply) => {
      const authorizationRequest = readAuthorizationRequest(request.query, clients)
      if (request.body === undefined) {
        return showLogin(reply.code(400), authorizationRequest, 'Send the form of this page.')
      }

      const username = soleParameter(request.body, 'username') ?? ''
      const password = soleParameter(request.body, 'password') ?? ''
      const user = authenticateUser(username, password)
      if (user === undefined) {
        const message = 'Wrong user name or password.'
        // RFC 9110 section 15.5.2 wants a challenge with a 401, and for a form there is none.
        return showLogin(reply.code(401), authorizationRequest, message, username)
      }

      // RFC 6749 section 4.1.2
      const code = randomToken()
      const grant: Grant = {
        client_id: authorizationRequest.client_id,
        user,
        loginTime: performance.now(),
        ended: false,
      }
      store.codes.set(code, { request: authorizationRequest, grant }, store.codeTtl)
      return redirectBack(reply, authorizationRequest.redirect_uri, {
        code,
        state: authorizationRequest.state,
      })
    },
  )

  // RFC 6749 section 4.1.2.1
  app.setErrorHandler<Error, { Querystring: Parameters }>(async (error, request, reply) => {
    if (!(error instanceof OAuthError)) throw error
    const { redirect_uri } = verifyRedirectUri(request.query, clients)
    return redirectBack(reply, redirect_uri, {
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

/** Sends the browser back to the client, with an answer in the query of its redirect URI. */
function redirectBack(
  reply: FastifyReply,
  redirectUri: string,
  answer: AuthorizationResponse | AuthorizationErrorResponse,
): FastifyReply {
  const url = new URL(redirectUri)
  for (const [name, value] of Object.entries(answer)) {
    if (value !== undefined) url.searchParams.set(name, value)
  }
  // RFC 9700 section 4.12: a 307 would make the browser post the password on to the client.
  return reply.redirect(url.href, 303)
}
