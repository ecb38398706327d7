import { randomToken } from '@oauth-lab/shared/secrets.ts'
import type { AccessTokenResponse } from '../protocol.ts'
import type { Grant, Store } from './store.ts'

/**
 * What a grant buys. An access token says nothing by itself: it is the key to what the server
 * remembers under it. RFC 6749 sections 1.4 and 5.1
 */
export function issueTokens(store: Store, grant: Grant): AccessTokenResponse {
  const access_token = randomToken()
  store.accessTokens.set(access_token, grant, store.accessTokenTtl)

  return {
    access_token,
    token_type: 'Bearer',
    expires_in: Math.ceil(store.accessTokenTtl),
  }
}
