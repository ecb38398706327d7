import { OAuthError } from '@oauth-lab/shared/oauth.ts'
import { PageError } from '@oauth-lab/shared/page-error.ts'
import { type Parameters, parameter, requiredParameter } from '@oauth-lab/shared/parameters.ts'
import type { AuthorizationRequest } from '../protocol.ts'
import type { Client, Clients } from './clients.ts'
import { isCodeChallenge } from './pkce.ts'
import { readScopes } from './scopes.ts'

/** An error that the browser delivers to the client. RFC 6749 section 4.1.2.1 */
export class AuthorizationError extends OAuthError {
  readonly redirectUri: string

  constructor(redirectUri: string, { code, message }: OAuthError) {
    super(code, message)
    this.redirectUri = redirectUri
  }
}

/**
 * Reads an authorization request and checks all of it. RFC 6749 section 4.1.1
 *
 * @throws {PageError | OAuthError} while no redirect is safe: see verifyRedirectUri
 * @throws {AuthorizationError} for everything else
 */
export function readAuthorizationRequest(
  query: Parameters,
  clients: Clients,
): AuthorizationRequest {
  const { client, redirect_uri } = verifyRedirectUri(query, clients)
  try {
    return readParameters(query, client, redirect_uri)
  } catch (error) {
    if (error instanceof OAuthError) throw new AuthorizationError(redirect_uri, error)
    throw error
  }
}

/** @throws {OAuthError} for the first parameter that is wrong */
function readParameters(
  query: Parameters,
  client: Client,
  redirect_uri: string,
): AuthorizationRequest {
  const response_type = requiredParameter(query, 'response_type')
  if (response_type !== 'code') {
    throw new OAuthError('unsupported_response_type', 'response_type must be code')
  }

  // RFC 7636 section 4.4.1
  const code_challenge = requiredParameter(query, 'code_challenge')
  if (!isCodeChallenge(code_challenge)) {
    throw new OAuthError('invalid_request', 'code_challenge must be 43 characters of base64url')
  }
  // RFC 7636 section 4.3: a missing method means plain, which shows the verifier to everyone who reads
  // the request.
  const code_challenge_method = requiredParameter(query, 'code_challenge_method')
  if (code_challenge_method !== 'S256') {
    throw new OAuthError('invalid_request', 'code_challenge_method must be S256')
  }
  // RFC 6749 section 3.3: a request without a scope gets the server's default.
  const scope = parameter(query, 'scope') ?? 'profile'

  return {
    response_type,
    client_id: client.client_id,
    redirect_uri,
    state: parameter(query, 'state'),
    code_challenge,
    code_challenge_method,
    scopes: readScopes(scope, client.scopes),
  }
}

/**
 * Finds out who asks, and where the response goes. RFC 6749 section 4.1.2.1: while either is in
 * doubt, the server redirects nowhere. Otherwise a link could make it send people to any site.
 *
 * @throws {PageError} 400 when the client is unknown, or the redirect URI is not one of its own
 * @throws {OAuthError} `invalid_request` when one of the two is given twice or is not UTF-8
 */
function verifyRedirectUri(
  query: Parameters,
  clients: Clients,
): { client: Client; redirect_uri: string } {
  const client_id = parameter(query, 'client_id')
  if (client_id === undefined) {
    throw new PageError(400, 'Missing client_id', 'client_id is missing.')
  }
  const client = clients.get(client_id)
  if (client === undefined) {
    throw new PageError(
      400,
      'Unknown client',
      `No client is registered with client_id ${client_id}.`,
    )
  }

  const redirect_uri = parameter(query, 'redirect_uri')
  if (redirect_uri === undefined) {
    throw new PageError(400, 'Missing redirect_uri', 'redirect_uri is missing.')
  }
  // RFC 9700 section 2.1: compared as exact strings. Attackers found a way around every looser rule.
  // RFC 8252 section 7.3: only the port of a native app may vary, because its system chooses a free one.
  const port = Number(/^http:\/\/127\.0\.0\.1:([1-9]\d{0,4})\//.exec(redirect_uri)?.[1])
  const mayVary = client.client_secret === undefined && port <= 65_535
  const withoutPort = mayVary ? redirect_uri.replace(`:${port}/`, '/') : redirect_uri
  if (!client.redirect_uris.includes(withoutPort)) {
    throw new PageError(
      400,
      'Wrong redirect URI',
      `redirect_uri ${redirect_uri} is not registered for ${client_id}.`,
    )
  }

  return { client, redirect_uri }
}
