import { type Change, type Draft, part } from '../draft.ts'
import type { Exercise } from '../exercise-start.ts'

const API_APP = 'api/app.ts'
const API_MAIN = 'api/main.ts'
const BEARER = 'api/bearer-auth.ts'
const CLIENT_API = 'client/api.ts'
const CLIENTS = 'server/clients.ts'
const COUNT_USERS = 'worker/count-users.ts'
const INTROSPECT = 'server/routes/introspect.ts'
const INTROSPECTION = 'api/introspection.ts'
const ME = 'api/routes/me.ts'
const PACKAGE = 'package.json'
const SERVER_APP = 'server/app.ts'
const STORE = 'server/store.ts'
const TOKEN = 'server/routes/token.ts'
const TOKENS = 'server/tokens.ts'

const CONFIG_IMPORT = "import type { LabConfig } from '@oauth-lab/shared/config.ts'\n"
const NO_CONFIG: Change = [CONFIG_IMPORT, '']
const READ_TOKEN = "requiredParameter(form, 'token')"
const FIND = `const issued = store.accessTokens.get(${READ_TOKEN})`
const IS_OTHER = ' || client.client_id !== config.apiId'
const IF_INACTIVE = `if (issued === undefined${IS_OTHER}) return { active: false }`
const ASK_EACH_TIME = '(token) => introspect(config, token)'

/** The API without a word for a server that doesn't answer. */
function withoutTrouble(draft: Draft): Change[] {
  const text = draft.final(BEARER)
  return [
    ["import { PageError } from '@oauth-lab/shared/page-error.ts'\n", ''],
    [part(text, '  // RFC 9110 section 15.6.4', '  if (!(error instanceof OAuthError))'), ''],
  ]
}

export const exercise: Exercise = {
  steps: [
    (draft) => {
      for (const path of [PACKAGE, API_MAIN, ME, CLIENT_API, COUNT_USERS]) draft.take(path)
      draft.take(BEARER, ...withoutTrouble(draft))
      draft.take(
        API_APP,
        ["import { introspect } from './introspection.ts'\n", ''],
        ['buildApi(config: LabConfig)', 'buildApi(_config: LabConfig)'],
        [ASK_EACH_TIME, 'async () => undefined'],
      )
      draft.take(SERVER_APP, ['{ clients, config, store }', '{ clients, store }'])
      for (const path of ['server/bearer-auth.ts', 'server/routes/me.ts']) draft.remove(path)
    },
    (draft) => {
      draft.take(CLIENTS)
      draft.take(
        TOKEN,
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
        ["import type { Store } from '../store.ts'\n", ''],
        [
          '{ clients, config, store }: { clients: Clients; config: LabConfig; store: Store }',
          '{ clients }: { clients: Clients }',
        ],
        ['const client = authenticateClient', 'authenticateClient'],
        [
          part(draft.final(INTROSPECT), `      ${FIND}`, '    },\n  )'),
          `      ${READ_TOKEN}\n      return {}\n`,
        ],
      )
    },
    (draft) => {
      for (const path of [SERVER_APP, TOKEN, STORE, TOKENS]) draft.take(path)
      draft.take(
        INTROSPECT,
        ['const client = authenticateClient', 'authenticateClient'],
        [part(draft.final(INTROSPECT), '      // RFC 7662 sections 2.2 and 4', '      if'), ''],
        [IF_INACTIVE, 'if (issued === undefined) return {}'],
      )
    },
    (draft) => draft.take(INTROSPECT),
    (draft) => {
      draft.take(API_APP)
      draft.take(BEARER, ...withoutTrouble(draft))
      const text = draft.final(INTROSPECTION)
      draft.take(
        INTROSPECTION,
        ['{ badResponse, callBackChannel }', '{ callBackChannel }'],
        ['const { status, body } = await', 'const { body } = await'],
        [part(text, '  const isText =', '  // RFC 9700'), ''],
        [
          'return { sub, scopes: scope.split',
          'return { sub: String(sub), scopes: String(scope).split',
        ],
      )
    },
    (draft) => {
      for (const path of [INTROSPECTION, BEARER]) draft.take(path)
    },
  ],
}
