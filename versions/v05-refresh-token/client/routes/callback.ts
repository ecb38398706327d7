import type { LabConfig } from '@oauth-lab/shared/config.ts'
import { PageError } from '@oauth-lab/shared/page-error.ts'
import { type Parameters, parameter, soleParameter } from '@oauth-lab/shared/parameters.ts'
import { sameSecret } from '@oauth-lab/shared/secrets.ts'
import type { FastifyInstance } from 'fastify'
import { startAgain } from '../start-again.ts'
import { TokenManager } from '../token-manager.ts'
import { requestToken } from '../token-request.ts'

/** The redirect URI: here the browser brings the server's answer. RFC 6749 section 4.1.2 */
export async function callbackRoute(
  app: FastifyInstance,
  { config }: { config: LabConfig },
): Promise<void> {
  app.get<{ Querystring: Parameters }>('/callback', async (request, reply) => {
    // RFC 6749 section 10.12: an answer to a login that this browser did not begin is not for us.
    const state = soleParameter(request.query, 'state')
    const { pendingLogin } = request.session
    if (!state || !pendingLogin || !sameSecret(state, pendingLogin.state)) {
      const message = 'This is not the answer to the login that this browser began last.'
      throw new PageError(400, 'Wrong state', message, startAgain)
    }
    // It works once. Saved now and not after the exchange, so that a second request can't find it.
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
      throw new PageError(400, 'No code', 'The answer has neither a code nor an error.', startAgain)
    }

    // RFC 6749 section 4.1.3
    const token = await requestToken(config, {
      grant_type: 'authorization_code',
      code,
      redirect_uri: `${config.clientUrl}/callback`,
      code_verifier: pendingLogin.codeVerifier,
    })

    // A new session id: whoever knew the one from before the login must not be logged in with it.
    await request.session.regenerate()
    request.session.tokens = new TokenManager(config, token)
    return reply.redirect('/profile', 303)
  })
}
