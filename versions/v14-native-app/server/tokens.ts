import { randomToken } from '@oauth-lab/shared/secrets.ts'
import { SignJWT } from 'jose'
import type { AccessTokenResponse } from '../protocol.ts'
import type { Family, IssuedAccessToken, Store } from './store.ts'

/**
 * Issues an access token. It is a JWT, which says by itself what it stands for. RFC 9068 section 2
 */
export async function issueAccessToken(
  store: Store,
  token: Omit<IssuedAccessToken, 'issuedAt'>,
): Promise<AccessTokenResponse> {
  const issuedAt = Date.now()
  const access_token = await new SignJWT({
    iss: store.issuer,
    aud: store.audience,
    sub: token.grant.user?.user_id ?? token.grant.client_id,
    client_id: token.grant.client_id,
    scope: token.scopes.join(' '),
    iat: Math.floor(issuedAt / 1000),
    exp: Math.ceil(issuedAt / 1000 + store.accessTokenTtl),
    jti: randomToken(),
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: store.signingKey.kid })
    .sign(store.signingKey.privateKey)
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
