import { badResponse, callBackChannel } from '@oauth-lab/shared/back-channel.ts'
import type { LabConfig } from '@oauth-lab/shared/config.ts'
import type { ClientCredentialsRequest } from '../protocol.ts'

/**
 * Asks the resource server how many users there are, with a token that stands for this program alone.
 *
 * @throws {Error} if the server refuses, can't be reached, or makes no sense
 */
export async function countUsers(config: LabConfig): Promise<number> {
  const accessToken = await requestToken(config)
  const url = `${config.apiUrl}/api/stats`
  const { status, body } = await callBackChannel(url, {
    method: 'GET',
    headers: { authorization: `Bearer ${accessToken}` },
  })
  const { users } = body
  if (status !== 200 || typeof users !== 'number') throw badResponse(url, status)
  return users
}

/** RFC 6749 section 4.4.2 */
async function requestToken({ authServerUrl, workerId, workerSecret }: LabConfig): Promise<string> {
  const url = `${authServerUrl}/token`
  // RFC 6749 section 2.3.1: both are encoded first, because the first colon ends the name.
  const credentials = `${encodeURIComponent(workerId)}:${encodeURIComponent(workerSecret)}`
  const tokenRequest: ClientCredentialsRequest = {
    grant_type: 'client_credentials',
    scope: 'stats:read',
  }
  const { status, body } = await callBackChannel(url, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams(tokenRequest).toString(),
  })

  const { error, error_description, access_token, token_type } = body
  if ((status === 400 || status === 401) && typeof error === 'string') {
    const reason = error_description ?? 'It gave no reason'
    throw new Error(`The server at ${url} rejected the request: ${error}. ${reason}.`)
  }
  // RFC 6749 section 7.1: a client must not use a token of a type it doesn't know.
  const isBearer = String(token_type).toLowerCase() === 'bearer'
  if (status !== 200 || typeof access_token !== 'string' || access_token === '' || !isBearer) {
    throw badResponse(url, status)
  }
  return access_token
}
