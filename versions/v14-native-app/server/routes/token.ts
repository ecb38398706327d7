import type { LabConfig } from '@oauth-lab/shared/config.ts'
import { OAuthError } from '@oauth-lab/shared/oauth.ts'
import { type Parameters, requiredParameter } from '@oauth-lab/shared/parameters.ts'
import type { FastifyInstance } from 'fastify'
import type { AccessTokenResponse, TokenErrorResponse } from '../../protocol.ts'
import { authenticateClient } from '../client-auth.ts'
import type { Clients } from '../clients.ts'
import { authorizationCodeGrant } from '../grants/authorization-code.ts'
import { clientCredentialsGrant } from '../grants/client-credentials.ts'
import { refreshTokenGrant } from '../grants/refresh-token.ts'
import type { Store } from '../store.ts'
import { introspectRoute } from './introspect.ts'
import { revokeRoute } from './revoke.ts'

/** The grant types that this server knows. */
const GRANT_TYPES = ['authorization_code', 'refresh_token', 'client_credentials']

/** The token endpoint, which clients call directly, without a browser. RFC 6749 section 3.2 */
export async function tokenRoute(
  app: FastifyInstance,
  { clients, config, store }: { clients: Clients; config: LabConfig; store: Store },
): Promise<void> {
  app.post<{ Body: Parameters | undefined; Reply: AccessTokenResponse }>(
    '/token',
    { config: { backChannel: true } },
    async (request) => {
      const form = request.body
      if (form === undefined) {
        throw new OAuthError(
          'invalid_request',
          'The body must be application/x-www-form-urlencoded',
        )
      }
      const client = authenticateClient(request.headers.authorization, form, clients)

      const grant_type = requiredParameter(form, 'grant_type')
      // RFC 6749 section 5.2
      if (GRANT_TYPES.includes(grant_type) && !client.grant_types.includes(grant_type)) {
        throw new OAuthError('unauthorized_client', 'The client may not use that grant_type')
      }
      if (grant_type === 'authorization_code') return authorizationCodeGrant(form, client, store)
      if (grant_type === 'refresh_token') return refreshTokenGrant(form, client, store)
      if (grant_type === 'client_credentials') return clientCredentialsGrant(form, client, store)
      throw new OAuthError('unsupported_grant_type', 'This server does not know that grant_type')
    },
  )

  // RFC 7009 section 2.2.1: its errors are those of this endpoint, so they share the handler below.
  app.register(revokeRoute, { clients, store })
  // RFC 7662 section 2.3: the same.
  app.register(introspectRoute, { clients, config, store })

  // RFC 6749 section 5.2
  app.setErrorHandler<Error>(async (error, _request, reply) => {
    if (!(error instanceof OAuthError)) throw error
    reply.code(400)
    if (error.code === 'invalid_client') {
      reply.code(401).header('www-authenticate', 'Basic realm="oauth-lab"')
    }
    const response: TokenErrorResponse = {
      error: error.code,
      error_description: error.message,
    }
    return reply.send(response)
  })
}
