import type { LabConfig } from '@oauth-lab/shared/config.ts'

/** A client as the authorization server knows it. RFC 6749 section 2 */
export interface Client {
  client_id: string
  /** Undefined for a public client, which can't keep one. RFC 6749 section 2.1 */
  client_secret?: string
  /** The redirect URI of a request is compared with them. RFC 9700 section 2.1 */
  redirect_uris: string[]
  /** How it may get tokens. RFC 7591 section 2 */
  grant_types: string[]
  /** What it may ask for. RFC 7591 section 2 */
  scopes: string[]
}

/** By their client_id. */
export type Clients = Map<string, Client>

/**
 * The clients that registered with this server before their first request. All are
 * confidential except lab-cli: each has a secret and can keep it. RFC 6749 section 2.1
 */
export function registeredClients(config: LabConfig): Clients {
  const clients: Client[] = [
    {
      client_id: config.clientId,
      client_secret: config.clientSecret,
      redirect_uris: [`${config.clientUrl}/callback`],
      grant_types: ['authorization_code', 'refresh_token'],
      scopes: ['profile', 'email'],
    },
    {
      client_id: 'other-client',
      client_secret: 'other-client-secret',
      redirect_uris: ['http://localhost:25009/callback?from=other'],
      grant_types: ['authorization_code', 'refresh_token'],
      scopes: ['profile'],
    },
    {
      client_id: config.workerId,
      client_secret: config.workerSecret,
      redirect_uris: [],
      grant_types: ['client_credentials'],
      scopes: ['stats:read'],
    },
    {
      client_id: config.apiId,
      client_secret: config.apiSecret,
      redirect_uris: [],
      grant_types: [],
      scopes: [],
    },
    {
      client_id: 'lab-cli',
      redirect_uris: ['http://127.0.0.1/callback'],
      grant_types: ['authorization_code', 'refresh_token'],
      scopes: ['profile', 'email'],
    },
  ]
  return new Map(clients.map((client) => [client.client_id, client]))
}
