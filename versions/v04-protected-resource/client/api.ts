import { type BackChannelResponse, callBackChannel } from '@oauth-lab/shared/back-channel.ts'
import { PageError } from '@oauth-lab/shared/page-error.ts'
import type { FastifyRequest } from 'fastify'

const logIn = { href: '/login', text: 'Log in' }

/**
 * Calls the resource server with the access token of this session. RFC 6750 section 2.1
 *
 * @throws {PageError} 401 without a token, or when the token is rejected: the session forgets it
 * @throws {PageError} 502 when the server is away or makes no sense
 */
export async function callApi(
  session: FastifyRequest['session'],
  url: string,
): Promise<BackChannelResponse> {
  if (session.tokens === undefined) {
    throw new PageError(401, 'Not logged in', 'token missing from session', logIn)
  }

  const call = (accessToken: string) =>
    callBackChannel(url, {
      method: 'GET',
      headers: { authorization: `Bearer ${accessToken}` },
    })
  const response = await call(session.tokens.access_token)
  if (response.status === 401) {
    delete session.tokens
    const message = 'The access token has expired, or the server no longer accepts it.'
    throw new PageError(401, 'Not logged in', message, logIn)
  }
  return response
}
