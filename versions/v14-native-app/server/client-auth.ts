import { OAuthError } from '@oauth-lab/shared/oauth.ts'
import { type Parameters, parameter } from '@oauth-lab/shared/parameters.ts'
import { sameSecret } from '@oauth-lab/shared/secrets.ts'
import type { Client, Clients } from './clients.ts'

interface Credentials {
  client_id: string | undefined
  client_secret: string | undefined
}

/**
 * Returns the client that sent this request, after checking its secret: by HTTP Basic, or by parameters
 * in the body. RFC 6749 section 2.3.1
 *
 * @throws {OAuthError} `invalid_client`, or `invalid_request` for a request that does both
 */
export function authenticateClient(
  authorization: string | undefined,
  form: Parameters,
  clients: Clients,
): Client {
  const inHeader = readBasic(authorization)
  const inBody: Credentials = {
    client_id: parameter(form, 'client_id'),
    client_secret: parameter(form, 'client_secret'),
  }

  // RFC 6749 section 2.3: one method per request. Repeating client_id in the body doesn't count as a
  // second method.
  if (inHeader !== undefined && inBody.client_secret !== undefined) {
    throw new OAuthError('invalid_request', 'Client credentials are in the header and in the body')
  }
  if (inHeader?.client_id && inBody.client_id && inHeader.client_id !== inBody.client_id) {
    throw new OAuthError('invalid_request', 'The header and the body name different clients')
  }

  const { client_id, client_secret } = inHeader ?? inBody
  const client = clients.get(client_id ?? '')
  // RFC 6749 section 3.2.1: a public client only says who it is, in the body. Nothing proves it.
  if (client !== undefined && client.client_secret === undefined) {
    if (inHeader === undefined && client_secret === undefined) return client
    throw new OAuthError('invalid_client', 'This client has no secret, so it must not send one')
  }
  const right = sameSecret(client_secret ?? '', client?.client_secret ?? '')
  if (client === undefined || !right) {
    throw new OAuthError('invalid_client', 'Client authentication is missing or wrong')
  }
  return client
}

/** Undefined without a Basic header, and without values if the header can't be read. */
function readBasic(authorization = ''): Credentials | undefined {
  if (!/^Basic( |$)/i.test(authorization)) return undefined
  const [, base64 = ''] = /^Basic +([A-Za-z0-9+/]+=*)$/i.exec(authorization) ?? []
  const text = Buffer.from(base64, 'base64').toString()
  const [, name, secret] = /^([^:]*):(.*)$/s.exec(text) ?? []
  return { client_id: formDecode(name), client_secret: formDecode(secret) }
}

/** RFC 6749 section 2.3.1: clients form-encode name and secret before they build the header. */
function formDecode(text: string | undefined): string | undefined {
  try {
    return text && decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}
