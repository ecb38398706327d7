import type { LabConfig } from '@oauth-lab/shared/config.ts'
import { errors, jwtVerify } from 'jose'
import type { FindAccessToken } from './bearer-auth.ts'
import { keyFinder } from './keys.ts'

/** Returns what checks an access token's signature and claims, and reads it. RFC 9068 section 4 */
export function tokenReader(config: LabConfig): FindAccessToken {
  const findKey = keyFinder(config)
  return async (token) => {
    // RFC 7515 section 5.2: a token has no other characters. jose would skip white space and padding.
    if (/[^\w.-]/.test(token)) return undefined
    try {
      const { payload } = await jwtVerify(token, findKey, {
        // RFC 8725 section 3.1: the token names an algorithm, but the API chooses it.
        algorithms: ['ES256'],
        typ: 'at+jwt',
        issuer: config.authServerUrl,
        // RFC 9700 section 2.3: a token for another API must not work at this one.
        audience: config.apiUrl,
        requiredClaims: ['exp', 'sub'],
      })
      const { sub, scope = '' } = payload
      if (typeof sub !== 'string' || typeof scope !== 'string') return undefined
      return { sub, scopes: scope.split(' ') }
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined
      throw error
    }
  }
}
