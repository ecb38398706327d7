import { randomToken, sameSecret } from '@oauth-lab/shared/secrets.ts'
import type { Family, Grant, Store } from './store.ts'

/** Every refresh token starts with the id of its family. A random token has this many characters. */
const ID_LENGTH = 43

/** Starts the family of a login. Returns its first refresh token. */
export function startFamily(store: Store, grant: Grant): string {
  const id = randomToken()
  const family: Family = { id, grant, refreshToken: '' }
  store.families.set(id, family, familyTimeLeft(store, grant))
  return rotate(family)
}

/** Replaces the refresh token of a family: the old one is used up. RFC 9700 section 4.14.2 */
export function rotate(family: Family): string {
  family.refreshToken = `${family.id}${randomToken()}`
  return family.refreshToken
}

/** The family that a refresh token names, whether the token is its current one or not. */
export function findFamily(store: Store, refreshToken: string): Family | undefined {
  return store.families.get(refreshToken.slice(0, ID_LENGTH))
}

export function isCurrent(family: Family, refreshToken: string): boolean {
  return sameSecret(refreshToken, family.refreshToken)
}

/** How many more seconds this login can be refreshed. Zero or less means that its time is over. */
export function refreshTimeLeft(store: Store, grant: Grant): number {
  const age = (performance.now() - grant.authorizedAt) / 1000
  return store.refreshTokenTtl - age
}

/**
 * How many more seconds a stolen token of this login could be worth something. The last refresh issues
 * an access token that outlives the refresh token.
 */
export function familyTimeLeft(store: Store, grant: Grant): number {
  return Math.max(0, refreshTimeLeft(store, grant)) + store.accessTokenTtl
}
