import { createHash } from 'node:crypto'

/** Derives the challenge, which anyone may see, from the secret verifier. RFC 7636 section 4.2 */
export function codeChallengeOf(codeVerifier: string): string {
  return createHash('sha256').update(codeVerifier).digest('base64url')
}
