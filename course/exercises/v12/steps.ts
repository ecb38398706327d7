import { type Change, type Draft, part } from '../draft.ts'
import { type Exercise, mistake } from '../exercise-start.ts'

const API_APP = 'api/app.ts'
const API_MAIN = 'api/main.ts'
const BEARER = 'api/bearer-auth.ts'
const CLIENT_API = 'client/api.ts'
const CLIENTS = 'server/clients.ts'
const COUNT_USERS = 'worker/count-users.ts'
const INTROSPECT = 'server/routes/introspect.ts'
const INTROSPECTION = 'api/introspection.ts'
const ME = 'api/routes/me.ts'
const PACKAGE = 'package.json'
const SERVER_APP = 'server/app.ts'
const STORE = 'server/store.ts'
const TOKEN = 'server/routes/token.ts'
const TOKENS = 'server/tokens.ts'

const CONFIG_IMPORT = "import type { LabConfig } from '@oauth-lab/shared/config.ts'\n"
const NO_CONFIG: Change = [CONFIG_IMPORT, '']
const AUTHENTICATE =
  'const client = authenticateClient(request.headers.authorization, form, clients)'
const READ_TOKEN = "requiredParameter(form, 'token')"
const FIND = `const issued = store.accessTokens.get(${READ_TOKEN})`
const IS_OTHER = ' || client.client_id !== config.apiId'
const IF_INACTIVE = `if (issued === undefined${IS_OTHER}) return { active: false }`
const ISSUE_TIME = 'const issuedAt = Date.now()'
const NO_TOKEN = 'if (!/^[\\w.~+/=-]{1,4096}$/.test(token)) return undefined'
const IF_NONSENSE = "if (status !== 200 || typeof active !== 'boolean' || !isText) throw"
const IF_NOT_FOR_HERE =
  'if (!active || ![aud].flat().includes(apiUrl) || iss !== authServerUrl) return undefined'
const RETURN = "return { sub, scopes: scope.split(' ') }"
const ASK_EACH_TIME = '(token) => introspect(config, token)'
const FIND_USER = 'const user = findUser(sub)'
const AUTHORIZATION = `authorization: \`Basic ${'$'}{Buffer.from(credentials).toString('base64')}\``
const SEND_503 = "reply.code(503).header('retry-after', '5')"
const SEND_REASON =
  "return reply.send({ error: 'temporarily_unavailable', error_description: error.message })"

/** The API without a word for a server that doesn't answer. */
function withoutTrouble(draft: Draft): Change[] {
  const text = draft.final(BEARER)
  return [
    ["import { PageError } from '@oauth-lab/shared/page-error.ts'\n", ''],
    [part(text, '  // RFC 9110 section 15.6.4', '  if (!(error instanceof OAuthError))'), ''],
  ]
}

