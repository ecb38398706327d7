import { drop, END } from '../copy-draft.ts'
import type { ExerciseStep } from '../exercise-start.ts'

const COUNT_USERS = 'worker/count-users.ts'
const MAIN = 'worker/main.ts'
const ME = 'server/routes/me.ts'
const PROTOCOL = 'protocol.ts'
const TOKEN = 'server/routes/token.ts'

export const steps: ExerciseStep[] = [
  (draft) => {
    draft.takeAll('server/clients.ts', 'server/scopes.ts')
    draft.take(
      TOKEN,
      drop("import { clientCredentialsGrant } from '../grants/client-credentials.ts'\n"),
      drop("      if (grant_type === 'client_credentials')", '      throw'),
    )
  },
  (draft) => {
    draft.takeAll('server/grants/client-credentials.ts', TOKEN, 'server/store.ts')
    draft.take(
      ME,
      ['type User, userCount', 'type User'],
      ['EmailInfo, StatsInfo, UserInfo', 'EmailInfo, UserInfo'],
      drop("  app.get('/api/stats'", '  app.setErrorHandler'),
    )
  },
  (draft) => {
    draft.take(ME)
    draft.take(
      PROTOCOL,
      drop('/** What a client sends to get a token of its own', '/** What the client'),
    )
  },
  (draft) => {
    draft.takeAll('package.json', PROTOCOL)
    draft.take(
      COUNT_USERS,
      ['{ badResponse, callBackChannel }', '{ callBackChannel }'],
      [
        "const { status, body } = await callBackChannel(url, {\n    method: 'GET'",
        "const { body } = await callBackChannel(url, {\n    method: 'GET'",
      ],
      ['  const { users } = body\n', '  return Number(body.users)\n', '}\n'],
      [
        "const { status, body } = await callBackChannel(url, {\n    method: 'POST'",
        "const { body } = await callBackChannel(url, {\n    method: 'POST'",
      ],
      ['\n  const { error, error_description', '  return String(body.access_token)\n}\n', END],
    )
    draft.take(
      MAIN,
      [
        "import { runOnce } from '@oauth-lab/shared/run-once.ts'",
        "import { readConfig } from '@oauth-lab/shared/config.ts'",
      ],
      [
        'await runOnce',
        "console.log((await countUsers(readConfig(process.env))) + ' users')\n",
        END,
      ],
    )
  },
  (draft) => draft.take(MAIN),
  (draft) => draft.take(COUNT_USERS),
]
