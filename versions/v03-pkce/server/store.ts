import type { LabConfig } from '@oauth-lab/shared/config.ts'
import { ExpiringMap } from '@oauth-lab/shared/expiring-map.ts'
import type { User } from '@oauth-lab/shared/users.ts'

/** The result of a login: this client may act for this user. Every code and token stands for one. */
export interface Grant {
  client_id: string
  user: User
}

/** What the server remembers about a code. */
export interface IssuedCode {
  grant: Grant
  /** The token request must repeat it. RFC 6749 section 4.1.3 */
  redirect_uri: string
  /** The token request must prove that it knows the verifier. RFC 7636 section 4.4 */
  code_challenge: string
}

/** What the server remembers about an access token. */
export interface IssuedAccessToken {
  grant: Grant
}

/** Everything the server remembers, and for how many seconds. */
export interface Store {
  codes: ExpiringMap<IssuedCode>
  codeTtl: number
  accessTokens: ExpiringMap<IssuedAccessToken>
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
