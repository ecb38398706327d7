import type { OAuthErrorCode } from '@oauth-lab/shared/oauth.ts'

/** What the client sends through the browser to start a login. RFC 6749 section 4.1.1 */
export type AuthorizationRequest = {
  response_type: 'code'
  client_id: string
  redirect_uri: string
  /** The client's own value, which comes back unchanged. RFC 6749 section 4.1.1 */
  state: string | undefined
  /** The SHA-256 of the client's code verifier, in base64url. RFC 7636 section 4.3 */
  code_challenge: string
  code_challenge_method: 'S256'
}

/** What the browser delivers after a successful login. RFC 6749 section 4.1.2 */
export type AuthorizationResponse = {
  code: string
  state: string | undefined
}

/** What the browser delivers if something went wrong. RFC 6749 section 4.1.2.1 */
export type AuthorizationErrorResponse = {
  error: OAuthErrorCode
  error_description: string
  state: string | undefined
}

/** What the client sends directly to the server to exchange a code for a token. RFC 6749 section 4.1.3 */
export type AccessTokenRequest = {
  grant_type: 'authorization_code'
  code: string
  redirect_uri: string
  /** RFC 7636 section 4.5 */
  code_verifier: string
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
