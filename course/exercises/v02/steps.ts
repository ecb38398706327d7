import { drop } from '../copy-draft.ts'
import type { ExerciseStep } from '../exercise-start.ts'

const CALLBACK = 'client/routes/callback.ts'

export const steps: ExerciseStep[] = [
  (draft) => draft.takeAll('client/app.ts', 'client/session.ts', 'client/routes/login.ts'),
  (draft) => {
    draft.takeAll('server/authorization-request.ts', 'server/authorization-response.ts')
    const error = '  error_description: string\n'
    draft.take('protocol.ts', [`${error}  state: string | undefined\n`, error])
    draft.take(
      'server/routes/authorize.ts',
      drop("      state: soleParameter(request.query, 'state'),\n"),
      [
        '<Error, { Querystring: Parameters }>(async (error, request,',
        '<Error>(async (error, _request,',
      ],
    )
  },
  (draft) => draft.takeAll('protocol.ts', 'server/routes/authorize.ts'),
  (draft) =>
    draft.take(CALLBACK, drop('    // A state works once', '\n    // RFC 6749 section 4.1.2.1')),
  (draft) => draft.take(CALLBACK),
]
