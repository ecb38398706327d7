import { type Parameters, parameter } from '@oauth-lab/shared/parameters.ts'
import type { AccessTokenResponse } from '../../protocol.ts'
import type { Client } from '../clients.ts'
import { readScopes } from '../scopes.ts'
import type { Grant, Store } from '../store.ts'
import { issueAccessToken } from '../tokens.ts'

/**
 * Issues an access token to a client that acts for itself, without a user. RFC 6749 section 4.4.2
 *
 * @throws {OAuthError} `invalid_scope` when it asks for more than it is registered for
 */
export async function clientCredentialsGrant(
  form: Parameters,
  client: Client,
  store: Store,
): Promise<AccessTokenResponse> {
  const scope = parameter(form, 'scope')
  const scopes = scope ? readScopes(scope, client.scopes) : client.scopes
  const grant: Grant = {
    client_id: client.client_id,
    scopes,
    allowed: new Set(scopes),
    authorizedAt: performance.now(),
    ended: false,
  }
  // RFC 6749 section 4.4.3: no refresh token, because the client can ask again at any time.
  return issueAccessToken(store, { grant, scopes })
}
