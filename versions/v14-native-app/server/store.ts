import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import type { LabConfig } from '@oauth-lab/shared/config.ts'
import { ExpiringMap } from '@oauth-lab/shared/expiring-map.ts'
import type { User } from '@oauth-lab/shared/users.ts'

/** The result of a login: this client may act for this user. Every code and token stands for one. */
export interface Grant {
  client_id: string
  /** Undefined for a client that acts for itself. */
  user?: User
  /** What the user allowed. */
  scopes: string[]
  /** Everything the user allows this client now. Emptied when the user takes it back. */
  allowed: Set<string>
  /** When the user authorized it, in milliseconds of the monotonic clock. */
  authorizedAt: number
  /** True once it was revoked, along with every code and token that stands for it. */
  ended: boolean
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
  /** What it covers: everything the user allowed, or less. */
  scopes: string[]
  /** In milliseconds of the system's clock, which other programs have, too. */
  issuedAt: number
}

/** The refresh tokens of one login. Each one is the family's ID and a secret. Only the newest works. */
export interface Family {
  grant: Grant
  id: string
  secret: string
  /** In milliseconds of the monotonic clock. */
  expiresAt: number
}

/** Everything the server remembers, and for how many seconds. */
export interface Store {
  codes: ExpiringMap<IssuedCode>
  codeTtl: number
  accessTokens: ExpiringMap<IssuedAccessToken>
  accessTokenTtl: number
  /** What every access token says: which server issued it, and which API it is for. */
  issuer: string
  audience: string
  /** Signs the access tokens. Its public half is for everyone. RFC 7517 section 4 */
  signingKey: { kid: string; privateKey: KeyObject; publicKey: KeyObject }
  families: ExpiringMap<Family>
  /** Counted from the authorization. */
  refreshTokenTtl: number
  /** Codes that were exchanged for tokens. A second use reveals a thief. */
  usedCodes: ExpiringMap<IssuedCode>
  /** What each user allowed each client. */
  allowedScopes: Map<string, Set<string>>
}

export function createStore(config: LabConfig): Store {
  return {
    codes: new ExpiringMap(100_000, hasEnded),
    codeTtl: config.codeTtl,
    accessTokens: new ExpiringMap(1_000_000, hasEnded),
    accessTokenTtl: config.accessTokenTtl ?? 300,
    issuer: config.authServerUrl,
    audience: config.apiUrl,
    signingKey: { kid: randomUUID(), ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) },
    families: new ExpiringMap(1_000_000, hasEnded),
    refreshTokenTtl: config.refreshTokenTtl,
    usedCodes: new ExpiringMap(1_000_000, hasEnded),
    allowedScopes: new Map(),
  }
}

/** What a user allowed a client until now. Adding a scope allows it. */
export function allowedScopesOf(store: Store, { user_id }: User, client_id: string): Set<string> {
  const key = `${user_id} ${client_id}`
  const scopes = store.allowedScopes.get(key) ?? new Set()
  store.allowedScopes.set(key, scopes)
  return scopes
}

/**
 * Takes back what a user allowed a client, and so ends every code and token that stands for it. Returns
 * false if there was nothing to take back.
 */
export function disconnect(store: Store, { user_id }: User, client_id: string): boolean {
  const key = `${user_id} ${client_id}`
  const allowed = store.allowedScopes.get(key)
  if (allowed === undefined || allowed.size === 0) return false
  // The next yes must go into a new set: in this one it would revive what ends here.
  store.allowedScopes.delete(key)
  allowed.clear()
  return true
}

function hasEnded({ grant }: { grant: Grant }): boolean {
  return grant.ended || grant.allowed.size === 0
}
