import { OAuthError } from '@oauth-lab/shared/oauth.ts'
import { type Parameters, requiredParameter } from '@oauth-lab/shared/parameters.ts'
import { randomToken } from '@oauth-lab/shared/secrets.ts'
import type { AccessTokenResponse } from '../../protocol.ts'
import type { Client } from '../clients.ts'
import { isCodeVerifier, matchesChallenge } from '../pkce.ts'
import type { Family, Store } from '../store.ts'
import { issueAccessToken, issueRefreshToken } from '../tokens.ts'

/**
 * Exchanges a code for an access token. RFC 6749 section 4.1.3
 *
 * @throws {OAuthError} `invalid_request` when a parameter is missing, `invalid_grant` when one is wrong
 */
export async function authorizationCodeGrant(
  form: Parameters,
  client: Client,
  store: Store,
): Promise<AccessTokenResponse> {
  const code = requiredParameter(form, 'code')
  const redirect_uri = requiredParameter(form, 'redirect_uri')
  const code_verifier = requiredParameter(form, 'code_verifier')
  if (!isCodeVerifier(code_verifier)) {
    throw new OAuthError('invalid_request', 'code_verifier must be 43 to 128 unreserved characters')
  }

  const issuedCode = store.codes.get(code) ?? store.usedCodes.get(code)
  if (issuedCode === undefined || issuedCode.grant.client_id !== client.client_id) {
    throw new OAuthError('invalid_grant', 'The code is unknown, used, expired or of another client')
  }
  // RFC 6749 section 4.1.2: a code works once. This attempt uses it up, even if it fails below.
  store.codes.delete(code)
  if (issuedCode.redirect_uri !== redirect_uri) {
    throw new OAuthError('invalid_grant', 'redirect_uri is not the one that the code was sent to')
  }
  // RFC 7636 section 4.6
  if (!matchesChallenge(code_verifier, issuedCode.code_challenge)) {
    throw new OAuthError('invalid_grant', 'code_verifier does not match the code_challenge')
  }

  const { grant } = issuedCode
  // RFC 6749 section 4.1.2: a complete request with a used code means that someone copied it. Nothing
  // less ends the login: the code alone can be found in logs.
  if (store.usedCodes.get(code) !== undefined) {
    grant.ended = true
    throw new OAuthError('invalid_grant', 'The code was used before, so its tokens are revoked')
  }

  const family: Family = {
    grant,
    id: randomToken(),
    secret: '',
    expiresAt: grant.authorizedAt + store.refreshTokenTtl * 1000,
  }
  // The last refresh can issue an access token that outlives the refresh token.
  const timeLeft = Math.max(0, family.expiresAt - performance.now()) / 1000 + store.accessTokenTtl
  store.families.set(family.id, family, timeLeft)
  store.usedCodes.set(code, issuedCode, timeLeft)
  return {
    ...(await issueAccessToken(store, { grant, scopes: grant.scopes })),
    refresh_token: issueRefreshToken(family),
  }
}
