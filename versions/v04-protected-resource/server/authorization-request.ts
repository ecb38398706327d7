import { OAuthError } from '@oauth-lab/shared/oauth.ts'
import { PageError } from '@oauth-lab/shared/page-error.ts'
import { type Parameters, parameter, requiredParameter } from '@oauth-lab/shared/parameters.ts'
import type { AuthorizationRequest } from '../protocol.ts'
import type { Clients } from './clients.ts'
import { isCodeChallenge } from './pkce.ts'

/**
 * Reads an authorization request and checks all of it. RFC 6749 section 4.1.1
 *
 * @throws {PageError} when the answer must not be a redirect, see verifyRedirectUri
 * @throws {OAuthError} for anything else, to be told to the client
 */
export function readAuthorizationRequest(
  query: Parameters,
  clients: Clients,
): AuthorizationRequest {
  const { client_id, redirect_uri } = verifyRedirectUri(query, clients)

  const response_type = requiredParameter(query, 'response_type')
  if (response_type !== 'code') {
    throw new OAuthError('unsupported_response_type', 'response_type must be code')
  }

  // RFC 7636 section 4.4.1
  const code_challenge = requiredParameter(query, 'code_challenge')
  if (!isCodeChallenge(code_challenge)) {
    throw new OAuthError('invalid_request', 'code_challenge must be 43 characters of base64url')
  }
  // RFC 7636 section 4.3: without a method it would be plain, which hands the verifier to whoever
  // reads the request.
  const code_challenge_method = requiredParameter(query, 'code_challenge_method')
  if (code_challenge_method !== 'S256') {
    throw new OAuthError('invalid_request', 'code_challenge_method must be S256')
  }

  return {
    response_type,
    client_id,
    redirect_uri,
    state: parameter(query, 'state'),
    code_challenge,
    code_challenge_method,
  }
}

/**
 * Who asks, and where the answer goes. RFC 6749 section 4.1.2.1: as long as one of these is in
 * doubt the browser is sent nowhere, or this server would send people wherever a link tells it to.
 *
 * @throws {PageError} 400 when the client is unknown or the redirect URI is not one of its own
 */
export function verifyRedirectUri(
  query: Parameters,
  clients: Clients,
): Pick<AuthorizationRequest, 'client_id' | 'redirect_uri'> {
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
  // RFC 9700 section 2.1: compared as exact strings, since every looser rule has been got around.
  if (!client.redirect_uris.includes(redirect_uri)) {
    throw new PageError(
      400,
      'Wrong redirect URI',
      `redirect_uri ${redirect_uri} is not registered for ${client_id}.`,
    )
  }

  return { client_id, redirect_uri }
}
