import { hash, randomBytes, timingSafeEqual } from 'node:crypto'

/** A value that no one can guess: 256 random bits, 43 characters of base64url. RFC 6749 section 10.10 */
export function randomToken(): string {
  return randomBytes(32).toString('base64url')
}

/**
 * Whether two secrets are the same. The time it takes reveals nothing about how much of them matches.
 * It compares digests, because timingSafeEqual needs equal lengths.
 */
export function sameSecret(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other))
}

function digest(value: string): Buffer {
  return hash('sha256', value, 'buffer')
}
