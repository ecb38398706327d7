import { part } from '../draft.ts'
import type { ExerciseStep } from '../exercise-start.ts'

const CODE_GRANT = 'server/grants/authorization-code.ts'
const PKCE = 'server/pkce.ts'
const CHALLENGE_FORM = '/** Whether the value has the form'
const VERIFIER_FORM = '/** RFC 7636 section 4.1 */'
const MATCH = '/** Whether the challenge was made'
const VERIFIER = '  /** RFC 7636 section 4.5 */\n  code_verifier: string\n'

export const steps: ExerciseStep[] = [
  (draft) => draft.takeAll('client/pkce.ts', 'client/session.ts', 'client/routes/login.ts'),
  (draft) => {
    draft.take('client/routes/callback.ts')
    const request = part(draft.final('protocol.ts'), 'export type AccessTokenRequest', '}')
    draft.edit('protocol.ts', [request.replace(VERIFIER, ''), request])
  },
  (draft) => {
    draft.take('protocol.ts')
    draft.take('server/authorization-request.ts')
    draft.write(PKCE, `${part(draft.final(PKCE), CHALLENGE_FORM, VERIFIER_FORM).trimEnd()}\n`)
  },
  (draft) => {
    draft.write(PKCE, `${part(draft.final(PKCE), CHALLENGE_FORM, MATCH).trimEnd()}\n`)
    const comparison = part(
      draft.final(CODE_GRANT),
      '  // RFC 7636 section 4.6',
      '\n  return issue',
    )
    draft.take(CODE_GRANT, [comparison, ''], ['isCodeVerifier, matchesChallenge', 'isCodeVerifier'])
  },
  (draft) => draft.takeAll('server/store.ts', 'server/routes/authorize.ts', PKCE, CODE_GRANT),
]
