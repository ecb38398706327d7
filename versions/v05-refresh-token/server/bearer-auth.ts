import { OAuthError } from '@oauth-lab/shared/oauth.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { IssuedAccessToken } from './store.ts'

/** Looks up what an access token stands for. */
export type FindAccessToken = (accessToken: string) => Promise<IssuedAccessToken | undefined>

/** A request without credentials. */
class MissingTokenError extends Error {}

/**
 * Checks the access token of a request. RFC 6750 section 2.1
 *
 * @returns what the token stands for
 * @throws {MissingTokenError} without an `Authorization: Bearer` header
 * @throws {OAuthError} `invalid_token`
 */
export async function authenticateBearer(
  { headers: { authorization = '' } }: FastifyRequest,
  findAccessToken: FindAccessToken,
): Promise<IssuedAccessToken> {
  if (!/^Bearer( |$)/i.test(authorization)) {
    throw new MissingTokenError('Send an access token in the Authorization header.')
  }
  const [, accessToken = ''] = /^Bearer +(.*)$/i.exec(authorization) ?? []
  const issued = await findAccessToken(accessToken)
  if (issued === undefined) {
    throw new OAuthError('invalid_token', 'The access token is malformed, unknown or expired')
  }
  return issued
}

/** The error handler of every protected resource. RFC 6750 section 3 */
export async function sendBearerError(
  error: Error,
  _request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const challenge = 'Bearer realm="oauth-lab"'
  // RFC 6750 section 3.1: a request without credentials gets a bare challenge, with no error code.
  if (error instanceof MissingTokenError) {
    reply.code(401).header('www-authenticate', challenge)
    return reply.send({ message: error.message })
  }

  if (!(error instanceof OAuthError)) throw error
  const details = `error="${error.code}", error_description="${error.message}"`
  reply.code(401).header('www-authenticate', `${challenge}, ${details}`)
  return reply.send({ error: error.code, error_description: error.message })
}
