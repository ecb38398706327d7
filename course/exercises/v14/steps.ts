import { type Change, type Draft, part } from '../draft.ts'
import type { Exercise } from '../exercise-start.ts'

const AUTHORIZE = 'server/routes/authorize.ts'
const CLI_API = 'cli/api.ts'
const CLIENTS = 'server/clients.ts'
const CLIENT_AUTH = 'server/client-auth.ts'
const LOGIN = 'cli/login.ts'
const LOOPBACK = 'cli/loopback.ts'
const MAIN = 'cli/main.ts'
const PACKAGE = 'package.json'
const PROTOCOL = 'protocol.ts'
const REQUEST = 'server/authorization-request.ts'
const TRY = '  try {\n    const username'

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
    [part(draft.final(MAIN), TRY), '})\n'],
  ]
}

export const exercise: Exercise = {
  steps: [
    (draft) => {
      for (const path of [CLIENTS, CLIENT_AUTH]) draft.take(path)
    },
    (draft) => draft.take(REQUEST),
    (draft) => draft.take(AUTHORIZE),
    (draft) => {
      draft.take(PACKAGE)
      draft.take(MAIN, ...untilLogin(draft))
      draft.take(
        LOGIN,
        ...untilResponse(
          draft,
          '  const response = await',
          '  await interrupted.finally(stop)\n}\n',
        ),
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
    (draft) => {
      for (const path of [PROTOCOL, MAIN, LOGIN, CLI_API]) draft.take(path)
    },
  ],
}
