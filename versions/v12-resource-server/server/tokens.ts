import { randomToken } from '@oauth-lab/shared/secrets.ts'
import type { AccessTokenResponse } from '../protocol.ts'
import type { Family, IssuedAccessToken, Store } from './store.ts'

/**
 * Issues an access token. It is a random value that says nothing by itself: the server looks up what it
 * stands for. RFC 6749 sections 1.4 and 5.1
 */
export async function issueAccessToken(
  store: Store,
  token: Omit<IssuedAccessToken, 'issuedAt'>,
): Promise<AccessTokenResponse> {
  const issuedAt = Date.now()
  const access_token = randomToken()
  store.accessTokens.set(access_token, { issuedAt, ...token }, store.accessTokenTtl)

  return {
    access_token,
    token_type: 'Bearer',
    expires_in: Math.ceil(store.accessTokenTtl),
    scope: token.scopes.join(' '),
  }
}

/** Issues the next refresh token of a family, and so uses up the one before. RFC 9700 section 4.14.2 */
export function issueRefreshToken(family: Family): string {
  family.secret = randomToken()
  return family.id + family.secret
}
