import type { LabConfig } from '@oauth-lab/shared/config.ts'
import { ExpiringMap } from '@oauth-lab/shared/expiring-map.ts'
import type { User } from '@oauth-lab/shared/users.ts'
import type { AuthorizationRequest } from '../protocol.ts'

/** What a login gave: this client may act for this user. Every code and token stands for one. */
export interface Grant {
  client_id: string
  user: User
}

/** What a code stands for: a grant, and the request that it answers. */
export interface IssuedCode {
  request: AuthorizationRequest
  grant: Grant
}

/** All that the server remembers, and for how many seconds. */
export interface Store {
  codes: ExpiringMap<IssuedCode>
  codeTtl: number
  accessTokens: ExpiringMap<Grant>
  accessTokenTtl: number
}

export function createStore(config: LabConfig): Store {
  return {
    codes: new ExpiringMap(100_000),
    codeTtl: config.codeTtl,
    accessTokens: new ExpiringMap(1_000_000),
    accessTokenTtl: config.accessTokenTtl ?? 3600,
  }
}
