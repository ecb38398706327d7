import { OAuthError } from '@oauth-lab/shared/oauth.ts'
import { PageError } from '@oauth-lab/shared/page-error.ts'
import { type Parameters, parameter, requiredParameter } from '@oauth-lab/shared/parameters.ts'
import type { AuthorizationRequest } from '../protocol.ts'
import type { Clients } from './clients.ts'

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

  return {
    response_type,
    client_id,
    redirect_uri,
    state: parameter(query, 'state'),
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
