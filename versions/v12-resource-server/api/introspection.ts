import { badResponse, callBackChannel } from '@oauth-lab/shared/back-channel.ts'
import type { LabConfig } from '@oauth-lab/shared/config.ts'
import type { IssuedAccessToken } from './bearer-auth.ts'

/**
 * Asks the server about an access token. Returns undefined if it doesn't work here. RFC 7662 section 2.1
 *
 * @throws {PageError} if the server can't be reached or makes no sense: then nobody knows
 */
export async function introspect(
  { authServerUrl, apiUrl, apiId, apiSecret }: LabConfig,
  token: string,
): Promise<IssuedAccessToken | undefined> {
  // RFC 6750 section 2.1: no token has other characters. The limit keeps the request below 16 KiB.
  if (!/^[\w.~+/=-]{1,4096}$/.test(token)) return undefined
  const url = `${authServerUrl}/introspect`
  // RFC 6749 section 2.3.1: both are encoded first, because the first colon ends the name.
  const credentials = `${encodeURIComponent(apiId)}:${encodeURIComponent(apiSecret)}`
  const { status, body } = await callBackChannel(url, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams({ token }).toString(),
  })
  // RFC 7662 section 2.2: all but active may be missing.
  const { active, scope = '', sub = '', aud, iss } = body
  const isText = typeof scope === 'string' && typeof sub === 'string'
  if (status !== 200 || typeof active !== 'boolean' || !isText) throw badResponse(url, status)
  // RFC 9700 section 2.3: a token for another API must not work at this one.
  if (!active || ![aud].flat().includes(apiUrl) || iss !== authServerUrl) return undefined
  return { sub, scopes: scope.split(' ') }
}
