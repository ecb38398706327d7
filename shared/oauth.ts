/** The error codes of RFC 6749 sections 4.1.2.1 and 5.2, and of RFC 6750 section 3.1. */
export type OAuthErrorCode =
  | 'invalid_request'
  | 'unauthorized_client'
  | 'access_denied'
  | 'unsupported_response_type'
  | 'invalid_scope'
  | 'server_error'
  | 'temporarily_unavailable'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unsupported_grant_type'
  | 'invalid_token'
  | 'insufficient_scope'

/**
 * An error with one of these codes. The message is its `error_description`, in the characters that
 * RFC 6749 section 5.2 allows: ASCII without double quotes and backslashes. The endpoint turns it into
 * JSON or a redirect. Elsewhere it becomes a page.
 */
export class OAuthError extends Error {
  readonly code: OAuthErrorCode
  /** The scope that the request needs, for `insufficient_scope`. RFC 6750 section 3 */
  readonly scope: string | undefined

  constructor(code: OAuthErrorCode, description: string, scope?: string) {
    super(description)
    this.code = code
    this.scope = scope
  }
}
