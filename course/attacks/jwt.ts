import { createHmac, type KeyObject, sign } from 'node:crypto'

/** The readable parts of a JWT. RFC 7519 section 3 */
export interface JwtParts {
  header: Record<string, unknown>
  claims: Record<string, unknown>
}

/** Reads a token without checking it. The parts are empty if it is no JWT. */
export function readJwt(token: string): JwtParts {
  const [header, claims, signature] = token.split('.')
  if (signature === undefined) return { header: {}, claims: {} }
  return { header: decode(header), claims: decode(claims) }
}

/** Makes a JWT. `signer` returns the signature of the text in front of it. */
export function makeJwt({ header, claims }: JwtParts, signer: (text: string) => string): string {
  const text = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${text}.${signer(text)}`
}

/** Signs with a private key. RFC 7518 section 3.4 */
export function es256(key: KeyObject): (text: string) => string {
  return (text) => {
    return sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString(
      'base64url',
    )
  }
}

/** Signs with a secret that both sides know. RFC 7518 section 3.2 */
export function hs256(secret: string): (text: string) => string {
  return (text) => createHmac('sha256', secret).update(text).digest('base64url')
}

function decode(part = ''): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString())
}
