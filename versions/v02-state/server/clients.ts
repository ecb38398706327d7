import type { LabConfig } from '@oauth-lab/shared/config.ts'

/** A client as the authorization server knows it. RFC 6749 section 2 */
export interface Client {
  client_id: string
  client_secret: string
  /** The redirect URI of a request is compared with them. RFC 9700 section 2.1 */
  redirect_uris: string[]
}

/** By their client_id. */
export type Clients = Map<string, Client>

/**
 * The clients that registered with this server before their first request. All are
 * confidential: each has a secret and can keep it. RFC 6749 section 2.1
 */
export function registeredClients(config: LabConfig): Clients {
  const clients: Client[] = [
    {
      client_id: config.clientId,
      client_secret: config.clientSecret,
      redirect_uris: [`${config.clientUrl}/callback`],
    },
    {
      client_id: 'other-client',
      client_secret: 'other-client-secret',
      redirect_uris: ['http://localhost:25009/callback?from=other'],
    },
  ]
  return new Map(clients.map((client) => [client.client_id, client]))
}
