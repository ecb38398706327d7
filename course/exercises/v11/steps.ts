import { type Change, part } from '../draft.ts'
import type { Exercise } from '../exercise-start.ts'

const CLIENTS = 'server/clients.ts'
const COUNT_USERS = 'worker/count-users.ts'
const GRANT = 'server/grants/client-credentials.ts'
const MAIN = 'worker/main.ts'
const ME = 'server/routes/me.ts'
const PACKAGE = 'package.json'
const PROTOCOL = 'protocol.ts'
const SCOPES = 'server/scopes.ts'
const STORE = 'server/store.ts'
const TOKEN = 'server/routes/token.ts'

const AUTHENTICATE =
  'const client = authenticateClient(request.headers.authorization, form, clients)'
const IS_KNOWN = 'GRANT_TYPES.includes(grant_type) && '
const IS_UNREGISTERED = `if (${IS_KNOWN}!client.grant_types.includes(grant_type)) {`
const UNAUTHORIZED = "'unauthorized_client', 'The client may not use that grant_type'"
const OTHER_URI = "      redirect_uris: ['http://localhost:25009/callback?from=other'],\n"
const USER_GRANTS = "      grant_types: ['authorization_code', 'refresh_token'],\n"
const WORKER_GRANTS = "grant_types: ['client_credentials']"
const WORKER_SCOPES = "scopes: ['stats:read']"
const READ_SCOPE = "const scope = parameter(form, 'scope')"
const CHOOSE_SCOPES = 'scope ? readScopes(scope, client.scopes) : client.scopes'
const ISSUE = 'return issueAccessToken(store, { grant, scopes })'
const FIND_PROFILE = "authenticateBearer(request, findAccessToken, 'profile')"
const FIND_STATS = "authenticateBearer(request, findAccessToken, 'stats:read')"
const FORM_TYPE = "      'content-type': 'application/x-www-form-urlencoded',\n"
const IS_NO_NUMBER = " || typeof users !== 'number'"
const STATS_NONSENSE = `if (status !== 200${IS_NO_NUMBER}) throw`
const STATS_URL = `\`${'$'}{config.authServerUrl}/api/stats\``

/** A failure in one line, without a limit for all requests together. */
const CATCH: Change[] = [
  [
    "import { runOnce } from '@oauth-lab/shared/run-once.ts'",
    "import { readConfig } from '@oauth-lab/shared/config.ts'",
  ],
  ['await runOnce(async (config) => {\n', 'try {\n  const config = readConfig(process.env)\n'],
  [
    'users`)\n})',
    'users`)\n} catch (error) {\n  console.error((error as Error).message)\n  process.exit(1)\n}',
  ],
]

/** The same, with another end. */
function catchWith(end: string): Change[] {
  return CATCH.map(([from, to]) => [
    from,
    to.replace('console.error((error as Error).message)\n  process.exit(1)', end),
  ])
}

