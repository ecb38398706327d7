import { OAuthError } from '@oauth-lab/shared/oauth.ts'
import { type Parameters, requiredParameter } from '@oauth-lab/shared/parameters.ts'
import type { AccessTokenResponse } from '../../protocol.ts'
import type { Client } from '../clients.ts'
import type { Store } from '../store.ts'
import { issueAccessToken } from '../tokens.ts'

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

  const issuedCode = store.codes.get(code)
  if (issuedCode === undefined || issuedCode.grant.client_id !== client.client_id) {
    throw new OAuthError('invalid_grant', 'The code is unknown, used, expired or of another client')
  }
  // RFC 6749 section 4.1.2: a code works once. This attempt uses it up, even if it fails below.
  store.codes.delete(code)
  if (issuedCode.redirect_uri !== redirect_uri) {
    throw new OAuthError('invalid_grant', 'redirect_uri is not the one that the code was sent to')
  }

  return issueAccessToken(store, { grant: issuedCode.grant })
}
