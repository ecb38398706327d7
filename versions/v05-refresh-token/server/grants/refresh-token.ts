import { type Client, OAuthError } from '@oauth-lab/shared/oauth.ts'
import { type Parameters, requiredParameter } from '@oauth-lab/shared/parameters.ts'
import type { AccessTokenResponse } from '../../protocol.ts'
import type { Store } from '../store.ts'
import { endFamilyIfSpent, rememberSpent } from '../token-family.ts'
import { issueTokens } from '../tokens.ts'

/**
 * Turns a refresh token into a new access token and a new refresh token. RFC 6749 section 6
 *
 * @throws {OAuthError} `invalid_request` for a parameter, `invalid_grant` for what it says
 */
export function refreshTokenGrant(
  form: Parameters,
  client: Client,
  store: Store,
): AccessTokenResponse {
  const refresh_token = requiredParameter(form, 'refresh_token')

  endFamilyIfSpent(store, refresh_token, client)
  const grant = store.refreshTokens.get(refresh_token)
  if (grant === undefined || grant.client_id !== client.client_id) {
    throw new OAuthError(
      'invalid_grant',
      'The refresh token is unknown, used, expired or of another client',
    )
  }
  store.refreshTokens.delete(refresh_token)
  rememberSpent(store, refresh_token, grant)

  return issueTokens(store, grant)
}
