import { part } from '../draft.ts'
import { type Exercise, mistake } from '../exercise-start.ts'

const LOGOUT = 'client/routes/logout.ts'
const APP = 'client/app.ts'
const CALLBACK = 'client/routes/callback.ts'
const API = 'client/api.ts'
const BEARER_AUTH = 'server/bearer-auth.ts'
const ME = 'server/routes/me.ts'
const PROFILE_PAGE = 'client/views/profile.eta'
const SERVER_APP = 'server/app.ts'

const CLOSED_DOOR = `import type { FastifyInstance } from 'fastify'

/** The protected resource: the user whom the access token stands for. RFC 6749 section 7 */
export async function meRoute(app: FastifyInstance): Promise<void> {
  app.get('/api/me', async (_request, reply) => {
    // RFC 6750 section 3.1: a request without credentials gets a bare challenge, with no error code.
    reply.code(401).header('www-authenticate', 'Bearer realm="oauth-lab"')
    return reply.send({ message: 'Send an access token in the Authorization header.' })
  })
}
`

const BARE_CHALLENGE = `  reply.header('www-authenticate', 'Bearer realm="oauth-lab"')
  return reply.send({ message: 'Send an access token in the Authorization header.' })
`

export const v04: Exercise = {
  steps: [
    (draft) => {
      const app = draft.final(SERVER_APP)
      draft.take(
        SERVER_APP,
        ["import type { FindAccessToken } from './bearer-auth.ts'\n", ''],
        [part(app, '  const findAccessToken', '\n  app.register(homeRoute'), ''],
        ['app.register(meRoute, { findAccessToken })', 'app.register(meRoute)'],
      )
      draft.write(ME, CLOSED_DOOR)
    },
    (draft) => {
      for (const path of ['protocol.ts', SERVER_APP, ME]) draft.take(path)
      const full = draft.final(BEARER_AUTH)
      draft.take(
        BEARER_AUTH,
        [
          "{ headers: { authorization = '' } }: FastifyRequest,\n  reply:",
          '_request: FastifyRequest,\n  reply:',
        ],
        [part(full, '  // RFC 6750 section 3.1'), `${BARE_CHALLENGE}}\n`],
      )
    },
    (draft) => draft.take(BEARER_AUTH),
    (draft) => {
      draft.take('client/session.ts')
      draft.remove('client/views/callback.eta')
      const callback = draft.final(CALLBACK)
      draft.take(
        CALLBACK,
        ["import { sessionHasEnded } from '@oauth-lab/shared/session.ts'\n", ''],
        [part(callback, '    // A logout in another tab', '    request.session.tokens ='), ''],
      )
    },
    (draft) => {
      draft.take('client/routes/profile.ts')
      draft.take(PROFILE_PAGE, [part(draft.final(PROFILE_PAGE), '      <form', '      <p>The'), ''])
      const api = draft.final(API)
      draft.take(
        API,
        ["import { PageError } from '@oauth-lab/shared/page-error.ts'\n", ''],
        [part(api, '\nconst logIn =', '\n/**'), ''],
        [part(api, ' * @throws {PageError} 401', ' * @throws {PageError} 502'), ''],
        [part(api, '  if (session.tokens === undefined) {', '  const call ='), ''],
        [
          part(api, '  const response =', '}\n\nfunction'),
          "  return call(session.tokens?.access_token ?? '')\n",
        ],
      )
      const app = draft.final(APP)
      draft.take(
        APP,
        [sessionsOf(app), '  registerSessions(app, config, config.clientUrl)\n'],
        ['app.register(homeRoute, { config })', 'app.register(homeRoute)'],
        [part(app, 'import { logoutRoute }', 'import { profileRoute }'), ''],
        ['  app.register(logoutRoute)\n', ''],
      )
    },
    (draft) => draft.take(API),
    (draft) => {
      draft.take('client/routes/home.ts')
      draft.take('client/views/home.eta')
      draft.edit(APP, ['app.register(homeRoute)', 'app.register(homeRoute, { config })'])
    },
    (draft) => {
      const callback = draft.final(CALLBACK)
      draft.take(
        CALLBACK,
        ["import { sessionHasEnded } from '@oauth-lab/shared/session.ts'\n", ''],
        [part(callback, '    // A logout in another tab', '    // A new session ID'), ''],
      )
    },
    (draft) => {
      draft.take('client/routes/logout.ts')
      draft.take(PROFILE_PAGE)
      draft.take(APP, [
        sessionsOf(draft.final(APP)),
        '  registerSessions(app, config, config.clientUrl)\n',
      ])
    },
    (draft) => {
      draft.take(CALLBACK)
      draft.take(APP)
    },
  ],

  mistakes: [
    mistake('no-token', 'a request without a token gets an error code', [
      BEARER_AUTH,
      `'Bearer realm="oauth-lab"'`,
      `'Bearer realm="oauth-lab", error="invalid_token"'`,
    ]),
    mistake(
      'token-in-query',
      'the server accepts a token in the URL',
      [
        BEARER_AUTH,
        "  { headers: { authorization = '' } }: FastifyRequest,\n  findAccessToken:",
        '  { url, headers }: FastifyRequest,\n  findAccessToken:',
      ],
      [
        BEARER_AUTH,
        '  const [, accessToken',
        `  const query = new URL(url, 'http://localhost').searchParams.get('access_token')\n  const authorization = headers.authorization ?? (query ? \`Bearer \${query}\` : '')\n  const [, accessToken`,
      ],
    ),
    mistake(
      'scheme-case',
      'the scheme is case-sensitive',
      [BEARER_AUTH, '/^Bearer( |$)/i', '/^Bearer( |$)/'],
      [BEARER_AUTH, '/^Bearer +(.*)$/i', '/^Bearer +(.*)$/'],
    ),
    mistake('wrong-token', 'a wrong token gets a 403', [
      BEARER_AUTH,
      "reply.header('www-authenticate', `",
      "reply.code(403).header('www-authenticate', `",
    ]),
    mistake('nothing-else', 'the response contains more than the user', [
      ME,
      'return grant.user',
      'return { ...grant.user, client_id: grant.client_id }',
    ]),
    mistake('expired-token', 'the lifetime of an access token is a thousand times too long', [
      'server/tokens.ts',
      'token, store.accessTokenTtl)',
      'token, store.accessTokenTtl * 1000)',
    ]),
    mistake('tokens-hidden', 'the profile shows the token', [
      'client/routes/profile.ts',
      "reply.view('profile.eta', { user })",
      "reply.header('x-token', String(request.session.tokens?.access_token)).view('profile.eta', { user })",
    ]),
    mistake('to-profile', "the callback shows a page and doesn't redirect", [
      CALLBACK,
      "return reply.redirect('/profile', 303)",
      "return reply.view('home.eta')",
    ]),
    mistake('profile', "the client doesn't store the token", [
      CALLBACK,
      '    request.session.tokens = tokenResponse\n',
      '    void tokenResponse\n',
    ]),
    mistake('not-logged-in', 'without a token, the profile redirects to the login at once', [
      'client/routes/profile.ts',
      'const user = await',
      "if (!request.session.tokens) return reply.redirect('/login')\n    const user = await",
    ]),
    mistake('refused-token', 'the client keeps a rejected token', [
      API,
      '  delete session.tokens\n',
      '',
    ]),
    mistake(
      'resource-nonsense',
      'a response that makes no sense ends the login',
      [
        API,
        '  const { status, body } = await callApi',
        '  const { tokens } = session\n  const { status, body } = await callApi',
      ],
      [API, '  if (status !== 200', '  delete session.tokens\n  if (status !== 200'],
      [API, '  return body\n', '  session.tokens = tokens\n  return body\n'],
    ),
    mistake('fresh-session', "a login doesn't change the session ID", [
      CALLBACK,
      '    await request.session.regenerate()\n',
      '',
    ]),
    mistake('old-cookie', "a logout clears the browser's cookie, but not the session", [
      LOGOUT,
      'await request.session.destroy()',
      "for (const name of Object.keys(request.cookies)) reply.clearCookie(name, { path: '/' })",
    ]),
    mistake(
      'logout',
      "a logout redirects, but doesn't end the session",
      [LOGOUT, '    await request.session.destroy()\n', ''],
      [LOGOUT, 'async (request, reply)', 'async (_request, reply)'],
    ),
    mistake(
      'logout-by-post',
      'a GET also logs out',
      [
        LOGOUT,
        "app.post('/logout', async",
        "app.route({ method: ['GET', 'POST'], url: '/logout', handler: async",
      ],
      [
        LOGOUT,
        "    return reply.redirect('/', 303)\n  })",
        "    return reply.redirect('/', 303)\n  } })",
      ],
    ),
    mistake('logout-stays', 'a login in progress survives a logout', [
      CALLBACK,
      "    if (sessionHasEnded(request)) return reply.redirect('/', 303)\n",
      '',
    ]),
    mistake('profile', 'the profile shows the name as HTML', [
      'client/views/profile.eta',
      '<%= it.user.username %>',
      '<%~ it.user.username %>',
    ]),
    mistake('home', 'the start page shows the name as HTML', [
      'client/views/home.eta',
      '<%= it.user.username %>',
      '<%~ it.user.username %>',
    ]),
    mistake('home', 'the start page hides a dead token', [
      'client/routes/home.ts',
      'await fetchUserInfo(config, request.session)',
      'await fetchUserInfo(config, request.session).catch(() => undefined)',
    ]),
    mistake('resource-nonsense', 'a server error counts as a rejected token', [
      API,
      'response.status !== 401',
      'response.status < 400',
    ]),
    mistake('not-logged-in', 'the page that asks for a login has no link to it', [
      API,
      "'token missing from session', logIn)",
      "'token missing from session')",
    ]),
    mistake('no-token', 'the challenge of the resource has no realm', [
      BEARER_AUTH,
      `'Bearer realm="oauth-lab"'`,
      `'Bearer'`,
    ]),
    mistake('home', 'the start page is the same for everyone', [
      'client/views/home.eta',
      '<% if (it.user) { %>',
      '<% if (it.nobody) { %>',
    ]),
    mistake('to-profile', 'the token request has no content type', [
      'client/token-request.ts',
      "      'content-type': 'application/x-www-form-urlencoded',\n",
      '',
    ]),
    mistake('no-token', 'a request without a token gets an error code in the body', [
      BEARER_AUTH,
      "reply.send({ message: 'Send",
      "reply.send({ error: 'invalid_token', message: 'Send",
    ]),
    mistake(
      'profile',
      'the token is stored in the session that regenerate() ends',
      [CALLBACK, '    await request.session.regenerate()\n', ''],
      [
        CALLBACK,
        '    return reply.redirect(',
        '    await request.session.regenerate()\n    return reply.redirect(',
      ],
    ),
    mistake('profile', 'the token is sent without its scheme', [
      API,
      'headers: { authorization: `Bearer $',
      'headers: { authorization: `$',
    ]),
    mistake('to-profile', "the verifier doesn't match the challenge", [
      CALLBACK,
      'pendingLogin.codeVerifier',
      'pendingLogin.codeVerifier.slice(1)',
    ]),
    mistake('state-still', 'the client no longer compares the state', [
      CALLBACK,
      '!state || !pendingLogin || !sameSecret(state, pendingLogin.state)',
      '!pendingLogin',
    ]),
    mistake('wrong-token', 'the server ignores what follows the first word after Bearer', [
      BEARER_AUTH,
      '/^Bearer +(.*)$/i',
      '/^Bearer +(\\S*)/i',
    ]),
  ],
}

/** The registration of the sessions, with the comment above it. */
function sessionsOf(app: string): string {
  return part(app, '  // A flood', '  app.register(homeRoute')
}
