import { drop, END } from '../copy-draft.ts'
import type { ExerciseStep } from '../exercise-start.ts'

const CODE_GRANT = 'server/grants/authorization-code.ts'
const PKCE = 'server/pkce.ts'
const PROTOCOL = 'protocol.ts'
const NO_IMPORTS = drop('import { createHash }', '/** Whether the value has the form')

export const steps: ExerciseStep[] = [
  (draft) => draft.takeAll('client/pkce.ts', 'client/session.ts', 'client/routes/login.ts'),
  (draft) => {
    draft.take('client/routes/callback.ts')
    draft.take(PROTOCOL, drop('  /** The SHA-256', '}\n'))
  },
  (draft) => {
    draft.takeAll(PROTOCOL, 'server/authorization-request.ts')
    draft.take(PKCE, NO_IMPORTS, drop('\n/** RFC 7636 section 4.1 */', END))
  },
  (draft) => {
    draft.take(PKCE, NO_IMPORTS, drop('\n/** Whether the challenge was made', END))
    draft.take(CODE_GRANT, drop('  // RFC 7636 section 4.6', '\n  return issue'), [
      'isCodeVerifier, matchesChallenge',
      'isCodeVerifier',
    ])
  },
  (draft) => draft.takeAll('server/store.ts', 'server/routes/authorize.ts', PKCE, CODE_GRANT),
]
