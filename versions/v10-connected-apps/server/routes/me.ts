import type { FastifyInstance } from 'fastify'
import type { EmailInfo, UserInfo } from '../../protocol.ts'
import { authenticateBearer, type FindAccessToken, sendBearerError } from '../bearer-auth.ts'

/** The protected resources: the user whom the access token stands for. RFC 6749 section 7 */
export async function meRoute(
  app: FastifyInstance,
  { findAccessToken }: { findAccessToken: FindAccessToken },
): Promise<void> {
  app.get('/api/email', { config: { backChannel: true } }, async (request): Promise<EmailInfo> => {
    const { grant } = await authenticateBearer(request, findAccessToken, 'email')
    return { email: grant.user.email }
  })

  app.get('/api/me', { config: { backChannel: true } }, async (request): Promise<UserInfo> => {
    const { grant } = await authenticateBearer(request, findAccessToken, 'profile')
    const { user_id, username } = grant.user
    return { user_id, username }
  })

  app.setErrorHandler(sendBearerError)
}
