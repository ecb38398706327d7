import { callBackChannel } from '@oauth-lab/shared/back-channel.ts'
import type { LabConfig } from '@oauth-lab/shared/config.ts'
import { PageError } from '@oauth-lab/shared/page-error.ts'
import type { AccessTokenResponse, RevocationRequest } from '../protocol.ts'
import { basicAuthorization } from './token-request.ts'

/**
 * Ends the access that these tokens give. The refresh token stands for all of it. RFC 7009 section 2.1
 *
 * @throws {PageError} 502 that says what is still alive, if the server doesn't confirm the end
 */
export async function revokeTokens(
  config: LabConfig,
  { access_token, refresh_token, expires_in }: AccessTokenResponse,
): Promise<void> {
  const revocationRequest: RevocationRequest = { token: refresh_token || access_token }
  const response = await callBackChannel(`${config.authServerUrl}/revoke`, {
    method: 'POST',
    headers: {
      authorization: basicAuthorization(config.clientId, config.clientSecret),
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams(revocationRequest).toString(),
    ignoreBody: true,
  }).catch(() => undefined)
  if (response?.status === 200) return

  // RFC 7009 section 2.2.1: whatever else happened, the tokens may still be alive.
  const end = expires_in === undefined ? 'until it expires' : `for up to ${expires_in} seconds`
  const alive = refresh_token
    ? `the access token ${end}, the refresh token until the server ends this login`
    : `the access token ${end}`
  const message = `You are logged out of this app. But the server at ${config.authServerUrl} did not confirm that it ended the app's access. This may still work: ${alive}.`
  throw new PageError(502, 'Logged out here only', message, {
    href: '/',
    text: 'Back to the start',
  })
}
