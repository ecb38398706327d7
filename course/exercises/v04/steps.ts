import { part } from '../draft.ts'
import type { ExerciseStep } from '../exercise-start.ts'

const APP = 'client/app.ts'
const CALLBACK = 'client/routes/callback.ts'
const API = 'client/api.ts'
const BEARER_AUTH = 'server/bearer-auth.ts'
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

export const steps: ExerciseStep[] = [
  (draft) => {
    const app = draft.final(SERVER_APP)
    draft.take(
      SERVER_APP,
      ["import type { FindAccessToken } from './bearer-auth.ts'\n", ''],
      [part(app, '  const findAccessToken', '\n  app.register(homeRoute'), ''],
      ['app.register(meRoute, { findAccessToken })', 'app.register(meRoute)'],
    )
    draft.write('server/routes/me.ts', CLOSED_DOOR)
  },
  (draft) => {
    draft.takeAll('protocol.ts', SERVER_APP, 'server/routes/me.ts')
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
  (draft) => draft.takeAll(CALLBACK, APP),
]

/** The registration of the sessions, with the comment above it. */
function sessionsOf(app: string): string {
  return part(app, '  // A flood', '  app.register(homeRoute')
}
