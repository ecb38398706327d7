import type { Client } from '@oauth-lab/shared/oauth.ts'
import type { Grant, Store } from './store.ts'

/** For how many more seconds a login may be refreshed; below zero when that time is over. */
export function refreshTimeLeft(store: Store, grant: Grant): number {
  const age = (performance.now() - grant.loginTime) / 1000
  return store.refreshTokenTtl - age
}

/**
 * Remembers that a code or refresh token was used, as long as there can be a token to end: the last
 * refresh buys an access token that lives beyond it.
 */
export function rememberSpent(store: Store, codeOrToken: string, grant: Grant): void {
  const timeLeft = Math.max(0, refreshTimeLeft(store, grant))
  store.spent.set(codeOrToken, grant, timeLeft + store.accessTokenTtl)
}

/**
 * Ends a whole family when one of its members is used a second time by its client: there are two who
 * have it, and one of them is a thief. RFC 9700 section 4.14.2, for codes RFC 6749 section 4.1.2
 */
export function endFamilyIfSpent(store: Store, codeOrToken: string, client: Client): void {
  const grant = store.spent.get(codeOrToken)
  if (grant?.client_id === client.client_id) grant.ended = true
}
