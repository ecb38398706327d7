import { createHash } from 'node:crypto'
import { badResponse, postForm } from '@oauth-lab/shared/back-channel.ts'
import type { LabConfig } from '@oauth-lab/shared/config.ts'
import { parameter, requiredParameter } from '@oauth-lab/shared/parameters.ts'
import { randomToken } from '@oauth-lab/shared/secrets.ts'
import type { AccessTokenRequest, AccessTokenResponse, RevocationRequest } from '../protocol.ts'
import { listenForResponse } from './loopback.ts'

/** This client has no secret: everyone who has the program would have it. RFC 8252 section 8.5 */
const client_id = 'lab-cli'

/** Gets tokens for the user who logs in at the URL that it shows. RFC 8252 section 4.1 */
export async function logIn(
  { authServerUrl }: LabConfig,
  interrupted: Promise<never>,
  show: (url: string) => void,
): Promise<AccessTokenResponse> {
  const state = randomToken()
  const code_verifier = randomToken()
  const { redirect_uri, arrival, stop } = await listenForResponse(state)
  const authorizationRequest = new URLSearchParams({
    response_type: 'code',
    client_id,
    redirect_uri,
    state,
    code_challenge: createHash('sha256').update(code_verifier).digest('base64url'),
    code_challenge_method: 'S256',
    scope: 'profile',
  })
  show(`${authServerUrl}/authorize?${authorizationRequest}`)
  const response = await Promise.race([arrival, interrupted]).finally(stop)

  // RFC 6749 section 4.1.2.1
  const error = parameter(response, 'error')
  if (error !== undefined) throw new Error(`The server rejected the login: ${error}.`)
  const tokens = await postForm(`${authServerUrl}/token`, {
    grant_type: 'authorization_code',
    client_id,
    code: requiredParameter(response, 'code'),
    redirect_uri,
    code_verifier,
  } satisfies AccessTokenRequest)
  if (!isTokenResponse(tokens)) throw badResponse(`${authServerUrl}/token`, 200)
  return tokens
}

/** The refresh token stands for all that the login gave. RFC 7009 section 2.1 */
export async function revokeTokens(config: LabConfig, tokens: AccessTokenResponse): Promise<void> {
  const token = tokens.refresh_token || tokens.access_token
  await postForm(`${config.authServerUrl}/revoke`, { client_id, token } satisfies RevocationRequest)
}

/** RFC 6749 section 7.1: a client must not use a token of a type it doesn't know. */
function isTokenResponse(body: Record<string, unknown>): body is AccessTokenResponse {
  const { access_token, token_type, refresh_token = '' } = body
  const areText = [access_token, refresh_token].every((token) => typeof token === 'string')
  return areText && access_token !== '' && /^bearer$/i.test(String(token_type))
}
