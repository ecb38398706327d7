import type { OAuthErrorCode } from '@oauth-lab/shared/oauth.ts'

/** What the client sends through the browser to start a login. RFC 6749 section 4.1.1 */
export type AuthorizationRequest = {
  response_type: 'code'
  client_id: string
  redirect_uri: string
}

/** What the browser delivers after a successful login. RFC 6749 section 4.1.2 */
export type AuthorizationResponse = {
  code: string
}

/** What the browser delivers if something went wrong. RFC 6749 section 4.1.2.1 */
export type AuthorizationErrorResponse = {
  error: OAuthErrorCode
  error_description: string
}

/** What the client sends directly to the server to exchange a code for a token. RFC 6749 section 4.1.3 */
export type AccessTokenRequest = {
  grant_type: 'authorization_code'
  code: string
  redirect_uri: string
}

/** RFC 6749 section 5.1 */
export type AccessTokenResponse = {
  access_token: string
  token_type: 'Bearer'
  /** Seconds. Recommended, so a server may leave it out. */
  expires_in?: number
}

/** RFC 6749 section 5.2 */
export type TokenErrorResponse = {
  error: OAuthErrorCode
  error_description: string
}