export const v11: Exercise = {
  steps: [
    (draft) => {
      for (const path of [CLIENTS, SCOPES]) draft.take(path)
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
      for (const path of [GRANT, TOKEN, STORE]) draft.take(path)
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
      for (const path of [PACKAGE, PROTOCOL]) draft.take(path)
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
  ],

  mistakes: [
    {
      what: 'other-client may no longer refresh',
      changes: {
        [CLIENTS]: [
          [OTHER_URI + USER_GRANTS, `${OTHER_URI}      grant_types: ['authorization_code'],\n`],
        ],
      },
      tells: 'logins-still',
    },
    {
      what: 'the worker needs no secret',
      changes: {
        [TOKEN]: [
          [
            AUTHENTICATE,
            `const named = clients.get(String(form.client_id))\n      ${AUTHENTICATE.replace('= ', '= named?.redirect_uris.length === 0 ? named : ')}`,
          ],
        ],
      },
      tells: 'secret-only',
    },
    {
      what: 'the server looks at the grant type before the secret',
      changes: {
        [TOKEN]: [
          [
            AUTHENTICATE,
            `if (form.grant_type === 'refresh_token' && !form.refresh_token) {\n        throw new OAuthError(${UNAUTHORIZED})\n      }\n      ${AUTHENTICATE}`,
          ],
        ],
      },
      tells: 'secret-only',
    },
    {
      what: 'only a token without a user opens what belongs to one',
      changes: { [ME]: [['if (user === undefined)', 'if (user !== undefined)']] },
      tells: 'users-still',
    },
    {
      what: 'lab-client may ask its users for stats:read',
      changes: {
        [CLIENTS]: [["scopes: ['profile', 'email']", "scopes: ['profile', 'email', 'stats:read']"]],
      },
      tells: 'no-login-for-stats',
    },
    {
      what: 'every client may use every grant',
      changes: { [TOKEN]: [[IS_UNREGISTERED, 'if (grant_type === undefined) {']] },
      tells: 'grant-registered',
    },
    {
      what: 'client_credentials counts as unknown, so everyone may use it',
      changes: { [TOKEN]: [["'refresh_token', 'client_credentials']", "'refresh_token']"]] },
      tells: 'grant-registered',
    },
    {
      what: 'lab-client may get tokens of its own, too',
      changes: {
        [CLIENTS]: [
          [
            `callback\`],\n${USER_GRANTS}`,
            `callback\`],\n${USER_GRANTS.replace(']', ", 'client_credentials']")}`,
          ],
        ],
      },
      tells: 'grant-registered',
    },
    {
      what: 'the worker may use every grant',
      changes: {
        [CLIENTS]: [
          [
            WORKER_GRANTS,
            "grant_types: ['client_credentials', 'authorization_code', 'refresh_token']",
          ],
        ],
      },
      tells: 'grant-registered',
    },
    {
      what: 'a grant type that is not registered counts as unknown',
      changes: {
        [TOKEN]: [
          [UNAUTHORIZED, UNAUTHORIZED.replace('unauthorized_client', 'unsupported_grant_type')],
        ],
      },
      tells: 'grant-registered',
    },
    {
      what: 'the name of the worker is written into the code',
      changes: { [CLIENTS]: [['client_id: config.workerId', "client_id: 'worker-client'"]] },
      tells: 'grant-registered',
    },
    {
      what: 'a code is used up before the server looks at the registration',
      changes: {
        [TOKEN]: [
          [IS_UNREGISTERED, `${IS_UNREGISTERED}\n        store.codes.delete(String(form.code))`],
        ],
      },
      tells: 'grant-unused',
    },
    {
      what: 'an unknown grant type is one that nobody is registered for',
      changes: { [TOKEN]: [[IS_KNOWN, '']] },
      tells: 'grant-unknown',
    },
    {
      what: 'the worker has the redirect URI of lab-client',
      changes: {
        [CLIENTS]: [['redirect_uris: []', "redirect_uris: [config.clientUrl + '/callback']"]],
      },
      tells: 'worker-login',
    },
    {
      what: 'the worker has to say which scope it wants',
      changes: {
        [GRANT]: [
          ['type Parameters, parameter', 'type Parameters, requiredParameter'],
          [READ_SCOPE, "const scope = requiredParameter(form, 'scope')"],
        ],
      },
      tells: 'worker-token',
    },
    {
      what: 'the worker gets the default scope of a login',
      changes: { [GRANT]: [[': client.scopes', ": ['profile']"]] },
      tells: 'worker-token',
    },
    {
      what: 'the worker is registered for the user name, too',
      changes: { [CLIENTS]: [[WORKER_SCOPES, "scopes: ['stats:read', 'profile']"]] },
      tells: 'worker-token',
    },
    {
      what: 'nothing is allowed, because no user allowed it',
      changes: { [GRANT]: [['allowed: new Set(scopes)', 'allowed: new Set()']] },
      tells: 'worker-token',
    },
    {
      what: 'there is one token for everyone who asks',
      changes: {
        [GRANT]: [
          ['/**\n', 'let last: AccessTokenResponse | undefined\n\n/**\n'],
          [ISSUE, 'last ??= await issueAccessToken(store, { grant, scopes })\n  return last'],
        ],
      },
      tells: 'worker-token',
    },
    {
      what: 'the worker gets a refresh token',
      changes: {
        [GRANT]: [
          [
            ISSUE,
            "const tokens = await issueAccessToken(store, { grant, scopes })\n  return { ...tokens, refresh_token: 'x'.repeat(86) }",
          ],
        ],
      },
      tells: 'no-refresh',
    },
    {
      what: 'the scope of the request is not looked at',
      changes: {
        [GRANT]: [[CHOOSE_SCOPES, 'scope === undefined ? client.scopes : [...client.scopes]']],
      },
      tells: 'scope-more',
    },
    {
      what: 'the worker gets what it asks for',
      changes: {
        [GRANT]: [[CHOOSE_SCOPES, "scope ? [...new Set(scope.split(' '))] : client.scopes"]],
      },
      tells: 'scope-more',
    },
    {
      what: 'what is too much is left out, without a word',
      changes: {
        [GRANT]: [
          [
            CHOOSE_SCOPES,
            "scope ? client.scopes.filter((one) => scope.split(' ').includes(one)) : client.scopes",
          ],
        ],
      },
      tells: 'scope-more',
    },
    {
      what: 'of two scopes the first counts',
      changes: {
        [GRANT]: [
          ['type Parameters, parameter', 'type Parameters, valuesOf'],
          [READ_SCOPE, "const scope = valuesOf(form, 'scope')[0]"],
        ],
      },
      tells: 'scope-twice',
    },
    {
      what: 'the token of the worker counts as one of user0',
      changes: {
        [ME]: [
          [
            FIND_PROFILE,
            `authenticateBearer(request, async (token) => {\n      const issued = await findAccessToken(token)\n      const user = { user_id: 'user0', username: 'User Number 0', email: '' }\n      return issued && { scopes: ['profile'], grant: { user, ...issued.grant } }\n    }, 'profile')`,
          ],
        ],
      },
      tells: 'no-user',
    },
    {
      what: 'a token without a user counts as unknown',
      changes: {
        [ME]: [
          [
            FIND_PROFILE,
            `authenticateBearer(request, async (token) => {\n      const issued = await findAccessToken(token)\n      return issued?.grant.user && issued\n    }, 'profile')`,
          ],
        ],
      },
      tells: 'no-user',
    },
    {
      what: 'the token belongs to lab-client',
      changes: { [GRANT]: [['client_id: client.client_id', "client_id: 'lab-client'"]] },
      tells: 'worker-revokes',
    },
    {
      what: 'the statistics say who the users are',
      changes: { [ME]: [['{ users: userCount() }', "{ users: ['user0', 'user1'] as never }"]] },
      tells: 'stats',
    },
    {
      what: 'the statistics want the scope of a user',
      changes: { [ME]: [[FIND_STATS, FIND_PROFILE]] },
      tells: 'stats',
    },
    {
      what: 'everyone may read the statistics',
      changes: { [ME]: [[`    await ${FIND_STATS}\n`, '']] },
      tells: 'stats-token',
    },
    {
      what: 'any token opens the statistics',
      changes: {
        [ME]: [
          [
            FIND_STATS,
            `authenticateBearer(request, async (token) => {\n      const issued = await findAccessToken(token)\n      return issued && { ...issued, scopes: ['stats:read'] }\n    }, 'stats:read')`,
          ],
        ],
      },
      tells: 'stats-scope',
    },
    {
      what: "the worker's name is written into its code",
      changes: { [COUNT_USERS]: [['encodeURIComponent(workerId)', "'worker-client'"]] },
      tells: 'worker-asks',
    },
    {
      what: 'name and secret are not encoded first',
      changes: {
        [COUNT_USERS]: [
          ['encodeURIComponent(workerId)', 'workerId'],
          ['encodeURIComponent(workerSecret)', 'workerSecret'],
        ],
      },
      tells: 'worker-asks',
    },
    {
      what: 'the token request has no content type',
      changes: { [COUNT_USERS]: [[FORM_TYPE, '']] },
      tells: 'worker-asks',
    },
    {
      what: 'the worker asks for the scope of a user',
      changes: { [COUNT_USERS]: [["scope: 'stats:read'", "scope: 'profile'"]] },
      tells: 'worker-asks',
    },
    {
      what: 'the token is in the address',
      changes: {
        [COUNT_USERS]: [
          [STATS_URL, `${STATS_URL}.concat('?access_token=', accessToken)`],
          ['headers: { authorization:', 'headers: { token:'],
        ],
      },
      tells: 'worker-asks',
    },
    {
      what: 'the worker borrows a line of the client',
      changes: {
        [COUNT_USERS]: [
          [
            "import type { ClientCredentialsRequest } from '../protocol.ts'\n",
            "import { basicAuthorization } from '../client/token-request.ts'\nimport type { ClientCredentialsRequest } from '../protocol.ts'\n",
          ],
          [
            `\`Basic ${'$'}{Buffer.from(credentials).toString('base64')}\``,
            'basicAuthorization(workerId, workerSecret)',
          ],
        ],
      },
      tells: 'worker-asks',
    },
    {
      what: 'the type of a token has to be written with a capital letter',
      changes: {
        [COUNT_USERS]: [
          ["String(token_type).toLowerCase() === 'bearer'", "token_type === 'Bearer'"],
        ],
      },
      tells: 'worker-asks',
    },
    {
      what: 'the worker runs on and on',
      changes: { [MAIN]: [['await runOnce', 'setInterval(() => undefined, 500)\nawait runOnce']] },
      tells: 'worker-asks',
    },
    {
      what: 'the worker knows how many users there are',
      changes: {
        [MAIN]: [['await countUsers(config)', '(await countUsers(config)) && 2']],
      },
      tells: 'worker-prints',
    },
    {
      what: 'npm knows nothing of the worker',
      changes: { [PACKAGE]: [['    "worker": "tsx worker/main.ts",\n', '']] },
      tells: 'worker-prints',
    },
    {
      what: 'a success has exit status 1',
      changes: { [MAIN]: [['users`)\n', 'users`)\n  process.exitCode = 1\n']] },
      tells: 'worker-prints',
    },
    {
      what: 'a failure is an error that nobody catches',
      changes: {
        [MAIN]: [
          CATCH[0] as Change,
          [CATCH[1]?.[0] ?? '', 'const config = readConfig(process.env)\n{\n'],
          ['users`)\n})', 'users`)\n}'],
        ],
      },
      tells: 'worker-away',
    },
    {
      what: 'a failure has exit status 0',
      changes: { [MAIN]: catchWith('console.error((error as Error).message)') },
      tells: 'worker-away',
    },
    {
      what: 'a failure is told on stdout',
      changes: { [MAIN]: catchWith('console.log((error as Error).message)\n  process.exit(1)') },
      tells: 'worker-away',
    },
    {
      what: 'a failure says nothing',
      changes: { [MAIN]: catchWith('process.exit(1)') },
      tells: 'worker-away',
    },
    {
      what: 'each request has its own limit, and all of them together have none',
      changes: { [MAIN]: CATCH },
      tells: 'worker-in-time',
    },
    {
      what: 'a rejection is a response that makes no sense',
      changes: {
        [COUNT_USERS]: [["typeof error === 'string') {", "typeof error === 'number') {"]],
      },
      tells: 'worker-refused',
    },
    {
      what: 'an empty token is sent all the same',
      changes: {
        [COUNT_USERS]: [[" || access_token === ''", '']],
      },
      tells: 'worker-nonsense',
    },
    {
      what: 'the line has the secret in it',
      changes: {
        [COUNT_USERS]: [['rejected the request: ', `rejected ${'$'}{credentials}: `]],
      },
      tells: 'worker-refused',
    },
    {
      what: 'a token without a type is a Bearer token',
      changes: { [COUNT_USERS]: [['const isBearer = ', 'const isBearer = !token_type || ']] },
      tells: 'worker-nonsense',
    },
    {
      what: 'a token of any type is a Bearer token',
      changes: { [COUNT_USERS]: [[' || !isBearer', '']] },
      tells: 'worker-nonsense',
    },
    {
      what: 'a number of users may be anything',
      changes: {
        [COUNT_USERS]: [
          [IS_NO_NUMBER, ''],
          ['return users', 'return Number(users)'],
        ],
      },
      tells: 'worker-nonsense',
    },
    {
      what: 'the status of the statistics is not looked at',
      changes: {
        [COUNT_USERS]: [[STATS_NONSENSE, STATS_NONSENSE.replace('status !== 200 || ', '')]],
      },
      tells: 'worker-nonsense',
    },
  ],
}
