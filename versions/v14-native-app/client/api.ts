import {
  type BackChannelResponse,
  badResponse,
  callBackChannel,
} from '@oauth-lab/shared/back-channel.ts'
import type { LabConfig } from '@oauth-lab/shared/config.ts'
import { PageError } from '@oauth-lab/shared/page-error.ts'
import type { FastifyRequest } from 'fastify'
import type { EmailInfo, UserInfo } from '../protocol.ts'

type Session = FastifyRequest['session']

const logIn = { href: '/login', text: 'Log in' }

/**
 * Asks the resource server who is logged in. Returns undefined when the token doesn't cover that.
 *
 * @throws {PageError} 401 without a token, or if the token is rejected: the session forgets it
 * @throws {PageError} 502 if the server can't be reached or makes no sense
 */
export async function fetchUserInfo(
  config: LabConfig,
  session: Session,
): Promise<UserInfo | undefined> {
  const url = `${config.apiUrl}/api/me`
  const { status, body } = await callApi(session, url, 'profile')
  if (status === 403) return undefined
  if (status !== 200 || !isUserInfo(body)) throw badResponse(url, status)
  return body
}

/**
 * Asks the resource server for the user's email address.
 *
 * @throws {PageError} 403 if the token doesn't cover it, and whatever fetchUserInfo throws
 */
export async function fetchEmail(config: LabConfig, session: Session): Promise<EmailInfo> {
  const url = `${config.apiUrl}/api/email`
  const { status, body } = await callApi(session, url, 'email')
  if (status === 403) {
    const message =
      'This app is not allowed to see your email address. It would only show it to you here.'
    throw new PageError(403, 'Not allowed', message, { href: '/login?for=email', text: 'Allow it' })
  }
  const { email } = body
  if (status !== 200 || typeof email !== 'string') throw badResponse(url, status)
  return { email }
}

/** Sends a request with the access token of this session. RFC 6750 section 2.1 */
async function callApi(session: Session, url: string, scope: string): Promise<BackChannelResponse> {
  if (session.tokens === undefined) {
    throw new PageError(401, 'Not logged in', 'token missing from session', logIn)
  }

  const call = (accessToken: string) =>
    callBackChannel(url, {
      method: 'GET',
      headers: { authorization: `Bearer ${accessToken}` },
    })
  const response = await session.tokens.use(call)
  // RFC 6750 section 3.1: the token is still valid, but it doesn't cover this.
  if (response.status === 403) session.tokens.scopes.delete(scope)
  if (response.status !== 401) return response
  delete session.tokens
  const message =
    'The access of this app was ended or has run out: its token has expired, or the server no longer accepts it.'
  throw new PageError(401, 'Not connected', message, { href: '/login', text: 'Connect again' })
}

function isUserInfo(body: Record<string, unknown>): body is UserInfo {
  const { user_id, username } = body
  return [user_id, username].every((value) => typeof value === 'string')
}
