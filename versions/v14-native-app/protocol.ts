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
  /** What the client asks for: in the query, names separated by spaces. RFC 6749 section 3.3 */
  scopes: string[]
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
  /** Of a client without a secret: nothing else says who asks. RFC 6749 section 4.1.3 */
  client_id?: string
  code: string
  redirect_uri: string
  /** RFC 7636 section 4.5 */
  code_verifier: string
}

/** What the client sends to get new tokens for a refresh token. RFC 6749 section 6 */
export type RefreshRequest = {
  grant_type: 'refresh_token'
  refresh_token: string
}

/** What a client sends to get a token of its own, without a user. RFC 6749 section 4.4.2 */
export type ClientCredentialsRequest = {
  grant_type: 'client_credentials'
  /** RFC 6749 section 3.3 */
  scope: string
}

/** What the client sends to end its access. RFC 7009 section 2.1 */
export type RevocationRequest = {
  /** Of a client without a secret. RFC 7009 section 2.1 */
  client_id?: string
  /** A refresh token or an access token. */
  token: string
}

/** RFC 6749 section 5.1 */
export type AccessTokenResponse = {
  access_token: string
  token_type: 'Bearer'
  /** Seconds. Recommended, so a server may leave it out. */
  expires_in?: number
  /** Optional. After a refresh, a missing one means that the old one stays in use. */
  refresh_token?: string
  /** What the access token covers. Optional if that is what the client asked for. */
  scope?: string
}

/** RFC 6749 section 5.2 */
export type TokenErrorResponse = {
  error: OAuthErrorCode
  error_description: string
}

/** What the resource server returns for a valid access token. No RFC: this resource is the lab's own. */
export type UserInfo = {
  user_id: string
  username: string
}

/** The same for a resource with its own scope. */
export type EmailInfo = {
  email: string
}

/** What the resource server tells about all users. */
export type StatsInfo = {
  users: number
}
