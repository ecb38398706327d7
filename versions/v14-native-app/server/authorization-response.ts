import type { FastifyReply } from 'fastify'
import type { AuthorizationErrorResponse, AuthorizationResponse } from '../protocol.ts'

/** Sends the browser back to the client, with the response in the query of the redirect URI. */
export function sendAuthorizationResponse(
  reply: FastifyReply,
  redirectUri: string,
  response: AuthorizationResponse | AuthorizationErrorResponse,
): FastifyReply {
  const url = new URL(redirectUri)
  for (const [name, value] of Object.entries(response)) {
    if (value !== undefined) url.searchParams.set(name, value)
  }
  // RFC 9700 section 4.12: after a 307 the browser would post the password to the client, too.
  return reply.redirect(url.href, 303)
}
