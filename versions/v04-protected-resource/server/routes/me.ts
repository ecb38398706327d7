import { OAuthError } from '@oauth-lab/shared/oauth.ts'
import type { FastifyInstance } from 'fastify'
import type { UserInfo } from '../../protocol.ts'
import type { Store } from '../store.ts'

/** The protected resource: the user for whom the access token speaks. RFC 6749 section 7 */
export async function meRoute(app: FastifyInstance, { store }: { store: Store }): Promise<void> {
  app.get('/api/me', async (request, reply): Promise<UserInfo> => {
    const { authorization = '' } = request.headers
    // RFC 6750 section 3.1: who brings no token learns which kind is wanted here, and of no error.
    if (!/^Bearer( |$)/i.test(authorization)) {
      reply.code(401).header('www-authenticate', 'Bearer realm="oauth-lab"')
      return reply.send({ message: 'Send an access token in the Authorization header.' })
    }

    // RFC 6750 section 2.1
    const [, accessToken = ''] = /^Bearer +(.*)$/i.exec(authorization) ?? []
    const grant = store.accessTokens.get(accessToken)
    if (grant === undefined) {
      throw new OAuthError('invalid_token', 'The access token is malformed, unknown or expired')
    }
    return grant.user
  })

  // RFC 6750 section 3
  app.setErrorHandler<Error>(async (error, _request, reply) => {
    if (!(error instanceof OAuthError)) throw error
    const challenge = `error="${error.code}", error_description="${error.message}"`
    reply.code(401).header('www-authenticate', `Bearer realm="oauth-lab", ${challenge}`)
    return reply.send({ error: error.code, error_description: error.message })
  })
}
