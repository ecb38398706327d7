import { createHash } from 'node:crypto'
import { sameSecret } from '@oauth-lab/shared/secrets.ts'

/** Whether the value has the form of a SHA-256 in base64url. RFC 7636 section 4.2 */
export function isCodeChallenge(value: string): boolean {
  return /^[\w-]{43}$/.test(value)
}

/** RFC 7636 section 4.1 */
export function isCodeVerifier(value: string): boolean {
  return /^[\w.~-]{43,128}$/.test(value)
}

/** Whether the challenge was made from this verifier. RFC 7636 section 4.6 */
export function matchesChallenge(codeVerifier: string, codeChallenge: string): boolean {
  const computed = createHash('sha256').update(codeVerifier).digest('base64url')
  return sameSecret(computed, codeChallenge)
}
