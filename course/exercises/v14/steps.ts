import { type Change, type Draft, part } from '../draft.ts'
import type { ExerciseStep } from '../exercise-start.ts'

const LOGIN = 'cli/login.ts'
const LOOPBACK = 'cli/loopback.ts'
const MAIN = 'cli/main.ts'

/** The login without what follows the response. */
function untilResponse(draft: Draft, from: string, end = '}\n'): Change[] {
  const text = draft.final(LOGIN)
  return [
    ["import { badResponse, postForm } from '@oauth-lab/shared/back-channel.ts'\n", ''],
    [
      "import type { AccessTokenRequest, AccessTokenResponse, RevocationRequest } from '../protocol.ts'\n",
      '',
    ],
    ['/** Gets tokens for the user who logs in', '/** Lets a user log in'],
    ['): Promise<AccessTokenResponse> {', '): Promise<void> {'],
    [part(text, from), end],
  ]
}

/** The program without what follows the login. */
function untilLogin(draft: Draft): Change[] {
  return [
    ['{ oneLine, runForUser }', '{ runForUser }'],
    ["import { fetchUsername } from './api.ts'\n", ''],
    ['import { logIn, revokeTokens }', 'import { logIn }'],
    ['const tokens = await logIn', 'await logIn'],
    [part(draft.final(MAIN), '  try {\n    const username'), '})\n'],
  ]
}

export const steps: ExerciseStep[] = [
  (draft) => draft.takeAll('server/clients.ts', 'server/client-auth.ts'),
  (draft) => draft.take('server/authorization-request.ts'),
  (draft) => draft.take('server/routes/authorize.ts'),
  (draft) => {
    draft.take('package.json')
    draft.take(MAIN, ...untilLogin(draft))
    draft.take(
      LOGIN,
      ...untilResponse(draft, '  const response = await', '  await interrupted.finally(stop)\n}\n'),
      ["import { parameter, requiredParameter } from '@oauth-lab/shared/parameters.ts'\n", ''],
      [
        '{ redirect_uri, arrival, stop } = await listenForResponse(state)',
        '{ redirect_uri, stop } = await listenForResponse()',
      ],
    )
    const text = draft.final(LOOPBACK)
    draft.take(
      LOOPBACK,
      [part(text, 'import { PageError }', '/** Listens'), '\n'],
      ['the response with this state, on', 'a response, on'],
      ['listenForResponse(expected: string)', 'listenForResponse()'],
      [part(text, '  const arrival', '  const origin'), ''],
      ['/callback`, arrival, stop', '/callback`, stop'],
    )
  },
  (draft) => {
    draft.take(LOOPBACK)
    draft.take(LOGIN, ...untilResponse(draft, '  const tokens = await'), [
      'import { parameter, requiredParameter }',
      'import { parameter }',
    ])
  },
  (draft) => draft.takeAll('protocol.ts', MAIN, LOGIN, 'cli/api.ts'),
]
