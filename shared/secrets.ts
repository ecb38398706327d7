import { hash, randomBytes, timingSafeEqual } from 'node:crypto'

/** A fresh value that can't be guessed: 256 bits, 43 characters of base64url. RFC 6749 section 10.10 */
export function randomToken(): string {
  return randomBytes(32).toString('base64url')
}

/**
 * Whether two secrets are the same, in a time that tells nothing of how much of them is.
 * The digests are compared in place of the secrets: timingSafeEqual wants equal lengths.
 */
export function sameSecret(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other))
}

function digest(value: string): Buffer {
  return hash('sha256', value, 'buffer')
}
