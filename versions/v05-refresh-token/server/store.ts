import type { LabConfig } from '@oauth-lab/shared/config.ts'
import { ExpiringMap } from '@oauth-lab/shared/expiring-map.ts'
import type { User } from '@oauth-lab/shared/users.ts'
import type { AuthorizationRequest } from '../protocol.ts'

/** What a login gave: this client may act for this user. Every code and token stands for one. */
export interface Grant {
  client_id: string
  user: User
  /** When the user logged in, in milliseconds of the monotonic clock. */
  loginTime: number
  /** Whether it is over before its time: with it every code and token that stands for it, the family. */
  ended: boolean
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
  refreshTokens: ExpiringMap<Grant>
  /** Counted from the login. */
  refreshTokenTtl: number
  /** Codes and refresh tokens that were used. They buy nothing more, but tell of a theft. */
  spent: ExpiringMap<Grant>
}

export function createStore(config: LabConfig): Store {
  return {
    codes: new ExpiringMap(100_000),
    codeTtl: config.codeTtl,
    accessTokens: new ExpiringMap(1_000_000, hasEnded),
    accessTokenTtl: config.accessTokenTtl ?? 300,
    refreshTokens: new ExpiringMap(1_000_000, hasEnded),
    refreshTokenTtl: config.refreshTokenTtl,
    spent: new ExpiringMap(1_000_000, hasEnded),
  }
}

function hasEnded({ ended }: Grant): boolean {
  return ended
}
