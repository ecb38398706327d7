import { type Change, drop } from '../copy-draft.ts'
import type { ExerciseStep } from '../exercise-start.ts'

const BEARER = 'api/bearer-auth.ts'
const INTROSPECT = 'server/routes/introspect.ts'
const INTROSPECTION = 'api/introspection.ts'
const NO_CONFIG = drop("import type { LabConfig } from '@oauth-lab/shared/config.ts'\n")
const READ_TOKEN = "requiredParameter(form, 'token')"
const FIND = `const issued = store.accessTokens.get(${READ_TOKEN})`
const IS_OTHER = ' || client.client_id !== config.apiId'
const IF_INACTIVE = `if (issued === undefined${IS_OTHER}) return { active: false }`

/** The API without a word for a server that doesn't answer. */
const NO_TROUBLE: Change[] = [
  drop("import { PageError } from '@oauth-lab/shared/page-error.ts'\n"),
  drop('  // RFC 9110 section 15.6.4', '  if (!(error instanceof OAuthError))'),
]

export const steps: ExerciseStep[] = [
  (draft) => {
    draft.takeAll(
      'package.json',
      'api/main.ts',
      'api/routes/me.ts',
      'client/api.ts',
      'worker/count-users.ts',
    )
    draft.take(BEARER, ...NO_TROUBLE)
    draft.take(
      'api/app.ts',
      drop("import { introspect } from './introspection.ts'\n"),
      ['buildApi(config: LabConfig)', 'buildApi(_config: LabConfig)'],
      ['(token) => introspect(config, token)', 'async () => undefined'],
    )
    draft.take('server/app.ts', ['{ clients, config, store }', '{ clients, store }'])
    for (const path of ['server/bearer-auth.ts', 'server/routes/me.ts']) draft.remove(path)
  },
  (draft) => {
    draft.take('server/clients.ts')
    draft.take(
      'server/routes/token.ts',
      NO_CONFIG,
      [
        '{ clients, config, store }: { clients: Clients; config: LabConfig; store: Store }',
        '{ clients, store }: { clients: Clients; store: Store }',
      ],
      ['introspectRoute, { clients, config, store }', 'introspectRoute, { clients }'],
    )
    draft.take(
      INTROSPECT,
      NO_CONFIG,
      drop("import type { Store } from '../store.ts'\n"),
      [
        '{ clients, config, store }: { clients: Clients; config: LabConfig; store: Store }',
        '{ clients }: { clients: Clients }',
      ],
      ['const client = authenticateClient', 'authenticateClient'],
      [`      ${FIND}`, `      ${READ_TOKEN}\n      return {}\n`, '    },\n  )'],
    )
  },
  (draft) => {
    draft.takeAll('server/app.ts', 'server/routes/token.ts', 'server/store.ts', 'server/tokens.ts')
    draft.take(
      INTROSPECT,
      ['const client = authenticateClient', 'authenticateClient'],
      drop('      // RFC 7662 sections 2.2 and 4', '      if'),
      [IF_INACTIVE, 'if (issued === undefined) return {}'],
    )
  },
  (draft) => draft.take(INTROSPECT),
  (draft) => {
    draft.take('api/app.ts')
    draft.take(BEARER, ...NO_TROUBLE)
    draft.take(
      INTROSPECTION,
      ['{ badResponse, callBackChannel }', '{ callBackChannel }'],
      ['const { status, body } = await', 'const { body } = await'],
      drop('  const isText =', '  // RFC 9700'),
      [
        'return { sub, scopes: scope.split',
        'return { sub: String(sub), scopes: String(scope).split',
      ],
    )
  },
  (draft) => draft.takeAll(INTROSPECTION, BEARER),
]
