import { part } from '../lib/exercise/draft.ts'
import type { Exercise } from '../lib/exercise/exercise.ts'

const LOGOUT = 'client/routes/logout.ts'
const APP = 'client/app.ts'
const CALLBACK = 'client/routes/callback.ts'
const ME = 'server/routes/me.ts'
const PROFILE_PAGE = 'client/views/profile.eta'
const USER_INFO = 'client/user-info.ts'

const CLOSED_DOOR = `import type { FastifyInstance } from 'fastify'
import type { Store } from '../store.ts'

/** The protected resource: the user for whom the access token speaks. RFC 6749 section 7 */
export async function meRoute(app: FastifyInstance, _options: { store: Store }): Promise<void> {
  app.get('/api/me', async (_request, reply) => {
    // RFC 6750 section 3.1: who brings no token learns which kind is wanted here, and of no error.
    reply.code(401).header('www-authenticate', 'Bearer realm="oauth-lab"')
    return reply.send({ message: 'Send an access token in the Authorization header.' })
  })
}
`

export const v04: Exercise = {
  steps: [
    (draft) => {
      draft.take('server/app.ts')
      draft.write(ME, CLOSED_DOOR)
    },
    (draft) => {
      draft.take('protocol.ts')
      const full = draft.final(ME)
      draft.take(
        ME,
        [part(full, 'import { OAuthError }', 'import type { FastifyInstance }'), ''],
        [
          part(full, '      throw new OAuthError', '    }\n    return grant.user'),
          `      reply.code(401).header('www-authenticate', 'Bearer realm="oauth-lab"')
      return reply.send({ message: 'This access token is not good.' })
`,
        ],
        [part(full, '\n  // RFC 6750 section 3\n').replace(/}\n$/, ''), ''],
      )
    },
    (draft) => draft.take(ME),
    (draft) => {
      draft.take('client/session.ts')
      draft.remove('client/views/callback.eta')
      draft.take(CALLBACK, [
        part(draft.final(CALLBACK), '    // A new session id', '    request.session.acc'),
        '',
      ])
    },
    (draft) => {
      draft.take('client/routes/profile.ts')
      const page = draft.final(PROFILE_PAGE)
      draft.take(PROFILE_PAGE, [part(page, '      <form', '      <p><a href="/">'), ''])
      const info = draft.final(USER_INFO)
      draft.take(
        USER_INFO,
        ["import { PageError } from '@oauth-lab/shared/page-error.ts'\n", ''],
        [part(info, '\nconst logIn =', '\n/**'), ''],
        [part(info, ' * @throws {PageError} 401', ' * @throws {PageError} 502'), ''],
        [part(info, '  if (session.accessToken === undefined) {', '  const ask ='), ''],
        ['ask(session.accessToken)', "ask(session.accessToken ?? '')"],
        [part(info, '  if (status === 401) {', '  if (status !== 200'), ''],
      )
      const app = draft.final(APP)
      draft.take(
        APP,
        [sessionsOf(app), '  registerSessions(app, config)\n'],
        ['app.register(homeRoute, { config })', 'app.register(homeRoute)'],
        [part(app, 'import { logoutRoute }', 'import { profileRoute }'), ''],
        ['  app.register(logoutRoute)\n', ''],
      )
    },
    (draft) => draft.take(USER_INFO),
    (draft) => {
      draft.take('client/routes/home.ts')
      draft.take('client/views/home.eta')
      draft.edit(APP, ['app.register(homeRoute)', 'app.register(homeRoute, { config })'])
    },
    (draft) => draft.take(CALLBACK),
    (draft) => {
      draft.take('client/routes/logout.ts')
      draft.take(PROFILE_PAGE)
      draft.take(APP, [sessionsOf(draft.final(APP)), '  registerSessions(app, config)\n'])
    },
    (draft) => draft.take(APP),
  ],

  mistakes: [
    {
      what: 'who brings no token is told of an error',
      changes: {
        [ME]: [
          [
            "header('www-authenticate', 'Bearer realm=\"oauth-lab\"')",
            'header(\'www-authenticate\', \'Bearer realm="oauth-lab", error="invalid_token"\')',
          ],
        ],
      },
      tells: 'no-token',
    },
    {
      what: 'a token in the address is taken',
      changes: {
        [ME]: [
          [
            "const { authorization = '' } = request.headers",
            `const query = new URL(request.url, 'http://localhost').searchParams.get('access_token')\n    const authorization = request.headers.authorization ?? (query ? \`Bearer \${query}\` : '')`,
          ],
        ],
      },
      tells: 'token-in-query',
    },
    {
      what: 'the scheme is compared letter by letter',
      changes: {
        [ME]: [
          ['/^Bearer( |$)/i', '/^Bearer( |$)/'],
          ['/^Bearer +(.*)$/i', '/^Bearer +(.*)$/'],
        ],
      },
      tells: 'scheme-case',
    },
    {
      what: 'a wrong token is answered with a 403',
      changes: {
        [ME]: [
          [
            "reply.code(401).header('www-authenticate', `",
            "reply.code(403).header('www-authenticate', `",
          ],
        ],
      },
      tells: 'wrong-token',
    },
    {
      what: 'the whole grant is sent, and not the user alone',
      changes: {
        [ME]: [['return grant.user', 'return { ...grant.user, client_id: grant.client_id }']],
      },
      tells: 'nothing-else',
    },
    {
      what: 'the lifetime of an access token is taken for milliseconds',
      changes: {
        'server/tokens.ts': [
          ['grant, store.accessTokenTtl)', 'grant, store.accessTokenTtl * 1000)'],
        ],
      },
      tells: 'expired-token',
    },
    {
      what: 'the token is shown on the profile',
      changes: {
        'client/routes/profile.ts': [
          [
            "reply.view('profile.eta', { user })",
            "reply.header('x-token', String(request.session.accessToken)).view('profile.eta', { user })",
          ],
        ],
      },
      tells: 'tokens-hidden',
    },
    {
      what: 'the callback shows a page in place of a redirect',
      changes: {
        [CALLBACK]: [["return reply.redirect('/profile', 303)", "return reply.view('home.eta')"]],
      },
      tells: 'to-profile',
    },
    {
      what: 'the token is not kept',
      changes: {
        [CALLBACK]: [
          ['    request.session.accessToken = token.access_token\n', '    void token\n'],
        ],
      },
      tells: 'profile',
    },
    {
      what: 'who has no token is sent to the login at once',
      changes: {
        'client/routes/profile.ts': [
          [
            'const user = await',
            "if (!request.session.accessToken) return reply.redirect('/login')\n    const user = await",
          ],
        ],
      },
      tells: 'not-logged-in',
    },
    {
      what: 'a refused token is kept',
      changes: { [USER_INFO]: [['    delete session.accessToken\n', '']] },
      tells: 'refused-token',
    },
    {
      what: 'an answer that makes no sense ends the login',
      changes: {
        [USER_INFO]: [
          [
            '  const { status, body } = await ask',
            '  const token = session.accessToken\n  delete session.accessToken\n  const { status, body } = await ask',
          ],
          ['ask(session.accessToken)', 'ask(token)'],
          ['    delete session.accessToken\n', ''],
          ['  return body\n', '  session.accessToken = token\n  return body\n'],
        ],
      },
      tells: 'resource-nonsense',
    },
    {
      what: 'the session id stays the same at the login',
      changes: { [CALLBACK]: [['    await request.session.regenerate()\n', '']] },
      tells: 'fresh-session',
    },
    {
      what: 'a logout forgets the cookie of the browser, and not the session',
      changes: {
        [LOGOUT]: [
          [
            'await request.session.destroy()',
            "for (const name of Object.keys(request.cookies)) reply.clearCookie(name, { path: '/' })",
          ],
        ],
      },
      tells: 'old-cookie',
    },
    {
      what: 'a logout redirects, and forgets nothing',
      changes: {
        [LOGOUT]: [
          ['    await request.session.destroy()\n', ''],
          ['async (request, reply)', 'async (_request, reply)'],
        ],
      },
      tells: 'logout',
    },
    {
      what: 'a GET logs out, too',
      changes: {
        [LOGOUT]: [
          [
            "app.post('/logout', async",
            "app.route({ method: ['GET', 'POST'], url: '/logout', handler: async",
          ],
          [
            "    return reply.redirect('/', 303)\n  })",
            "    return reply.redirect('/', 303)\n  } })",
          ],
        ],
      },
      tells: 'logout-by-post',
    },
    {
      what: 'the start page is the same for everybody',
      changes: { 'client/views/home.eta': [['<% if (it.user) { %>', '<% if (it.nobody) { %>']] },
      tells: 'home',
    },
    {
      what: 'the token request has no content type',
      changes: {
        'client/token-request.ts': [
          ["      'content-type': 'application/x-www-form-urlencoded',\n", ''],
        ],
      },
      tells: 'to-profile',
    },
    {
      what: 'who brings no token is told of an error in the body',
      changes: {
        [ME]: [
          ["reply.send({ message: 'Send", "reply.send({ error: 'invalid_token', message: 'Send"],
        ],
      },
      tells: 'no-token',
    },
    {
      what: 'the token is stored in the session that regenerate() ends',
      changes: {
        [CALLBACK]: [
          ['    await request.session.regenerate()\n', ''],
          [
            '    return reply.redirect(',
            '    await request.session.regenerate()\n    return reply.redirect(',
          ],
        ],
      },
      tells: 'profile',
    },
    {
      what: 'the token is sent without its scheme',
      changes: {
        [USER_INFO]: [['headers: { authorization: `Bearer $', 'headers: { authorization: `$']],
      },
      tells: 'profile',
    },
    {
      what: 'the verifier is not the one of the challenge',
      changes: {
        [CALLBACK]: [['pendingLogin.codeVerifier', 'pendingLogin.codeVerifier.slice(1)']],
      },
      tells: 'to-profile',
    },
    {
      what: 'the state is not compared any more',
      changes: {
        [CALLBACK]: [
          ['!state || !pendingLogin || !sameSecret(state, pendingLogin.state)', '!pendingLogin'],
        ],
      },
      tells: 'state-still',
    },
    {
      what: 'the word after Bearer counts, whatever follows it',
      changes: { [ME]: [['/^Bearer +(.*)$/i', '/^Bearer +(\\S*)/i']] },
      tells: 'wrong-token',
    },
  ],
}

/** The registration of the sessions, with the comment above it. */
function sessionsOf(app: string): string {
  return part(app, '  // A flood', '  app.register(homeRoute')
}
