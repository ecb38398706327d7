import {
  type BackChannelResponse,
  badResponse,
  callBackChannel,
} from '@oauth-lab/shared/back-channel.ts'
import type { LabConfig } from '@oauth-lab/shared/config.ts'
import { PageError } from '@oauth-lab/shared/page-error.ts'
import type { FastifyRequest } from 'fastify'
import type { UserInfo } from '../protocol.ts'

type Session = FastifyRequest['session']

const logIn = { href: '/login', text: 'Log in' }

/**
 * Asks the resource server who is logged in.
 *
 * @throws {PageError} 401 without a token, or if the token is rejected: the session forgets it
 * @throws {PageError} 502 if the server can't be reached or makes no sense
 */
export async function fetchUserInfo(config: LabConfig, session: Session): Promise<UserInfo> {
  const url = `${config.authServerUrl}/api/me`
  const { status, body } = await callApi(session, url)
  if (status !== 200 || !isUserInfo(body)) throw badResponse(url, status)
  return body
}

/** Sends a request with the access token of this session. RFC 6750 section 2.1 */
async function callApi(session: Session, url: string): Promise<BackChannelResponse> {
  if (session.tokens === undefined) {
    throw new PageError(401, 'Not logged in', 'token missing from session', logIn)
  }

  const call = (accessToken: string) =>
    callBackChannel(url, {
      method: 'GET',
      headers: { authorization: `Bearer ${accessToken}` },
    })
  const response = await session.tokens.use(call)
  if (response.status !== 401) return response
  delete session.tokens
  const message = 'The access token has expired, or the server no longer accepts it.'
  throw new PageError(401, 'Not logged in', message, logIn)
}

function isUserInfo(body: Record<string, unknown>): body is UserInfo {
  const { user_id, username, email } = body
  return [user_id, username, email].every((value) => typeof value === 'string')
}
