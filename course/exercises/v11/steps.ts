import { part } from '../draft.ts'
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
      ["import { clientCredentialsGrant } from '../grants/client-credentials.ts'\n", ''],
      [
        part(draft.final(TOKEN), "      if (grant_type === 'client_credentials')", '      throw'),
        '',
      ],
    )
  },
  (draft) => {
    draft.takeAll('server/grants/client-credentials.ts', TOKEN, 'server/store.ts')
    const text = draft.final(ME)
    draft.take(
      ME,
      ['type User, userCount', 'type User'],
      ['EmailInfo, StatsInfo, UserInfo', 'EmailInfo, UserInfo'],
      [part(text, "  app.get('/api/stats'", '  app.setErrorHandler'), ''],
    )
  },
  (draft) => {
    draft.take(ME)
    const text = draft.final(PROTOCOL)
    const request = part(
      text,
      '/** What a client sends to get a token of its own',
      '/** What the client',
    )
    draft.take(PROTOCOL, [request, ''])
  },
  (draft) => {
    draft.takeAll('package.json', PROTOCOL)
    const text = draft.final(COUNT_USERS)
    draft.take(
      COUNT_USERS,
      ['{ badResponse, callBackChannel }', '{ callBackChannel }'],
      [
        "const { status, body } = await callBackChannel(url, {\n    method: 'GET'",
        "const { body } = await callBackChannel(url, {\n    method: 'GET'",
      ],
      [part(text, '  const { users } = body\n', '}\n'), '  return Number(body.users)\n'],
      [
        "const { status, body } = await callBackChannel(url, {\n    method: 'POST'",
        "const { body } = await callBackChannel(url, {\n    method: 'POST'",
      ],
      [
        part(text, '\n  const { error, error_description'),
        '  return String(body.access_token)\n}\n',
      ],
    )
    draft.take(
      MAIN,
      [
        "import { runOnce } from '@oauth-lab/shared/run-once.ts'",
        "import { readConfig } from '@oauth-lab/shared/config.ts'",
      ],
      [
        part(draft.final(MAIN), 'await runOnce'),
        "console.log((await countUsers(readConfig(process.env))) + ' users')\n",
      ],
    )
  },
  (draft) => draft.take(MAIN),
  (draft) => draft.take(COUNT_USERS),
]
