import { drop, END } from '../copy-draft.ts'
import type { ExerciseStep } from '../exercise-start.ts'

const CALLBACK = 'client/routes/callback.ts'
const MANAGER = 'client/token-manager.ts'
const REVOCATION = 'client/revocation.ts'
const REVOKE = 'server/routes/revoke.ts'
const TOKEN_PARAMETER = "const token = requiredParameter(form, 'token')"
const IS_OTHER = 'if (grant.client_id !== client.client_id) {'
const END_FAMILY = 'if (family !== undefined) grant.ended = true\n'

/** The endpoint before it looks at whose token it is. */
const ANY_CLIENT = drop(
  `      // RFC 7009 section 2.1\n      ${IS_OTHER}`,
  '      // RFC 7009 section 2.1: a refresh token, used',
)
const NO_FAMILY_ID = drop("import { ID_LENGTH } from '../grants/refresh-token.ts'\n")

export const steps: ExerciseStep[] = [
  (draft) => {
    draft.takeAll('protocol.ts', 'server/routes/token.ts')
    draft.take(
      REVOKE,
      NO_FAMILY_ID,
      [TOKEN_PARAMETER, TOKEN_PARAMETER.replace('const token = ', '')],
      drop('      const family =', `      return reply.send()\n    },`),
    )
  },
  (draft) => {
    draft.take(
      REVOKE,
      NO_FAMILY_ID,
      drop('      const family =', '      const grant ='),
      ['family?.grant ?? store', 'store'],
      drop(' || isExpired'),
      ANY_CLIENT,
      drop(`      ${END_FAMILY}`),
    )
  },
  (draft) => {
    draft.take('server/grants/refresh-token.ts')
    draft.take(REVOKE, ANY_CLIENT)
  },
  (draft) => draft.take(REVOKE),
  (draft) => {
    draft.takeAll('client/token-request.ts', 'client/routes/logout.ts')
    draft.take(
      REVOCATION,
      ['const response = await', 'await'],
      ['.catch(() => undefined)', '\n}\n', END],
    )
    draft.take(
      MANAGER,
      drop('  #isRevoked = false\n'),
      drop('    this.#isRevoked = true\n'),
      drop('    if (!this.#isRevoked) return\n', '  }\n}\n'),
    )
  },
  (draft) => draft.take(REVOCATION),
  (draft) => {
    draft.take(MANAGER)
    draft.take(CALLBACK, drop('    // The new tokens replace', '    // A logout in another tab'))
  },
  (draft) => draft.take(CALLBACK),
  (draft) => draft.take('client/api.ts'),
]
