import { type Change, part } from '../draft.ts'
import type { Exercise } from '../exercise-start.ts'

const API = 'client/api.ts'
const CALLBACK = 'client/routes/callback.ts'
const LOGOUT = 'client/routes/logout.ts'
const MANAGER = 'client/token-manager.ts'
const PROTOCOL = 'protocol.ts'
const REFRESH = 'server/grants/refresh-token.ts'
const REVOCATION = 'client/revocation.ts'
const REVOKE = 'server/routes/revoke.ts'
const TOKEN = 'server/routes/token.ts'
const TOKEN_REQUEST = 'client/token-request.ts'
const TOKEN_PARAMETER = "const token = requiredParameter(form, 'token')"
const IS_OTHER = 'if (grant.client_id !== client.client_id) {'
const END_FAMILY = 'if (family !== undefined) grant.ended = true\n'
const END_ACCESS = '      store.accessTokens.delete(token)\n'
const FLAG = '    this.#isRevoked = true\n'

/** The endpoint before it looks at whose token it is. */
function withoutOtherClients(text: string): Change {
  const check = `      // RFC 7009 section 2.1\n      ${IS_OTHER}`
  return [part(text, check, '      // RFC 7009 section 2.1: a refresh token, used'), '']
}

export const exercise: Exercise = {
  steps: [
    (draft) => {
      for (const path of [PROTOCOL, TOKEN]) draft.take(path)
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
      draft.take(REFRESH)
      draft.take(REVOKE, withoutOtherClients(draft.final(REVOKE)))
    },
    (draft) => draft.take(REVOKE),
    (draft) => {
      for (const path of [TOKEN_REQUEST, LOGOUT]) draft.take(path)
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
        [FLAG, ''],
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
    (draft) => draft.take(API),
  ],
}
