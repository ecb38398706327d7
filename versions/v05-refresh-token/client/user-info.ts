import { callBackChannel, nonsense } from '@oauth-lab/shared/back-channel.ts'
import type { LabConfig } from '@oauth-lab/shared/config.ts'
import { PageError } from '@oauth-lab/shared/page-error.ts'
import type { FastifyRequest } from 'fastify'
import type { UserInfo } from '../protocol.ts'

const logIn = { href: '/login', text: 'Log in' }

/**
 * Asks the resource server who is logged in. RFC 6750 section 2.1
 *
 * @throws {PageError} 401 without a token, or with one that is refused: the session forgets it
 * @throws {PageError} 502 when there is no proper answer
 */
export async function fetchUserInfo(
  config: LabConfig,
  session: FastifyRequest['session'],
): Promise<UserInfo> {
  const url = `${config.authServerUrl}/api/me`
  if (session.tokens === undefined) {
    throw new PageError(401, 'Not logged in', 'token missing from session', logIn)
  }

  const ask = (accessToken: string) =>
    callBackChannel(url, {
      method: 'GET',
      headers: { authorization: `Bearer ${accessToken}` },
    })
  const { status, body } = await session.tokens.use(ask)
  if (status === 401) {
    delete session.tokens
    const message = 'The access token has expired, or the server does not take it any more.'
    throw new PageError(401, 'Not logged in', message, logIn)
  }

  if (status !== 200 || !isUserInfo(body)) throw nonsense(url, status)
  return body
}

function isUserInfo(body: Record<string, unknown>): body is UserInfo {
  const { user_id, username, email } = body
  return [user_id, username, email].every((value) => typeof value === 'string')
}
