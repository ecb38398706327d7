import { badResponse, callBackChannel } from '@oauth-lab/shared/back-channel.ts'
import type { LabConfig } from '@oauth-lab/shared/config.ts'
import { PageError } from '@oauth-lab/shared/page-error.ts'
import type { AccessTokenRequest, AccessTokenResponse, RefreshRequest } from '../protocol.ts'
import { startAgain } from './start-again.ts'

/** The server understood the request and rejected it. RFC 6749 section 5.2 */
export class TokenRequestRefused extends PageError {}

/**
 * Calls the token endpoint directly, without the browser. RFC 6749 section 4.1.3
 *
 * @throws {PageError} 400 with the server's error, or 502 if it can't be reached or makes no sense
 */
export async function requestToken(
  config: LabConfig,
  tokenRequest: AccessTokenRequest | RefreshRequest,
): Promise<AccessTokenResponse> {
  const url = `${config.authServerUrl}/token`
  const { status, body } = await callBackChannel(url, {
    method: 'POST',
    headers: {
      authorization: basicAuthorization(config.clientId, config.clientSecret),
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams(tokenRequest).toString(),
  })

  if ((status === 400 || status === 401) && typeof body.error === 'string') {
    const description = body.error_description ?? 'The server gave no reason.'
    throw new TokenRequestRefused(400, body.error, String(description), startAgain)
  }
  if (status !== 200 || !isTokenResponse(body)) throw badResponse(url, status)
  return body
}

/** RFC 6749 section 2.3.1: both are encoded first, because the first colon ends the name. */
export function basicAuthorization(clientId: string, clientSecret: string): string {
  const credentials = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`
  return `Basic ${Buffer.from(credentials).toString('base64')}`
}

/** RFC 6749 section 7.1: a client must not use a token of a type it doesn't know. */
function isTokenResponse(body: Record<string, unknown>): body is AccessTokenResponse {
  const { access_token, token_type, expires_in, refresh_token, scope } = body
  return (
    typeof access_token === 'string' &&
    access_token !== '' &&
    String(token_type).toLowerCase() === 'bearer' &&
    (expires_in === undefined || (typeof expires_in === 'number' && expires_in > 0)) &&
    (refresh_token === undefined || typeof refresh_token === 'string') &&
    (scope === undefined || (typeof scope === 'string' && /^\S+( \S+)*$/.test(scope)))
  )
}
