import type { LabConfig } from '@oauth-lab/shared/config.ts'
import type { Client } from '@oauth-lab/shared/oauth.ts'

export type Clients = Map<string, Client>

/**
 * The clients that were registered with this server before they sent the first user here, by their
 * client_id. All of them are confidential: each has a secret, and can keep it. RFC 6749 section 2.1
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
