import { OAuthError } from '@oauth-lab/shared/oauth.ts'
import { type Parameters, requiredParameter } from '@oauth-lab/shared/parameters.ts'
import type { AccessTokenResponse } from '../../protocol.ts'
import type { Client } from '../clients.ts'
import type { Store } from '../store.ts'
import { findFamily, isCurrent, refreshTimeLeft, rotate } from '../token-family.ts'
import { issueAccessToken } from '../tokens.ts'

/**
 * Exchanges a refresh token for a new access token and a new refresh token. RFC 6749 section 6
 *
 * @throws {OAuthError} `invalid_request` when the token is missing, `invalid_grant` when it's no good
 */
export async function refreshTokenGrant(
  form: Parameters,
  client: Client,
  store: Store,
): Promise<AccessTokenResponse> {
  const refresh_token = requiredParameter(form, 'refresh_token')

  const family = findFamily(store, refresh_token)
  if (family === undefined || family.grant.client_id !== client.client_id) {
    throw new OAuthError('invalid_grant', 'The refresh token is unknown or of another client')
  }
  // RFC 9700 section 4.14.2: a used token means that two parties have it. Nobody can tell which one is
  // the thief, so every token of this login ends.
  if (!isCurrent(family, refresh_token)) {
    family.grant.ended = true
    throw new OAuthError('invalid_grant', 'The refresh token was used before: the login has ended')
  }
  if (refreshTimeLeft(store, family.grant) <= 0) {
    throw new OAuthError('invalid_grant', 'The refresh token has expired')
  }

  const next = rotate(family, refresh_token)
  return {
    ...(await issueAccessToken(store, family.grant)),
    refresh_token: next,
  }
}
