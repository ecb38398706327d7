import { part } from '../draft.ts'
import type { Exercise } from '../exercise-start.ts'

const AUTHORIZE = 'server/routes/authorize.ts'
const RESPONSE = 'server/authorization-response.ts'
const CALLBACK = 'client/routes/callback.ts'

export const exercise: Exercise = {
  steps: [
    (draft) => {
      for (const path of ['client/app.ts', 'client/session.ts', 'client/routes/login.ts']) {
        draft.take(path)
      }
    },
    (draft) => {
      draft.take('server/authorization-request.ts')
      const error = '  error_description: string\n'
      draft.take('protocol.ts', [`${error}  state: string | undefined\n`, error])
      draft.take(RESPONSE)
      draft.take(
        AUTHORIZE,
        ["      state: soleParameter(request.query, 'state'),\n", ''],
        [
          '<Error, { Querystring: Parameters }>(async (error, request,',
          '<Error>(async (error, _request,',
        ],
      )
    },
    (draft) => {
      draft.take('protocol.ts')
      draft.take(AUTHORIZE)
    },
    (draft) => {
      const useUp = part(
        draft.final(CALLBACK),
        '    // A state works once',
        '\n    // RFC 6749 section 4.1.2.1',
      )
      draft.take(CALLBACK, [useUp, ''])
    },
    (draft) => draft.take(CALLBACK),
  ],
}
