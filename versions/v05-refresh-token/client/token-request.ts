import { callBackChannel, nonsense } from '@oauth-lab/shared/back-channel.ts'
import type { LabConfig } from '@oauth-lab/shared/config.ts'
import { PageError } from '@oauth-lab/shared/page-error.ts'
import type { AccessTokenRequest, AccessTokenResponse, RefreshRequest } from '../protocol.ts'
import { startAgain } from './start-again.ts'

/** The server understood the request for a token, and said no. RFC 6749 section 5.2 */
export class TokenRequestRefused extends PageError {}

/**
 * Asks the token endpoint, straight and without the browser. RFC 6749 section 4.1.3
 *
 * @throws {TokenRequestRefused} 400, with the error that the server gave
 * @throws {PageError} 502 when there is no proper answer
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
  if (status !== 200 || !isTokenResponse(body)) throw nonsense(url, status)
  return body
}

/** RFC 6749 section 2.3.1: both are encoded first, so that a colon in the name can't divide them. */
function basicAuthorization(clientId: string, clientSecret: string): string {
  const credentials = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`
  return `Basic ${Buffer.from(credentials).toString('base64')}`
}

/** RFC 6749 section 7.1: a token of a type that the client does not know must not be used. */
function isTokenResponse(body: Record<string, unknown>): body is AccessTokenResponse {
  const { access_token, token_type, expires_in, refresh_token } = body
  return (
    typeof access_token === 'string' &&
    access_token !== '' &&
    String(token_type).toLowerCase() === 'bearer' &&
    typeof expires_in === 'number' &&
    expires_in > 0 &&
    typeof refresh_token === 'string'
  )
}
