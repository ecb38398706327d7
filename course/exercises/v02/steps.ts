import { part } from '../draft.ts'
import type { ExerciseStep } from '../exercise-start.ts'

const CALLBACK = 'client/routes/callback.ts'

export const steps: ExerciseStep[] = [
  (draft) => draft.takeAll('client/app.ts', 'client/session.ts', 'client/routes/login.ts'),
  (draft) => {
    draft.take('server/authorization-request.ts')
    const error = '  error_description: string\n'
    draft.take('protocol.ts', [`${error}  state: string | undefined\n`, error])
    draft.take('server/authorization-response.ts')
    draft.take(
      'server/routes/authorize.ts',
      ["      state: soleParameter(request.query, 'state'),\n", ''],
      [
        '<Error, { Querystring: Parameters }>(async (error, request,',
        '<Error>(async (error, _request,',
      ],
    )
  },
  (draft) => draft.takeAll('protocol.ts', 'server/routes/authorize.ts'),
  (draft) => {
    const useUp = part(
      draft.final(CALLBACK),
      '    // A state works once',
      '\n    // RFC 6749 section 4.1.2.1',
    )
    draft.take(CALLBACK, [useUp, ''])
  },
  (draft) => draft.take(CALLBACK),
]
