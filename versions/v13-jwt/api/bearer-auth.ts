import { OAuthError } from '@oauth-lab/shared/oauth.ts'
import { PageError } from '@oauth-lab/shared/page-error.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** Looks up what an access token stands for. */
export type FindAccessToken = (accessToken: string) => Promise<IssuedAccessToken | undefined>

/** What an access token stands for: whose it is, and what it covers. */
export type IssuedAccessToken = { sub: string; scopes: string[] }

/**
 * Returns what the access token of a request stands for. RFC 6750 section 2.1
 *
 * @throws {OAuthError} `invalid_token`, or `insufficient_scope` when the token doesn't cover the scope
 */
export async function authenticateBearer(
  { headers: { authorization = '' } }: FastifyRequest,
  findAccessToken: FindAccessToken,
  scope: string,
): Promise<IssuedAccessToken> {
  const [, accessToken = ''] = /^Bearer +(.*)$/i.exec(authorization) ?? []
  const issued = await findAccessToken(accessToken)
  if (issued === undefined) {
    throw new OAuthError(
      'invalid_token',
      'The access token is missing, malformed, unknown or expired',
    )
  }
  if (!issued.scopes.includes(scope)) {
    throw new OAuthError('insufficient_scope', `The access token does not cover ${scope}`, scope)
  }
  return issued
}

/** The error handler of every protected resource. RFC 6750 section 3 */
export async function sendBearerError(
  error: Error,
  { headers: { authorization = '' } }: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  // RFC 9110 section 15.6.4: the authorization server didn't say whether the token works.
  if (error instanceof PageError) {
    reply.code(503).header('retry-after', '5')
    return reply.send({ error: 'temporarily_unavailable', error_description: error.message })
  }
  if (!(error instanceof OAuthError)) throw error
  reply.code(401)
  // RFC 6750 section 3.1: a request without credentials gets a bare challenge, with no error code.
  if (!/^Bearer( |$)/i.test(authorization)) {
    reply.header('www-authenticate', 'Bearer realm="oauth-lab"')
    return reply.send({ message: 'Send an access token in the Authorization header.' })
  }
  const details = `error="${error.code}", error_description="${error.message}"`
  reply.header('www-authenticate', `Bearer realm="oauth-lab", ${details}`)
  // RFC 6750 section 3.1: the token is valid, but not for this.
  if (error.code === 'insufficient_scope') {
    reply.code(403)
    reply.header('www-authenticate', `Bearer realm="oauth-lab", ${details}, scope="${error.scope}"`)
  }
  return reply.send({ error: error.code, error_description: error.message })
}
