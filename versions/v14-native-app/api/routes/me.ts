import { OAuthError } from '@oauth-lab/shared/oauth.ts'
import { findUser, type User, userCount } from '@oauth-lab/shared/users.ts'
import type { FastifyInstance } from 'fastify'
import type { EmailInfo, StatsInfo, UserInfo } from '../../protocol.ts'
import { authenticateBearer, type FindAccessToken, sendBearerError } from '../bearer-auth.ts'

/** The protected resources: the user whom the access token stands for. RFC 6749 section 7 */
export async function meRoute(
  app: FastifyInstance,
  { findAccessToken }: { findAccessToken: FindAccessToken },
): Promise<void> {
  app.get('/api/email', { config: { backChannel: true } }, async (request): Promise<EmailInfo> => {
    const { sub } = await authenticateBearer(request, findAccessToken, 'email')
    return { email: userOf(sub).email }
  })

  app.get('/api/me', { config: { backChannel: true } }, async (request): Promise<UserInfo> => {
    const { sub } = await authenticateBearer(request, findAccessToken, 'profile')
    const { user_id, username } = userOf(sub)
    return { user_id, username }
  })

  app.get('/api/stats', { config: { backChannel: true } }, async (request): Promise<StatsInfo> => {
    await authenticateBearer(request, findAccessToken, 'stats:read')
    return { users: userCount() }
  })

  app.setErrorHandler(sendBearerError)
}

/** @throws {OAuthError} `invalid_token` when a client acts for itself: it must not count as a user */
function userOf(sub: string): User {
  const user = findUser(sub)
  if (user === undefined) throw new OAuthError('invalid_token', 'The access token is for no user')
  return user
}
