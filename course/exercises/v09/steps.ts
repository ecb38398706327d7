import { type Change, part } from '../draft.ts'
import type { ExerciseStep } from '../exercise-start.ts'

const CALLBACK = 'client/routes/callback.ts'
const MANAGER = 'client/token-manager.ts'
const REVOCATION = 'client/revocation.ts'
const REVOKE = 'server/routes/revoke.ts'
const TOKEN_PARAMETER = "const token = requiredParameter(form, 'token')"
const IS_OTHER = 'if (grant.client_id !== client.client_id) {'
const END_FAMILY = 'if (family !== undefined) grant.ended = true\n'
const END_ACCESS = '      store.accessTokens.delete(token)\n'

/** The endpoint before it looks at whose token it is. */
function withoutOtherClients(text: string): Change {
  const check = `      // RFC 7009 section 2.1\n      ${IS_OTHER}`
  return [part(text, check, '      // RFC 7009 section 2.1: a refresh token, used'), '']
}

export const steps: ExerciseStep[] = [
  (draft) => {
    draft.takeAll('protocol.ts', 'server/routes/token.ts')
    const text = draft.final(REVOKE)
    draft.take(
      REVOKE,
      ["import { ID_LENGTH } from '../grants/refresh-token.ts'\n", ''],
      [TOKEN_PARAMETER, TOKEN_PARAMETER.replace('const token = ', '')],
      [part(text, '      const family =', END_ACCESS) + END_ACCESS, ''],
    )
  },
  (draft) => {
    const text = draft.final(REVOKE)
    draft.take(
      REVOKE,
      ["import { ID_LENGTH } from '../grants/refresh-token.ts'\n", ''],
      [part(text, '      const family =', '      const grant ='), ''],
      ['family?.grant ?? store', 'store'],
      [' || isExpired', ''],
      withoutOtherClients(text),
      [`      ${END_FAMILY}`, ''],
    )
  },
  (draft) => {
    draft.take('server/grants/refresh-token.ts')
    draft.take(REVOKE, withoutOtherClients(draft.final(REVOKE)))
  },
  (draft) => draft.take(REVOKE),
  (draft) => {
    draft.takeAll('client/token-request.ts', 'client/routes/logout.ts')
    const text = draft.final(REVOCATION)
    draft.take(
      REVOCATION,
      ['const response = await', 'await'],
      [part(text, '.catch(() => undefined)'), '\n}\n'],
    )
    const manager = draft.final(MANAGER)
    draft.take(
      MANAGER,
      ['  #isRevoked = false\n', ''],
      ['    this.#isRevoked = true\n', ''],
      [part(manager, '    if (!this.#isRevoked) return\n', '  }\n}\n'), ''],
    )
  },
  (draft) => draft.take(REVOCATION),
  (draft) => {
    draft.take(MANAGER)
    const text = draft.final(CALLBACK)
    const replaces = part(text, '    // The new tokens replace', '    // A logout in another tab')
    draft.take(CALLBACK, [replaces, ''])
  },
  (draft) => draft.take(CALLBACK),
  (draft) => draft.take('client/api.ts'),
]
