import { drop } from '../copy-draft.ts'
import type { ExerciseStep } from '../exercise-start.ts'

const PROTOCOL = 'protocol.ts'

/** The messages before the resources check a scope. */
const ONE_RESOURCE = drop(
  '}\n\n/** The same for a resource with its own scope. */\nexport type EmailInfo = {\n',
)
const NO_SCOPE_IN_RESPONSE = drop(
  '  /** What the access token covers. Optional if that is what the client asked for. */\n  scope?: string\n',
)

export const steps: ExerciseStep[] = [
  (draft) => {
    draft.take(PROTOCOL, ONE_RESOURCE, NO_SCOPE_IN_RESPONSE)
    draft.takeAll('server/clients.ts', 'server/scopes.ts', 'server/authorization-request.ts')
  },
  (draft) => {
    draft.take('server/routes/authorize.ts', drop('    scopes: authorizationRequest.scopes,\n'))
    draft.take('server/views/login.eta')
  },
  (draft) => {
    draft.take(PROTOCOL, ONE_RESOURCE)
    draft.takeAll(
      'server/store.ts',
      'server/routes/authorize.ts',
      'server/tokens.ts',
      'server/grants/authorization-code.ts',
    )
    draft.edit('server/grants/refresh-token.ts', [
      '{ grant: family.grant }',
      '{ grant: family.grant, scopes: family.grant.scopes }',
    ])
  },
  (draft) => draft.takeAll(PROTOCOL, 'server/bearer-auth.ts', 'server/routes/me.ts'),
  (draft) => draft.take('server/grants/refresh-token.ts'),
  (draft) =>
    draft.takeAll(
      'client/routes/login.ts',
      'client/api.ts',
      'client/app.ts',
      'client/routes/email.ts',
      'client/views/profile.eta',
      'client/views/email.eta',
    ),
]
