import type { FastifyInstance } from 'fastify'
import type { UserInfo } from '../../protocol.ts'
import { authenticateBearer, type FindAccessToken, sendBearerError } from '../bearer-auth.ts'

/** The protected resource: the user whom the access token stands for. RFC 6749 section 7 */
export async function meRoute(
  app: FastifyInstance,
  { findAccessToken }: { findAccessToken: FindAccessToken },
): Promise<void> {
  app.get('/api/me', { config: { backChannel: true } }, async (request): Promise<UserInfo> => {
    const { grant } = await authenticateBearer(request, findAccessToken)
    return grant.user
  })

  app.setErrorHandler(sendBearerError)
}
