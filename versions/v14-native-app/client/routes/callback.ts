import type { LabConfig } from '@oauth-lab/shared/config.ts'
import { PageError } from '@oauth-lab/shared/page-error.ts'
import { type Parameters, parameter, soleParameter } from '@oauth-lab/shared/parameters.ts'
import { sameSecret } from '@oauth-lab/shared/secrets.ts'
import { sessionHasEnded } from '@oauth-lab/shared/session.ts'
import type { FastifyInstance } from 'fastify'
import { revokeTokens } from '../revocation.ts'
import { startAgain } from '../start-again.ts'
import { TokenManager } from '../token-manager.ts'
import { requestToken } from '../token-request.ts'

/** The redirect URI, where the browser delivers the authorization response. RFC 6749 section 4.1.2 */
export async function callbackRoute(
  app: FastifyInstance,
  { config }: { config: LabConfig },
): Promise<void> {
  app.get<{ Querystring: Parameters }>('/callback', async (request, reply) => {
    // RFC 6749 section 10.12: accept no response to a login that this browser didn't start.
    const state = soleParameter(request.query, 'state')
    const { pendingLogin } = request.session
    if (!state || !pendingLogin || !sameSecret(state, pendingLogin.state)) {
      const message = "This response doesn't belong to the login that this browser started last."
      const { tokens } = request.session
      const next = tokens ? { href: '/profile', text: 'Go to your profile' } : startAgain
      throw new PageError(400, 'Wrong state', message, next)
    }
    // A state works once. Save now, not after the exchange, so that a second request can't find it.
    delete request.session.pendingLogin
    await request.session.save()

    // RFC 6749 section 4.1.2.1
    const error = parameter(request.query, 'error')
    if (error !== undefined) {
      const description = parameter(request.query, 'error_description')
      throw new PageError(400, error, description ?? 'The server gave no reason.', startAgain)
    }
    const code = parameter(request.query, 'code')
    if (code === undefined) {
      const message = 'The response has neither a code nor an error.'
      throw new PageError(400, 'No code', message, startAgain)
    }

    // RFC 6749 section 4.1.3
    const tokenResponse = await requestToken(config, {
      grant_type: 'authorization_code',
      code,
      redirect_uri: `${config.clientUrl}/callback`,
      code_verifier: pendingLogin.codeVerifier,
    })

    // The new tokens replace the old ones. If the server doesn't end those now, they expire by themselves.
    await request.session.tokens?.revoke().catch(() => undefined)

    // A logout in another tab during the exchange also ends this login.
    if (sessionHasEnded(request)) {
      await revokeTokens(config, tokenResponse)
      return reply.redirect('/', 303)
    }

    // A new session ID: someone who knows the old one must not be logged in with it.
    await request.session.regenerate()
    const { scope, wayBack } = pendingLogin
    request.session.tokens = new TokenManager(config, { scope, ...tokenResponse })
    return reply.redirect(wayBack, 303)
  })
}
