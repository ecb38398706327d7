import type { Change } from '../draft.ts'
import type { Exercise } from '../exercise-start.ts'

const API = 'client/api.ts'
const AUTHORIZE = 'server/routes/authorize.ts'
const BEARER = 'server/bearer-auth.ts'
const CODE_GRANT = 'server/grants/authorization-code.ts'
const LOGIN = 'client/routes/login.ts'
const LOGIN_PAGE = 'server/views/login.eta'
const ME = 'server/routes/me.ts'
const PROTOCOL = 'protocol.ts'
const REFRESH_GRANT = 'server/grants/refresh-token.ts'
const REQUEST = 'server/authorization-request.ts'
const SCOPES = 'server/scopes.ts'

/** The messages before the resources check a scope. */
const ONE_RESOURCE: Change = [
  '}\n\n/** The same for a resource with its own scope. */\nexport type EmailInfo = {\n',
  '',
]
const NO_SCOPE_IN_RESPONSE: Change = [
  '  /** What the access token covers. Optional if that is what the client asked for. */\n  scope?: string\n',
  '',
]

export const exercise: Exercise = {
  steps: [
    (draft) => {
      draft.take(PROTOCOL, ONE_RESOURCE, NO_SCOPE_IN_RESPONSE)
      for (const path of ['server/clients.ts', SCOPES, REQUEST]) draft.take(path)
    },
    (draft) => {
      draft.take(AUTHORIZE, ['    scopes: authorizationRequest.scopes,\n', ''])
      draft.take(LOGIN_PAGE)
    },
    (draft) => {
      draft.take(PROTOCOL, ONE_RESOURCE)
      for (const path of ['server/store.ts', AUTHORIZE, 'server/tokens.ts', CODE_GRANT]) {
        draft.take(path)
      }
      draft.edit(REFRESH_GRANT, [
        '{ grant: family.grant }',
        '{ grant: family.grant, scopes: family.grant.scopes }',
      ])
    },
    (draft) => {
      for (const path of [PROTOCOL, BEARER, ME]) draft.take(path)
    },
    (draft) => draft.take(REFRESH_GRANT),
    (draft) => {
      for (const path of [LOGIN, API, 'client/app.ts', 'client/routes/email.ts']) draft.take(path)
      for (const page of ['profile', 'email']) draft.take(`client/views/${page}.eta`)
    },
  ],
}