export const v12: Exercise = {
  steps: [
    (draft) => {
      for (const path of [PACKAGE, API_MAIN, ME, CLIENT_API, COUNT_USERS]) draft.take(path)
      draft.take(BEARER, ...withoutTrouble(draft))
      draft.take(
        API_APP,
        ["import { introspect } from './introspection.ts'\n", ''],
        ['buildApi(config: LabConfig)', 'buildApi(_config: LabConfig)'],
        [ASK_EACH_TIME, 'async () => undefined'],
      )
      draft.take(SERVER_APP, ['{ clients, config, store }', '{ clients, store }'])
      for (const path of ['server/bearer-auth.ts', 'server/routes/me.ts']) draft.remove(path)
    },
    (draft) => {
      draft.take(CLIENTS)
      draft.take(
        TOKEN,
        NO_CONFIG,
        [
          '{ clients, config, store }: { clients: Clients; config: LabConfig; store: Store }',
          '{ clients, store }: { clients: Clients; store: Store }',
        ],
        ['introspectRoute, { clients, config, store }', 'introspectRoute, { clients }'],
      )
      draft.take(
        INTROSPECT,
        NO_CONFIG,
        ["import type { Store } from '../store.ts'\n", ''],
        [
          '{ clients, config, store }: { clients: Clients; config: LabConfig; store: Store }',
          '{ clients }: { clients: Clients }',
        ],
        ['const client = authenticateClient', 'authenticateClient'],
        [
          part(draft.final(INTROSPECT), `      ${FIND}`, '    },\n  )'),
          `      ${READ_TOKEN}\n      return {}\n`,
        ],
      )
    },
    (draft) => {
      for (const path of [SERVER_APP, TOKEN, STORE, TOKENS]) draft.take(path)
      draft.take(
        INTROSPECT,
        ['const client = authenticateClient', 'authenticateClient'],
        [part(draft.final(INTROSPECT), '      // RFC 7662 sections 2.2 and 4', '      if'), ''],
        [IF_INACTIVE, 'if (issued === undefined) return {}'],
      )
    },
    (draft) => draft.take(INTROSPECT),
    (draft) => {
      draft.take(API_APP)
      draft.take(BEARER, ...withoutTrouble(draft))
      const text = draft.final(INTROSPECTION)
      draft.take(
        INTROSPECTION,
        ['{ badResponse, callBackChannel }', '{ callBackChannel }'],
        ['const { status, body } = await', 'const { body } = await'],
        [part(text, '  const isText =', '  // RFC 9700'), ''],
        [
          'return { sub, scopes: scope.split',
          'return { sub: String(sub), scopes: String(scope).split',
        ],
      )
    },
    (draft) => {
      for (const path of [INTROSPECTION, BEARER]) draft.take(path)
    },
  ],

  mistakes: [
    mistake('api-listens', 'npm knows nothing of the API', [
      PACKAGE,
      '    "api": "tsx api/main.ts",\n',
      '',
    ]),
    mistake('api-listens', 'the API borrows a type of the server', [
      BEARER,
      'import type { FastifyReply',
      "import type { Grant } from '../server/store.ts'\nimport type { FastifyReply",
    ]),
    mistake('api-listens', 'the statistics are left behind', [
      API_APP,
      'return app',
      "app.addHook('onRequest', async ({ url }, reply) => url === '/api/stats' ? reply.callNotFound() : undefined)\n  return app",
    ]),
    mistake('api-listens', 'the API has an error for those who send no token', [
      BEARER,
      '\'Bearer realm="oauth-lab"\')',
      '\'Bearer realm="oauth-lab", error="invalid_request"\')',
    ]),
    mistake('server-without-api', 'the server keeps an API of its own', [
      SERVER_APP,
      '  return app',
      "  app.get('/api/me', async (_request, reply) => reply.code(401).send({}))\n  return app",
    ]),
    mistake('client-asks-api', 'the client asks the server for the user name', [
      CLIENT_API,
      'config.apiUrl}/api/me',
      'config.authServerUrl}/api/me',
    ]),
    mistake('client-asks-api', 'the client asks the server for the email address', [
      CLIENT_API,
      'config.apiUrl}/api/email',
      'config.authServerUrl}/api/email',
    ]),
    mistake('client-502', 'the client forgets its token when the API says 503', [
      CLIENT_API,
      'if (response.status !== 401) return',
      'if (![401, 503].includes(response.status)) return',
    ]),
    mistake('worker-asks-api', 'the worker asks the server for the number of users', [
      COUNT_USERS,
      'config.apiUrl',
      'config.authServerUrl',
    ]),
    mistake('worker-asks-api', 'the address of the API is written into the worker', [
      COUNT_USERS,
      `\`${'$'}{config.apiUrl}/api/stats\``,
      "'http://localhost:25003/api/stats'",
    ]),
    mistake(
      'introspect-login',
      'anyone may ask, and the API too',
      [INTROSPECT, AUTHENTICATE, "const client = clients.get('lab-client') ?? { client_id: '' }"],
      [INTROSPECT, IS_OTHER, ''],
    ),
    mistake('introspect-login', 'the server looks for the token before it looks at the secret', [
      INTROSPECT,
      AUTHENTICATE,
      `${READ_TOKEN}\n      ${AUTHENTICATE}`,
    ]),
    mistake('introspect-login', 'the name of the API is written into the code', [
      CLIENTS,
      'client_id: config.apiId',
      "client_id: 'api-server'",
    ]),
    mistake(
      'introspect-login',
      'the route is registered outside of the token route',
      [TOKEN, '  app.register(introspectRoute, { clients, config, store })\n', ''],
      [
        SERVER_APP,
        "import { tokenRoute } from './routes/token.ts'\n",
        "import { introspectRoute } from './routes/introspect.ts'\nimport { tokenRoute } from './routes/token.ts'\n",
      ],
      [
        SERVER_APP,
        '  return app',
        '  app.register(introspectRoute, { clients, config, store })\n  return app',
      ],
    ),
    mistake('introspect-errors', 'no token is an unknown token', [
      INTROSPECT,
      READ_TOKEN,
      "String(form.token ?? '')",
    ]),
    mistake('introspect-errors', 'a body that is no form is an empty form', [
      INTROSPECT,
      "if (form === undefined) throw new OAuthError('invalid_request', 'The body must be a form')",
      'if (form === undefined) return { active: false }',
    ]),
    mistake('api-gets-no-token', 'the API may use the same grant as the worker', [
      CLIENTS,
      'grant_types: []',
      "grant_types: ['client_credentials']",
    ]),
    mistake('api-gets-no-token', 'the API may use the grants of a user', [
      CLIENTS,
      'grant_types: []',
      "grant_types: ['authorization_code', 'refresh_token']",
    ]),
    mistake('api-gets-no-token', 'the API has the redirect URI of lab-client', [
      CLIENTS,
      'redirect_uris: [],\n      grant_types: []',
      "redirect_uris: [config.clientUrl + '/callback'],\n      grant_types: []",
    ]),
    mistake('introspect-user', 'no field says who issued the token', [
      INTROSPECT,
      '        iss: config.authServerUrl,\n',
      '',
    ]),
    mistake('introspect-user', 'the token is for the server', [
      INTROSPECT,
      'aud: config.apiUrl',
      'aud: config.authServerUrl',
    ]),
    mistake('introspect-user', 'sub is a name to read', [
      INTROSPECT,
      'user?.user_id',
      'user?.username',
    ]),
    mistake('introspect-user', 'the scope is a list', [
      INTROSPECT,
      "issued.scopes.join(' ')",
      'issued.scopes',
    ]),
    mistake('introspect-user', 'the server believes the hint', [
      INTROSPECT,
      IF_INACTIVE,
      `if (form.token_type_hint === 'refresh_token') return { active: false }\n      ${IF_INACTIVE}`,
    ]),
    mistake('introspect-user', 'the whole user is in the response', [
      INTROSPECT,
      '        aud: config',
      '        user: issued.grant.user ?? null,\n        aud: config',
    ]),
    mistake('introspect-user', 'the name of the client is that of the one who asks', [
      INTROSPECT,
      'client_id: issued.grant.client_id',
      'client_id: client.client_id',
    ]),
    mistake('introspect-program', 'a token without a user has no sub', [
      INTROSPECT,
      ' ?? issued.grant.client_id',
      '',
    ]),
    mistake('introspect-program', 'only tokens of users work', [
      INTROSPECT,
      IF_INACTIVE,
      IF_INACTIVE.replace('undefined', 'undefined || issued.grant.user === undefined'),
    ]),
    mistake('introspect-scope', 'the scope is that of the login', [
      INTROSPECT,
      "issued.scopes.join(' ')",
      "(issued.grant.user ? [...issued.grant.allowed] : issued.scopes).join(' ')",
    ]),
    mistake('introspect-times', 'iat is the time of the question', [
      INTROSPECT,
      'Math.floor(issued.issuedAt / 1000)',
      'Math.floor(Date.now() / 1000)',
    ]),
    mistake('introspect-times', 'the time of issue is in the clock of the process', [
      TOKENS,
      ISSUE_TIME,
      'const issuedAt = performance.now()',
    ]),
    mistake(
      'introspect-times',
      'the times are in milliseconds',
      [INTROSPECT, 'Math.floor(issued.issuedAt / 1000)', 'issued.issuedAt'],
      [
        INTROSPECT,
        'Math.ceil(issued.issuedAt / 1000 + store.accessTokenTtl)',
        'issued.issuedAt + store.accessTokenTtl * 1000',
      ],
    ),
    mistake('introspect-times', 'a token looks expired before it is', [
      INTROSPECT,
      'Math.ceil(',
      'Math.floor(',
    ]),
    mistake('introspect-times', 'a token is issued in the future', [
      INTROSPECT,
      'Math.floor(',
      'Math.ceil(',
    ]),
    mistake('introspect-times', 'the times are not rounded', [
      INTROSPECT,
      'Math.floor(issued.issuedAt / 1000)',
      'issued.issuedAt / 1000 + 1e-9',
    ]),
    mistake('inactive', 'the response says that a token is unknown', [
      INTROSPECT,
      IF_INACTIVE,
      `if (issued === undefined) return { active: false, reason: 'unknown' }\n      ${IF_INACTIVE}`,
    ]),
    mistake('inactive', 'an unknown token is an error', [
      INTROSPECT,
      IF_INACTIVE,
      `if (issued === undefined) throw new OAuthError('invalid_grant', 'Unknown')\n      ${IF_INACTIVE}`,
    ]),
    mistake('inactive-kinds', 'a refresh token that works is active', [
      INTROSPECT,
      FIND,
      `const token = ${READ_TOKEN}\n      const grant = store.families.get(token.slice(0, 43))?.grant\n      const issued = store.accessTokens.get(token) ?? (grant && { grant, scopes: grant.scopes, issuedAt: Date.now() })`,
    ]),
    mistake('other-clients', 'a client may ask about its own tokens', [
      INTROSPECT,
      IS_OTHER,
      `${IS_OTHER} && client.client_id !== issued.grant.client_id`,
    ]),
    mistake('other-clients', 'every client may ask about every token', [INTROSPECT, IS_OTHER, '']),
    mistake('other-clients', 'another client is forbidden to ask', [
      INTROSPECT,
      FIND,
      `if (client.client_id !== config.apiId) throw new OAuthError('unauthorized_client', 'Not you')\n      ${FIND}`,
    ]),
    mistake('other-clients', 'only lab-client learns nothing', [
      INTROSPECT,
      IS_OTHER,
      ' || client.client_id === config.clientId',
    ]),
    mistake(
      'api-asks',
      'the API asks as the client',
      [INTROSPECTION, 'encodeURIComponent(apiId)', "'lab-client'"],
      [INTROSPECTION, 'encodeURIComponent(apiSecret)', "'lab-client-secret'"],
    ),
    mistake(
      'api-asks',
      'name and secret are not encoded first',
      [INTROSPECTION, 'encodeURIComponent(apiId)', 'apiId'],
      [INTROSPECTION, 'encodeURIComponent(apiSecret)', 'apiSecret'],
    ),
    mistake('api-asks', 'the API sends the token in Authorization, and no secret', [
      INTROSPECTION,
      AUTHORIZATION,
      `authorization: \`Bearer ${'$'}{token}\``,
    ]),
    mistake('api-asks', 'the introspection request has no content type', [
      INTROSPECTION,
      "      'content-type': 'application/x-www-form-urlencoded',\n",
      '',
    ]),
    mistake('api-asks', 'the API asks at another address', [
      INTROSPECTION,
      '}/introspect`',
      '}/introspection`',
    ]),
    mistake('api-asks', 'everyone is user0', [
      ME,
      FIND_USER,
      "const user = findUser(sub) && findUser('user0')",
    ]),
    mistake(
      'api-ended',
      'the API remembers which tokens worked',
      [
        INTROSPECTION,
        '/**\n * Asks the server',
        'const known = new Map<string, IssuedAccessToken>()\n\n/**\n * Asks the server',
      ],
      [INTROSPECTION, NO_TOKEN, `${NO_TOKEN}\n  if (known.has(token)) return known.get(token)`],
      [
        INTROSPECTION,
        RETURN,
        "known.set(token, { sub, scopes: scope.split(' ') })\n  return known.get(token)",
      ],
    ),
    mistake(
      'api-ended',
      'the API remembers which tokens did not work',
      [
        INTROSPECTION,
        '/**\n * Asks the server',
        'const dead = new Set<string>()\n\n/**\n * Asks the server',
      ],
      [INTROSPECTION, NO_TOKEN, `${NO_TOKEN}\n  if (dead.has(token)) return undefined`],
      [INTROSPECTION, IF_NOT_FOR_HERE, `if (!active) dead.add(token)\n  ${IF_NOT_FOR_HERE}`],
    ),
    mistake('api-ended', 'an inactive token is accepted', [
      INTROSPECTION,
      'if (!active || ',
      'if (',
    ]),
    mistake('api-audience', 'the API does not look at aud', [
      INTROSPECTION,
      '![aud].flat().includes(apiUrl) || ',
      '',
    ]),
    mistake('api-audience', 'aud has to be a text', [
      INTROSPECTION,
      '![aud].flat().includes(apiUrl)',
      'aud !== apiUrl',
    ]),
    mistake('api-audience', 'of several audiences the first counts', [
      INTROSPECTION,
      '![aud].flat().includes(apiUrl)',
      '[aud].flat()[0] !== apiUrl',
    ]),
    mistake('api-audience', 'aud may start with the address of the API', [
      INTROSPECTION,
      '![aud].flat().includes(apiUrl)',
      '!String(aud).includes(apiUrl)',
    ]),
    mistake('api-audience', 'a token without aud is for everyone', [
      INTROSPECTION,
      '![aud].flat().includes(apiUrl)',
      '(aud !== undefined && ![aud].flat().includes(apiUrl))',
    ]),
    mistake('api-audience', 'the API does not look at iss', [
      INTROSPECTION,
      ' || iss !== authServerUrl',
      '',
    ]),
    mistake('api-audience', 'a token without iss is of every server', [
      INTROSPECTION,
      'iss !== authServerUrl',
      '(iss ?? authServerUrl) !== authServerUrl',
    ]),
    mistake('api-scope', 'the scope is looked for in the text', [
      INTROSPECTION,
      "scope.split(' ')",
      "['profile', 'email', 'stats:read'].filter((one) => scope.toLowerCase().includes(one))",
    ]),
    mistake('api-scope', 'without a scope the token covers the profile', [
      INTROSPECTION,
      "scope = ''",
      "scope = 'profile'",
    ]),
    mistake('api-scope', 'the 403 does not say which scope is missing', [
      BEARER,
      `, scope="${'$'}{error.scope}"\``,
      '`',
    ]),
    mistake(
      'api-no-user',
      'the user is the one in username, if there is one',
      [INTROSPECTION, "sub = '', aud", "sub: named = '', username, aud"],
      [
        INTROSPECTION,
        'const isText',
        'const sub = findUser(String(named)) ? named : (username ?? named)\n  const isText',
      ],
      [
        INTROSPECTION,
        CONFIG_IMPORT,
        `${CONFIG_IMPORT}import { findUser } from '@oauth-lab/shared/users.ts'\n`,
      ],
    ),
    mistake(
      'api-no-user',
      'a token without a user is nowhere accepted',
      [
        INTROSPECTION,
        CONFIG_IMPORT,
        `${CONFIG_IMPORT}import { findUser } from '@oauth-lab/shared/users.ts'\n`,
      ],
      [
        INTROSPECTION,
        IF_NOT_FOR_HERE,
        `${IF_NOT_FOR_HERE}\n  if (sub !== 'night-worker' && !findUser(sub)) return undefined`,
      ],
    ),
    mistake('api-no-user', 'someone who is no user has an empty profile', [
      ME,
      "if (user === undefined) throw new OAuthError('invalid_token', 'The access token is for no user')",
      "if (user === undefined) return { user_id: sub, username: sub, email: '' }",
    ]),
    mistake('api-no-question', 'the API asks about everything', [INTROSPECTION, NO_TOKEN, '']),
    mistake('api-no-question', 'the API asks about everything but nothing', [
      INTROSPECTION,
      NO_TOKEN,
      'if (!token) return undefined',
    ]),
    mistake('api-no-question', 'a token may have any length', [INTROSPECTION, '{1,4096}', '+']),
    mistake('api-no-question', 'a token has only the characters of this server', [
      INTROSPECTION,
      '[\\w.~+/=-]',
      '[\\w-]',
    ]),
    mistake('api-no-question', 'the token is put into the form as it is', [
      INTROSPECTION,
      'new URLSearchParams({ token }).toString()',
      `\`token=${'$'}{token}\``,
    ]),
    mistake('api-away', 'when the server is away, the token is bad', [
      BEARER,
      SEND_503,
      'reply.code(401)',
    ]),
    mistake(
      'api-away',
      'when the server is away, the token is good',
      [
        INTROSPECTION,
        'body: new URLSearchParams({ token }).toString(),\n  })',
        "body: new URLSearchParams({ token }).toString(),\n  }).catch(() => ({ status: 200, body: { active: true, sub: 'user0', scope: 'profile email stats:read', aud: apiUrl, iss: authServerUrl } }))",
      ],
      [BEARER, "'retry-after', '5'", "'retry-after', '6'"],
    ),
    mistake('api-away', 'the 502 of the page goes out', [
      BEARER,
      'reply.code(503)',
      'reply.code(error.status)',
    ]),
    mistake('api-away', 'nobody says when to try again', [
      BEARER,
      ".header('retry-after', '5')",
      '',
    ]),
    mistake('api-away', 'the 503 has a challenge', [
      BEARER,
      SEND_503,
      `${SEND_503}.header('www-authenticate', 'Bearer realm="oauth-lab"')`,
    ]),
    mistake('api-away', 'the 503 gives no reason', [
      BEARER,
      SEND_REASON,
      "return reply.send({ error: 'temporarily_unavailable' })",
    ]),
    mistake(
      'api-in-time',
      'the API waits for as long as it takes',
      [INTROSPECTION, 'await callBackChannel(url, {', 'await fetch(url, {'],
      [
        INTROSPECTION,
        'body: new URLSearchParams({ token }).toString(),\n  })',
        'body: new URLSearchParams({ token }).toString(),\n  })\n    .then(async (response) => ({ status: response.status, body: await response.json() }))\n    .catch(() => {\n      throw badResponse(url, 0)\n    })',
      ],
      [INTROSPECTION, '{ badResponse, callBackChannel }', '{ badResponse }'],
    ),
    mistake(
      'api-in-time',
      'the API loses its patience after two seconds',
      [
        INTROSPECTION,
        'await callBackChannel(url, {',
        'await Promise.race([\n    new Promise<never>((_, reject) => setTimeout(() => reject(badResponse(url, 0)), 2_000).unref()),\n    callBackChannel(url, {',
      ],
      [
        INTROSPECTION,
        'body: new URLSearchParams({ token }).toString(),\n  })',
        'body: new URLSearchParams({ token }).toString(),\n  }),\n  ])',
      ],
    ),
    mistake('api-nonsense', 'a rejection of the API is a rejection of the token', [
      INTROSPECTION,
      IF_NONSENSE,
      `if (status === 401) return undefined\n  ${IF_NONSENSE}`,
    ]),
    mistake('api-nonsense', 'the status is not looked at', [
      INTROSPECTION,
      'status !== 200 || typeof active',
      'typeof active',
    ]),
    mistake('api-nonsense', 'what is not true is false', [
      INTROSPECTION,
      " || typeof active !== 'boolean'",
      '',
    ]),
    mistake(
      'api-nonsense',
      'scope and sub may be anything',
      [INTROSPECTION, ' || !isText', ''],
      [INTROSPECTION, "typeof scope === 'string' && typeof sub === 'string'", 'true'],
      [
        INTROSPECTION,
        'return { sub, scopes: scope',
        'return { sub: String(sub), scopes: String(scope)',
      ],
    ),
    mistake(
      'api-back',
      'after a failure the API does not ask for a while',
      [
        INTROSPECTION,
        NO_TOKEN,
        `${NO_TOKEN}\n  if (Date.now() < pausedUntil) throw badResponse(authServerUrl, 503)`,
      ],
      [INTROSPECTION, '/**\n * Asks the server', 'let pausedUntil = 0\n\n/**\n * Asks the server'],
      [
        INTROSPECTION,
        'body: new URLSearchParams({ token }).toString(),\n  })',
        'body: new URLSearchParams({ token }).toString(),\n  }).catch((error) => {\n    pausedUntil = Date.now() + 60_000\n    throw error\n  })',
      ],
    ),
  ],
}
