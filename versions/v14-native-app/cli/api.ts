import { badResponse, callBackChannel } from '@oauth-lab/shared/back-channel.ts'
import type { LabConfig } from '@oauth-lab/shared/config.ts'

/** Asks the resource server whose access token this is. RFC 6750 section 2.1 */
export async function fetchUsername(config: LabConfig, accessToken: string): Promise<string> {
  const url = `${config.apiUrl}/api/me`
  const headers = { authorization: `Bearer ${accessToken}` }
  const { status, body } = await callBackChannel(url, { method: 'GET', headers })
  if (status === 200 && typeof body.username === 'string') return body.username
  throw badResponse(url, status)
}
