import { createHash } from 'node:crypto'

/** The challenge that a verifier's owner may show to everybody. RFC 7636 section 4.2 */
export function codeChallengeOf(codeVerifier: string): string {
  return createHash('sha256').update(codeVerifier).digest('base64url')
}
