import { OAuthError } from '@oauth-lab/shared/oauth.ts'
import { type Parameters, parameter, requiredParameter } from '@oauth-lab/shared/parameters.ts'
import { sameSecret } from '@oauth-lab/shared/secrets.ts'
import type { AccessTokenResponse } from '../../protocol.ts'
import type { Client } from '../clients.ts'
import { readScopes } from '../scopes.ts'
import type { Store } from '../store.ts'
import { issueAccessToken, issueRefreshToken } from '../tokens.ts'

/** How many characters a random token has. */
export const ID_LENGTH = 43

/**
 * Exchanges a refresh token for a new access token and a new refresh token. RFC 6749 section 6
 *
 * @throws {OAuthError} with a code of RFC 6749 section 5.2, such as `invalid_grant` for a used token
 */
export async function refreshTokenGrant(
  form: Parameters,
  client: Client,
  store: Store,
): Promise<AccessTokenResponse> {
  const refresh_token = requiredParameter(form, 'refresh_token')
  const scope = parameter(form, 'scope')

  const family = store.families.get(refresh_token.slice(0, ID_LENGTH))
  if (family === undefined || family.grant.client_id !== client.client_id) {
    throw new OAuthError('invalid_grant', 'The refresh token is unknown or of another client')
  }
  // RFC 9700 section 4.14.2: a used token means that two parties have it. Nobody can tell which one is
  // the thief, so all tokens of this login are revoked.
  if (!sameSecret(refresh_token, family.id + family.secret)) {
    family.grant.ended = true
    throw new OAuthError('invalid_grant', 'The refresh token was used before: the login has ended')
  }
  if (performance.now() >= family.expiresAt) {
    throw new OAuthError('invalid_grant', 'The refresh token has expired')
  }
  // RFC 6749 section 6: no more than the user allowed. A wrong scope doesn't use up the refresh token.
  const scopes = scope ? readScopes(scope, family.grant.scopes) : family.grant.scopes

  const next = issueRefreshToken(family)
  return {
    ...(await issueAccessToken(store, { grant: family.grant, scopes })),
    refresh_token: next,
  }
}
