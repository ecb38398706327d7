import { part } from '../draft.ts'
import type { Exercise } from '../exercise-start.ts'

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
    {
      what: 'a request without a token gets an error code',
      changes: {
        [BEARER_AUTH]: [
          [`'Bearer realm="oauth-lab"'`, `'Bearer realm="oauth-lab", error="invalid_token"'`],
        ],
      },
      tells: 'no-token',
    },
    {
      what: 'the server accepts a token in the URL',
      changes: {
        [BEARER_AUTH]: [
          [
            "  { headers: { authorization = '' } }: FastifyRequest,\n  findAccessToken:",
            '  { url, headers }: FastifyRequest,\n  findAccessToken:',
          ],
          [
            '  const [, accessToken',
            `  const query = new URL(url, 'http://localhost').searchParams.get('access_token')\n  const authorization = headers.authorization ?? (query ? \`Bearer \${query}\` : '')\n  const [, accessToken`,
          ],
        ],
      },
      tells: 'token-in-query',
    },
    {
      what: 'the scheme is case-sensitive',
      changes: {
        [BEARER_AUTH]: [
          ['/^Bearer( |$)/i', '/^Bearer( |$)/'],
          ['/^Bearer +(.*)$/i', '/^Bearer +(.*)$/'],
        ],
      },
      tells: 'scheme-case',
    },
    {
      what: 'a wrong token gets a 403',
      changes: {
        [BEARER_AUTH]: [
          ["reply.header('www-authenticate', `", "reply.code(403).header('www-authenticate', `"],
        ],
      },
      tells: 'wrong-token',
    },
    {
      what: 'the response contains more than the user',
      changes: {
        [ME]: [['return grant.user', 'return { ...grant.user, client_id: grant.client_id }']],
      },
      tells: 'nothing-else',
    },
    {
      what: 'the lifetime of an access token is a thousand times too long',
      changes: {
        'server/tokens.ts': [
          ['token, store.accessTokenTtl)', 'token, store.accessTokenTtl * 1000)'],
        ],
      },
      tells: 'expired-token',
    },
    {
      what: 'the profile shows the token',
      changes: {
        'client/routes/profile.ts': [
          [
            "reply.view('profile.eta', { user })",
            "reply.header('x-token', String(request.session.tokens?.access_token)).view('profile.eta', { user })",
          ],
        ],
      },
      tells: 'tokens-hidden',
    },
    {
      what: "the callback shows a page and doesn't redirect",
      changes: {
        [CALLBACK]: [["return reply.redirect('/profile', 303)", "return reply.view('home.eta')"]],
      },
      tells: 'to-profile',
    },
    {
      what: "the client doesn't store the token",
      changes: {
        [CALLBACK]: [['    request.session.tokens = tokenResponse\n', '    void tokenResponse\n']],
      },
      tells: 'profile',
    },
    {
      what: 'without a token, the profile redirects to the login at once',
      changes: {
        'client/routes/profile.ts': [
          [
            'const user = await',
            "if (!request.session.tokens) return reply.redirect('/login')\n    const user = await",
          ],
        ],
      },
      tells: 'not-logged-in',
    },
    {
      what: 'the client keeps a rejected token',
      changes: { [API]: [['  delete session.tokens\n', '']] },
      tells: 'refused-token',
    },
    {
      what: 'a response that makes no sense ends the login',
      changes: {
        [API]: [
          [
            '  const { status, body } = await callApi',
            '  const { tokens } = session\n  const { status, body } = await callApi',
          ],
          ['  if (status !== 200', '  delete session.tokens\n  if (status !== 200'],
          ['  return body\n', '  session.tokens = tokens\n  return body\n'],
        ],
      },
      tells: 'resource-nonsense',
    },
    {
      what: "a login doesn't change the session ID",
      changes: { [CALLBACK]: [['    await request.session.regenerate()\n', '']] },
      tells: 'fresh-session',
    },
    {
      what: "a logout clears the browser's cookie, but not the session",
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
      what: "a logout redirects, but doesn't end the session",
      changes: {
        [LOGOUT]: [
          ['    await request.session.destroy()\n', ''],
          ['async (request, reply)', 'async (_request, reply)'],
        ],
      },
      tells: 'logout',
    },
    {
      what: 'a GET also logs out',
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
      what: 'a login in progress survives a logout',
      changes: {
        [CALLBACK]: [["    if (sessionHasEnded(request)) return reply.redirect('/', 303)\n", '']],
      },
      tells: 'logout-stays',
    },
    {
      what: 'the profile shows the name as HTML',
      changes: {
        'client/views/profile.eta': [['<%= it.user.username %>', '<%~ it.user.username %>']],
      },
      tells: 'profile',
    },
    {
      what: 'the start page shows the name as HTML',
      changes: {
        'client/views/home.eta': [['<%= it.user.username %>', '<%~ it.user.username %>']],
      },
      tells: 'home',
    },
    {
      what: 'the start page hides a dead token',
      changes: {
        'client/routes/home.ts': [
          [
            'await fetchUserInfo(config, request.session)',
            'await fetchUserInfo(config, request.session).catch(() => undefined)',
          ],
        ],
      },
      tells: 'home',
    },
    {
      what: 'a server error counts as a rejected token',
      changes: { [API]: [['response.status !== 401', 'response.status < 400']] },
      tells: 'resource-nonsense',
    },
    {
      what: 'the page that asks for a login has no link to it',
      changes: {
        [API]: [["'token missing from session', logIn)", "'token missing from session')"]],
      },
      tells: 'not-logged-in',
    },
    {
      what: 'the challenge of the resource has no realm',
      changes: { [BEARER_AUTH]: [[`'Bearer realm="oauth-lab"'`, `'Bearer'`]] },
      tells: 'no-token',
    },
    {
      what: 'the start page is the same for everyone',
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
      what: 'a request without a token gets an error code in the body',
      changes: {
        [BEARER_AUTH]: [
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
        [API]: [['headers: { authorization: `Bearer $', 'headers: { authorization: `$']],
      },
      tells: 'profile',
    },
    {
      what: "the verifier doesn't match the challenge",
      changes: {
        [CALLBACK]: [['pendingLogin.codeVerifier', 'pendingLogin.codeVerifier.slice(1)']],
      },
      tells: 'to-profile',
    },
    {
      what: 'the client no longer compares the state',
      changes: {
        [CALLBACK]: [
          ['!state || !pendingLogin || !sameSecret(state, pendingLogin.state)', '!pendingLogin'],
        ],
      },
      tells: 'state-still',
    },
    {
      what: 'the server ignores what follows the first word after Bearer',
      changes: { [BEARER_AUTH]: [['/^Bearer +(.*)$/i', '/^Bearer +(\\S*)/i']] },
      tells: 'wrong-token',
    },
  ],
}

/** The registration of the sessions, with the comment above it. */
function sessionsOf(app: string): string {
  return part(app, '  // A flood', '  app.register(homeRoute')
}
