import { badResponse } from '@oauth-lab/shared/back-channel.ts'
import type { LabConfig } from '@oauth-lab/shared/config.ts'
import type { FastifyRequest } from 'fastify'
import type { UserInfo } from '../protocol.ts'
import { callApi } from './api.ts'

/**
 * Asks the resource server who is logged in.
 *
 * @throws {PageError} see callApi
 */
export async function fetchUserInfo(
  config: LabConfig,
  session: FastifyRequest['session'],
): Promise<UserInfo> {
  const url = `${config.authServerUrl}/api/me`
  const { status, body } = await callApi(session, url)
  if (status !== 200 || !isUserInfo(body)) throw badResponse(url, status)
  return body
}

function isUserInfo(body: Record<string, unknown>): body is UserInfo {
  const { user_id, username, email } = body
  return [user_id, username, email].every((value) => typeof value === 'string')
}
