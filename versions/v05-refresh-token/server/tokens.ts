import { randomToken } from '@oauth-lab/shared/secrets.ts'
import type { AccessTokenResponse } from '../protocol.ts'
import type { Grant, Store } from './store.ts'
import { refreshTimeLeft } from './token-family.ts'

/**
 * What a grant buys. An access token says nothing by itself: it is the key to what the server
 * remembers under it. RFC 6749 sections 1.4 and 5.1
 */
export function issueTokens(store: Store, grant: Grant): AccessTokenResponse {
  const access_token = randomToken()
  store.accessTokens.set(access_token, grant, store.accessTokenTtl)
  // RFC 9700 section 4.14.2: rotation. Its time is counted from the login, not from the last refresh.
  const refresh_token = randomToken()
  store.refreshTokens.set(refresh_token, grant, refreshTimeLeft(store, grant))

  return {
    access_token,
    token_type: 'Bearer',
    expires_in: Math.ceil(store.accessTokenTtl),
    refresh_token,
  }
}
