import { randomToken } from '@oauth-lab/shared/secrets.ts'
import type { AccessTokenResponse } from '../protocol.ts'
import type { IssuedAccessToken, Store } from './store.ts'

/**
 * Issues an access token. It is a random value that says nothing by itself: the server looks up what it
 * stands for. RFC 6749 sections 1.4 and 5.1
 */
export async function issueAccessToken(
  store: Store,
  token: IssuedAccessToken,
): Promise<AccessTokenResponse> {
  const access_token = randomToken()
  store.accessTokens.set(access_token, token, store.accessTokenTtl)

  return {
    access_token,
    token_type: 'Bearer',
    expires_in: Math.ceil(store.accessTokenTtl),
  }
}
