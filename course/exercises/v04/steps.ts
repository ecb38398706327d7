import { type Change, drop, END } from '../copy-draft.ts'
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

/** The registration of the sessions, as it is before a logout ends them at once. */
const SIMPLE_SESSIONS: Change = [
  '  // A flood',
  '  registerSessions(app, config, config.clientUrl)\n',
  '  app.register(homeRoute',
]

export const steps: ExerciseStep[] = [
  (draft) => {
    draft.take(
      SERVER_APP,
      drop("import type { FindAccessToken } from './bearer-auth.ts'\n"),
      drop('  const findAccessToken', '\n  app.register(homeRoute'),
      ['app.register(meRoute, { findAccessToken })', 'app.register(meRoute)'],
    )
    draft.write('server/routes/me.ts', CLOSED_DOOR)
  },
  (draft) => {
    draft.takeAll('protocol.ts', SERVER_APP, 'server/routes/me.ts')
    draft.take(
      BEARER_AUTH,
      [
        "{ headers: { authorization = '' } }: FastifyRequest,\n  reply:",
        '_request: FastifyRequest,\n  reply:',
      ],
      ['  // RFC 6750 section 3.1', `${BARE_CHALLENGE}}\n`, END],
    )
  },
  (draft) => draft.take(BEARER_AUTH),
  (draft) => {
    draft.take('client/session.ts')
    draft.remove('client/views/callback.eta')
    draft.take(
      CALLBACK,
      drop("import { sessionHasEnded } from '@oauth-lab/shared/session.ts'\n"),
      drop('    // A logout in another tab', '    request.session.tokens ='),
    )
  },
  (draft) => {
    draft.take('client/routes/profile.ts')
    draft.take(PROFILE_PAGE, drop('      <form', '      <p>The'))
    draft.take(
      API,
      drop("import { PageError } from '@oauth-lab/shared/page-error.ts'\n"),
      drop('\nconst logIn =', '\n/**'),
      drop(' * @throws {PageError} 401', ' * @throws {PageError} 502'),
      drop('  if (session.tokens === undefined) {', '  const call ='),
      [
        '  const response =',
        "  return call(session.tokens?.access_token ?? '')\n",
        '}\n\nfunction',
      ],
    )
    draft.take(
      APP,
      SIMPLE_SESSIONS,
      ['app.register(homeRoute, { config })', 'app.register(homeRoute)'],
      drop('import { logoutRoute }', 'import { profileRoute }'),
      drop('  app.register(logoutRoute)\n'),
    )
  },
  (draft) => draft.take(API),
  (draft) => {
    draft.takeAll('client/routes/home.ts', 'client/views/home.eta')
    draft.edit(APP, ['app.register(homeRoute)', 'app.register(homeRoute, { config })'])
  },
  (draft) => {
    draft.take(
      CALLBACK,
      drop("import { sessionHasEnded } from '@oauth-lab/shared/session.ts'\n"),
      drop('    // A logout in another tab', '    // A new session ID'),
    )
  },
  (draft) => {
    draft.take('client/routes/logout.ts')
    draft.take(PROFILE_PAGE)
    draft.take(APP, SIMPLE_SESSIONS)
  },
  (draft) => draft.takeAll(CALLBACK, APP),
]
