import { badResponse, callBackChannel } from '@oauth-lab/shared/back-channel.ts'
import type { LabConfig } from '@oauth-lab/shared/config.ts'
import { type CryptoKey, createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose'

/** The shortest time between two fetches, in milliseconds: anyone can send tokens with a new kid. */
const PAUSE = 5_000

/** Returns what finds a token's key by its kid. If the kid is new, it asks the server. */
export function keyFinder({ authServerUrl }: LabConfig): JWTVerifyGetKey {
  let keys = new Map<unknown, CryptoKey>()
  let lastFetch = Promise.resolve(keys)
  let nextFetchAt = 0

  return async ({ kid }) => {
    if (!keys.has(kid)) {
      if (performance.now() >= nextFetchAt) {
        nextFetchAt = performance.now() + PAUSE
        lastFetch = fetchKeys(`${authServerUrl}/jwks`)
      }
      // While the server is away, the API goes on with the keys it has.
      keys = await lastFetch.catch((error) => (keys.size > 0 ? keys : Promise.reject(error)))
    }
    const key = keys.get(kid)
    if (key === undefined) throw new errors.JWKSNoMatchingKey()
    return key
  }
}

async function fetchKeys(url: string): Promise<Map<unknown, CryptoKey>> {
  const { status, body } = await callBackChannel(url, { method: 'GET', headers: {} })
  const keys = new Map<unknown, CryptoKey>()
  for (const jwk of Array.isArray(body.keys) ? body.keys : []) {
    try {
      const findKey = createLocalJWKSet({ keys: [jwk] })
      keys.set(jwk.kid, await findKey({ alg: 'ES256', kid: jwk.kid }))
    } catch {
      // RFC 7517 section 5: keys of other kinds are ignored.
    }
  }
  if (status !== 200 || keys.size === 0) throw badResponse(url, status)
  return keys
}
