import { part } from '../draft.ts'
import { type Exercise, type FileChange, mistake } from '../exercise-start.ts'

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
const CATCH: FileChange[] = [
  [
    MAIN,
    "import { runOnce } from '@oauth-lab/shared/run-once.ts'",
    "import { readConfig } from '@oauth-lab/shared/config.ts'",
  ],
  [
    MAIN,
    'await runOnce(async (config) => {\n',
    'try {\n  const config = readConfig(process.env)\n',
  ],
  [
    MAIN,
    'users`)\n})',
    'users`)\n} catch (error) {\n  console.error((error as Error).message)\n  process.exit(1)\n}',
  ],
]

/** The same, with another end. */
function catchWith(end: string): FileChange[] {
  return CATCH.map(([path, from, to]) => [
    path,
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
    mistake('logins-still', 'other-client may no longer refresh', [
      CLIENTS,
      OTHER_URI + USER_GRANTS,
      `${OTHER_URI}      grant_types: ['authorization_code'],\n`,
    ]),
    mistake('secret-only', 'the worker needs no secret', [
      TOKEN,
      AUTHENTICATE,
      `const named = clients.get(String(form.client_id))\n      ${AUTHENTICATE.replace('= ', '= named?.redirect_uris.length === 0 ? named : ')}`,
    ]),
    mistake('secret-only', 'the server looks at the grant type before the secret', [
      TOKEN,
      AUTHENTICATE,
      `if (form.grant_type === 'refresh_token' && !form.refresh_token) {\n        throw new OAuthError(${UNAUTHORIZED})\n      }\n      ${AUTHENTICATE}`,
    ]),
    mistake('users-still', 'only a token without a user opens what belongs to one', [
      ME,
      'if (user === undefined)',
      'if (user !== undefined)',
    ]),
    mistake('no-login-for-stats', 'lab-client may ask its users for stats:read', [
      CLIENTS,
      "scopes: ['profile', 'email']",
      "scopes: ['profile', 'email', 'stats:read']",
    ]),
    mistake('grant-registered', 'every client may use every grant', [
      TOKEN,
      IS_UNREGISTERED,
      'if (grant_type === undefined) {',
    ]),
    mistake('grant-registered', 'client_credentials counts as unknown, so everyone may use it', [
      TOKEN,
      "'refresh_token', 'client_credentials']",
      "'refresh_token']",
    ]),
    mistake('grant-registered', 'lab-client may get tokens of its own, too', [
      CLIENTS,
      `callback\`],\n${USER_GRANTS}`,
      `callback\`],\n${USER_GRANTS.replace(']', ", 'client_credentials']")}`,
    ]),
    mistake('grant-registered', 'the worker may use every grant', [
      CLIENTS,
      WORKER_GRANTS,
      "grant_types: ['client_credentials', 'authorization_code', 'refresh_token']",
    ]),
    mistake('grant-registered', 'a grant type that is not registered counts as unknown', [
      TOKEN,
      UNAUTHORIZED,
      UNAUTHORIZED.replace('unauthorized_client', 'unsupported_grant_type'),
    ]),
    mistake('grant-registered', 'the name of the worker is written into the code', [
      CLIENTS,
      'client_id: config.workerId',
      "client_id: 'worker-client'",
    ]),
    mistake('grant-unused', 'a code is used up before the server looks at the registration', [
      TOKEN,
      IS_UNREGISTERED,
      `${IS_UNREGISTERED}\n        store.codes.delete(String(form.code))`,
    ]),
    mistake('grant-unknown', 'an unknown grant type is one that nobody is registered for', [
      TOKEN,
      IS_KNOWN,
      '',
    ]),
    mistake('worker-login', 'the worker has the redirect URI of lab-client', [
      CLIENTS,
      'redirect_uris: []',
      "redirect_uris: [config.clientUrl + '/callback']",
    ]),
    mistake(
      'worker-token',
      'the worker has to say which scope it wants',
      [GRANT, 'type Parameters, parameter', 'type Parameters, requiredParameter'],
      [GRANT, READ_SCOPE, "const scope = requiredParameter(form, 'scope')"],
    ),
    mistake('worker-token', 'the worker gets the default scope of a login', [
      GRANT,
      ': client.scopes',
      ": ['profile']",
    ]),
    mistake('worker-token', 'the worker is registered for the user name, too', [
      CLIENTS,
      WORKER_SCOPES,
      "scopes: ['stats:read', 'profile']",
    ]),
    mistake('worker-token', 'nothing is allowed, because no user allowed it', [
      GRANT,
      'allowed: new Set(scopes)',
      'allowed: new Set()',
    ]),
    mistake(
      'worker-token',
      'there is one token for everyone who asks',
      [GRANT, '/**\n', 'let last: AccessTokenResponse | undefined\n\n/**\n'],
      [GRANT, ISSUE, 'last ??= await issueAccessToken(store, { grant, scopes })\n  return last'],
    ),
    mistake('no-refresh', 'the worker gets a refresh token', [
      GRANT,
      ISSUE,
      "const tokens = await issueAccessToken(store, { grant, scopes })\n  return { ...tokens, refresh_token: 'x'.repeat(86) }",
    ]),
    mistake('scope-more', 'the scope of the request is not looked at', [
      GRANT,
      CHOOSE_SCOPES,
      'scope === undefined ? client.scopes : [...client.scopes]',
    ]),
    mistake('scope-more', 'the worker gets what it asks for', [
      GRANT,
      CHOOSE_SCOPES,
      "scope ? [...new Set(scope.split(' '))] : client.scopes",
    ]),
    mistake('scope-more', 'what is too much is left out, without a word', [
      GRANT,
      CHOOSE_SCOPES,
      "scope ? client.scopes.filter((one) => scope.split(' ').includes(one)) : client.scopes",
    ]),
    mistake(
      'scope-twice',
      'of two scopes the first counts',
      [GRANT, 'type Parameters, parameter', 'type Parameters, valuesOf'],
      [GRANT, READ_SCOPE, "const scope = valuesOf(form, 'scope')[0]"],
    ),
    mistake('no-user', 'the token of the worker counts as one of user0', [
      ME,
      FIND_PROFILE,
      `authenticateBearer(request, async (token) => {\n      const issued = await findAccessToken(token)\n      const user = { user_id: 'user0', username: 'User Number 0', email: '' }\n      return issued && { scopes: ['profile'], grant: { user, ...issued.grant } }\n    }, 'profile')`,
    ]),
    mistake('no-user', 'a token without a user counts as unknown', [
      ME,
      FIND_PROFILE,
      `authenticateBearer(request, async (token) => {\n      const issued = await findAccessToken(token)\n      return issued?.grant.user && issued\n    }, 'profile')`,
    ]),
    mistake('worker-revokes', 'the token belongs to lab-client', [
      GRANT,
      'client_id: client.client_id',
      "client_id: 'lab-client'",
    ]),
    mistake('stats', 'the statistics say who the users are', [
      ME,
      '{ users: userCount() }',
      "{ users: ['user0', 'user1'] as never }",
    ]),
    mistake('stats', 'the statistics want the scope of a user', [ME, FIND_STATS, FIND_PROFILE]),
    mistake('stats-token', 'everyone may read the statistics', [
      ME,
      `    await ${FIND_STATS}\n`,
      '',
    ]),
    mistake('stats-scope', 'any token opens the statistics', [
      ME,
      FIND_STATS,
      `authenticateBearer(request, async (token) => {\n      const issued = await findAccessToken(token)\n      return issued && { ...issued, scopes: ['stats:read'] }\n    }, 'stats:read')`,
    ]),
    mistake('worker-asks', "the worker's name is written into its code", [
      COUNT_USERS,
      'encodeURIComponent(workerId)',
      "'worker-client'",
    ]),
    mistake(
      'worker-asks',
      'name and secret are not encoded first',
      [COUNT_USERS, 'encodeURIComponent(workerId)', 'workerId'],
      [COUNT_USERS, 'encodeURIComponent(workerSecret)', 'workerSecret'],
    ),
    mistake('worker-asks', 'the token request has no content type', [COUNT_USERS, FORM_TYPE, '']),
    mistake('worker-asks', 'the worker asks for the scope of a user', [
      COUNT_USERS,
      "scope: 'stats:read'",
      "scope: 'profile'",
    ]),
    mistake(
      'worker-asks',
      'the token is in the address',
      [COUNT_USERS, STATS_URL, `${STATS_URL}.concat('?access_token=', accessToken)`],
      [COUNT_USERS, 'headers: { authorization:', 'headers: { token:'],
    ),
    mistake(
      'worker-asks',
      'the worker borrows a line of the client',
      [
        COUNT_USERS,
        "import type { ClientCredentialsRequest } from '../protocol.ts'\n",
        "import { basicAuthorization } from '../client/token-request.ts'\nimport type { ClientCredentialsRequest } from '../protocol.ts'\n",
      ],
      [
        COUNT_USERS,
        `\`Basic ${'$'}{Buffer.from(credentials).toString('base64')}\``,
        'basicAuthorization(workerId, workerSecret)',
      ],
    ),
    mistake('worker-asks', 'the type of a token has to be written with a capital letter', [
      COUNT_USERS,
      "String(token_type).toLowerCase() === 'bearer'",
      "token_type === 'Bearer'",
    ]),
    mistake('worker-asks', 'the worker runs on and on', [
      MAIN,
      'await runOnce',
      'setInterval(() => undefined, 500)\nawait runOnce',
    ]),
    mistake('worker-prints', 'the worker knows how many users there are', [
      MAIN,
      'await countUsers(config)',
      '(await countUsers(config)) && 2',
    ]),
    mistake('worker-prints', 'npm knows nothing of the worker', [
      PACKAGE,
      '    "worker": "tsx worker/main.ts",\n',
      '',
    ]),
    mistake('worker-prints', 'a success has exit status 1', [
      MAIN,
      'users`)\n',
      'users`)\n  process.exitCode = 1\n',
    ]),
    mistake(
      'worker-away',
      'a failure is an error that nobody catches',
      CATCH[0] as FileChange,
      [MAIN, CATCH[1]?.[1] ?? '', 'const config = readConfig(process.env)\n{\n'],
      [MAIN, 'users`)\n})', 'users`)\n}'],
    ),
    mistake(
      'worker-away',
      'a failure has exit status 0',
      ...catchWith('console.error((error as Error).message)'),
    ),
    mistake(
      'worker-away',
      'a failure is told on stdout',
      ...catchWith('console.log((error as Error).message)\n  process.exit(1)'),
    ),
    mistake('worker-away', 'a failure says nothing', ...catchWith('process.exit(1)')),
    mistake(
      'worker-in-time',
      'each request has its own limit, and all of them together have none',
      ...CATCH,
    ),
    mistake('worker-refused', 'a rejection is a response that makes no sense', [
      COUNT_USERS,
      "typeof error === 'string') {",
      "typeof error === 'number') {",
    ]),
    mistake('worker-nonsense', 'an empty token is sent all the same', [
      COUNT_USERS,
      " || access_token === ''",
      '',
    ]),
    mistake('worker-refused', 'the line has the secret in it', [
      COUNT_USERS,
      'rejected the request: ',
      `rejected ${'$'}{credentials}: `,
    ]),
    mistake('worker-nonsense', 'a token without a type is a Bearer token', [
      COUNT_USERS,
      'const isBearer = ',
      'const isBearer = !token_type || ',
    ]),
    mistake('worker-nonsense', 'a token of any type is a Bearer token', [
      COUNT_USERS,
      ' || !isBearer',
      '',
    ]),
    mistake(
      'worker-nonsense',
      'a number of users may be anything',
      [COUNT_USERS, IS_NO_NUMBER, ''],
      [COUNT_USERS, 'return users', 'return Number(users)'],
    ),
    mistake('worker-nonsense', 'the status of the statistics is not looked at', [
      COUNT_USERS,
      STATS_NONSENSE,
      STATS_NONSENSE.replace('status !== 200 || ', ''),
    ]),
  ],
}
