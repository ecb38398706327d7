import { type Change, drop, END } from '../copy-draft.ts'
import type { ExerciseStep } from '../exercise-start.ts'

const LOGIN = 'cli/login.ts'
const LOOPBACK = 'cli/loopback.ts'
const MAIN = 'cli/main.ts'

/** The login without what follows the response. */
function untilResponse(from: string, end = '}\n'): Change[] {
  return [
    drop("import { badResponse, postForm } from '@oauth-lab/shared/back-channel.ts'\n"),
    drop(
      "import type { AccessTokenRequest, AccessTokenResponse, RevocationRequest } from '../protocol.ts'\n",
    ),
    ['/** Gets tokens for the user who logs in', '/** Lets a user log in'],
    ['): Promise<AccessTokenResponse> {', '): Promise<void> {'],
    [from, end, END],
  ]
}

/** The program without what follows the login. */
const UNTIL_LOGIN: Change[] = [
  ['{ oneLine, runForUser }', '{ runForUser }'],
  drop("import { fetchUsername } from './api.ts'\n"),
  ['import { logIn, revokeTokens }', 'import { logIn }'],
  ['const tokens = await logIn', 'await logIn'],
  ['  try {\n    const username', '})\n', END],
]

export const steps: ExerciseStep[] = [
  (draft) => draft.takeAll('server/clients.ts', 'server/client-auth.ts'),
  (draft) => draft.take('server/authorization-request.ts'),
  (draft) => draft.take('server/routes/authorize.ts'),
  (draft) => {
    draft.take('package.json')
    draft.take(MAIN, ...UNTIL_LOGIN)
    draft.take(
      LOGIN,
      ...untilResponse('  const response = await', '  await interrupted.finally(stop)\n}\n'),
      drop("import { parameter, requiredParameter } from '@oauth-lab/shared/parameters.ts'\n"),
      [
        '{ redirect_uri, arrival, stop } = await listenForResponse(state)',
        '{ redirect_uri, stop } = await listenForResponse()',
      ],
    )
    draft.take(
      LOOPBACK,
      ['import { PageError }', '\n', '/** Listens'],
      ['the response with this state, on', 'a response, on'],
      ['listenForResponse(expected: string)', 'listenForResponse()'],
      drop('  const arrival', '  const origin'),
      ['/callback`, arrival, stop', '/callback`, stop'],
    )
  },
  (draft) => {
    draft.take(LOOPBACK)
    draft.take(LOGIN, ...untilResponse('  const tokens = await'), [
      'import { parameter, requiredParameter }',
      'import { parameter }',
    ])
  },
  (draft) => draft.takeAll('protocol.ts', MAIN, LOGIN, 'cli/api.ts'),
]
