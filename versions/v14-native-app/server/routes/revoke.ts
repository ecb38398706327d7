import { OAuthError } from '@oauth-lab/shared/oauth.ts'
import { type Parameters, requiredParameter, valuesOf } from '@oauth-lab/shared/parameters.ts'
import type { FastifyInstance } from 'fastify'
import { authenticateClient } from '../client-auth.ts'
import type { Clients } from '../clients.ts'
import { ID_LENGTH } from '../grants/refresh-token.ts'
import type { Store } from '../store.ts'

/** The revocation endpoint, where a client ends its own access. RFC 7009 section 2 */
export async function revokeRoute(
  app: FastifyInstance,
  { clients, store }: { clients: Clients; store: Store },
): Promise<void> {
  app.post<{ Body: Parameters | undefined }>(
    '/revoke',
    { config: { backChannel: true } },
    async (request, reply) => {
      const form = request.body
      if (form === undefined) {
        throw new OAuthError(
          'invalid_request',
          'The body must be application/x-www-form-urlencoded',
        )
      }
      const client = authenticateClient(request.headers.authorization, form, clients)
      // RFC 6749 section 3.2
      if (Object.keys(form).some((name) => valuesOf(form, name).length > 1)) {
        throw new OAuthError('invalid_request', 'A parameter is given more than once')
      }
      // RFC 7009 section 2.1: token_type_hint can only speed up the search, so this server ignores it.
      const token = requiredParameter(form, 'token')
      const family = store.families.get(token.slice(0, ID_LENGTH))
      const isExpired = family !== undefined && performance.now() >= family.expiresAt
      const grant = family?.grant ?? store.accessTokens.get(token)?.grant

      // RFC 7009 section 2.2: a token that doesn't work is no error, since it is what the client wants.
      if (grant === undefined || isExpired) return reply.send()
      // RFC 7009 section 2.1
      if (grant.client_id !== client.client_id) {
        throw new OAuthError('invalid_grant', 'The token is of another client')
      }
      // RFC 7009 section 2.1: a refresh token, used or not, ends every token of its login. An access token
      // ends alone.
      if (family !== undefined) grant.ended = true
      store.accessTokens.delete(token)
      return reply.send()
    },
  )
}
