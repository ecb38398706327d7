import type { LabConfig } from '@oauth-lab/shared/config.ts'
import { OAuthError } from '@oauth-lab/shared/oauth.ts'
import { type Parameters, requiredParameter } from '@oauth-lab/shared/parameters.ts'
import type { FastifyInstance } from 'fastify'
import { authenticateClient } from '../client-auth.ts'
import type { Clients } from '../clients.ts'
import type { Store } from '../store.ts'

/** The introspection endpoint, where the API asks what a token stands for. RFC 7662 section 2 */
export async function introspectRoute(
  app: FastifyInstance,
  { clients, config, store }: { clients: Clients; config: LabConfig; store: Store },
): Promise<void> {
  app.post<{ Body: Parameters | undefined }>(
    '/introspect',
    { config: { backChannel: true } },
    async (request) => {
      const form = request.body
      if (form === undefined) throw new OAuthError('invalid_request', 'The body must be a form')
      const client = authenticateClient(request.headers.authorization, form, clients)
      const issued = store.accessTokens.get(requiredParameter(form, 'token'))
      // RFC 7662 sections 2.2 and 4: nothing says why, and clients can't use this to try out tokens.
      if (issued === undefined || client.client_id !== config.apiId) return { active: false }
      return {
        active: true,
        scope: issued.scopes.join(' '),
        client_id: issued.grant.client_id,
        sub: issued.grant.user?.user_id ?? issued.grant.client_id,
        token_type: 'Bearer',
        iat: Math.floor(issued.issuedAt / 1000),
        exp: Math.ceil(issued.issuedAt / 1000 + store.accessTokenTtl),
        aud: config.apiUrl,
        iss: config.authServerUrl,
      }
    },
  )
}
