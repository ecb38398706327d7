import { randomToken, sameSecret } from '@oauth-lab/shared/secrets.ts'
import type { Family, Grant, Store } from './store.ts'

/** A refresh token is the id of its family and a secret, each a random token of this length. */
const ID_LENGTH = 43

/** Starts the family of a login. Returns its first refresh token. */
export function startFamily(store: Store, grant: Grant): string {
  const id = randomToken()
  const secret = randomToken()
  store.families.set(id, { grant, secret }, familyTimeLeft(store, grant))
  return id + secret
}

/** Replaces the refresh token of a family: the old one is used up. RFC 9700 section 4.14.2 */
export function rotate(family: Family, refreshToken: string): string {
  family.secret = randomToken()
  return refreshToken.slice(0, ID_LENGTH) + family.secret
}

/** The family that a refresh token names, whether the token is its current one or not. */
export function findFamily(store: Store, refreshToken: string): Family | undefined {
  return store.families.get(refreshToken.slice(0, ID_LENGTH))
}

export function isCurrent(family: Family, refreshToken: string): boolean {
  return sameSecret(refreshToken.slice(ID_LENGTH), family.secret)
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
