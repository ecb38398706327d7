import type { LabConfig } from '@oauth-lab/shared/config.ts'
import { type Parameters, soleParameter } from '@oauth-lab/shared/parameters.ts'
import { randomToken } from '@oauth-lab/shared/secrets.ts'
import type { FastifyInstance } from 'fastify'
import { codeChallengeOf } from '../pkce.ts'

/** Sends the browser to the authorization server. RFC 6749 section 4.1.1 */
export async function loginRoute(
  app: FastifyInstance,
  { config }: { config: LabConfig },
): Promise<void> {
  app.get<{ Querystring: Parameters }>('/login', async (request, reply) => {
    const state = randomToken()
    const codeVerifier = randomToken()
    // An address in the request would let a link lead the user anywhere after the login.
    const isForEmail = soleParameter(request.query, 'for') === 'email'
    const covered = request.session.tokens?.scopes ?? ['profile']
    const scopes = new Set([...covered, isForEmail ? 'email' : 'profile'])
    const scope = [...scopes].join(' ')
    request.session.pendingLogin = {
      state,
      codeVerifier,
      scope,
      wayBack: isForEmail ? '/email' : '/profile',
    }

    const url = new URL('/authorize', config.authServerUrl)
    url.searchParams.set('response_type', 'code')
    url.searchParams.set('client_id', config.clientId)
    url.searchParams.set('redirect_uri', `${config.clientUrl}/callback`)
    url.searchParams.set('state', state)
    url.searchParams.set('code_challenge', codeChallengeOf(codeVerifier))
    url.searchParams.set('code_challenge_method', 'S256')
    url.searchParams.set('scope', scope)

    return reply.redirect(url.href, 302)
  })
}
