import { type Change, type Draft, part } from '../draft.ts'
import type { Exercise } from '../exercise-start.ts'

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
    {
      what: 'npm knows nothing of the API',
      changes: { [PACKAGE]: [['    "api": "tsx api/main.ts",\n', '']] },
      tells: 'api-listens',
    },
    {
      what: 'the API borrows a type of the server',
      changes: {
        [BEARER]: [
          [
            'import type { FastifyReply',
            "import type { Grant } from '../server/store.ts'\nimport type { FastifyReply",
          ],
        ],
      },
      tells: 'api-listens',
    },
    {
      what: 'the statistics are left behind',
      changes: {
        [API_APP]: [
          [
            'return app',
            "app.addHook('onRequest', async ({ url }, reply) => url === '/api/stats' ? reply.callNotFound() : undefined)\n  return app",
          ],
        ],
      },
      tells: 'api-listens',
    },
    {
      what: 'the API has an error for those who send no token',
      changes: {
        [BEARER]: [
          [
            '\'Bearer realm="oauth-lab"\')',
            '\'Bearer realm="oauth-lab", error="invalid_request"\')',
          ],
        ],
      },
      tells: 'api-listens',
    },
    {
      what: 'the server keeps an API of its own',
      changes: {
        [SERVER_APP]: [
          [
            '  return app',
            "  app.get('/api/me', async (_request, reply) => reply.code(401).send({}))\n  return app",
          ],
        ],
      },
      tells: 'server-without-api',
    },
    {
      what: 'the client asks the server for the user name',
      changes: { [CLIENT_API]: [['config.apiUrl}/api/me', 'config.authServerUrl}/api/me']] },
      tells: 'client-asks-api',
    },
    {
      what: 'the client asks the server for the email address',
      changes: { [CLIENT_API]: [['config.apiUrl}/api/email', 'config.authServerUrl}/api/email']] },
      tells: 'client-asks-api',
    },
    {
      what: 'the client forgets its token when the API says 503',
      changes: {
        [CLIENT_API]: [
          [
            'if (response.status !== 401) return',
            'if (![401, 503].includes(response.status)) return',
          ],
        ],
      },
      tells: 'client-502',
    },
    {
      what: 'the worker asks the server for the number of users',
      changes: { [COUNT_USERS]: [['config.apiUrl', 'config.authServerUrl']] },
      tells: 'worker-asks-api',
    },
    {
      what: 'the address of the API is written into the worker',
      changes: {
        [COUNT_USERS]: [
          [`\`${'$'}{config.apiUrl}/api/stats\``, "'http://localhost:25003/api/stats'"],
        ],
      },
      tells: 'worker-asks-api',
    },
    {
      what: 'anyone may ask, and the API too',
      changes: {
        [INTROSPECT]: [
          [AUTHENTICATE, "const client = clients.get('lab-client') ?? { client_id: '' }"],
          [IS_OTHER, ''],
        ],
      },
      tells: 'introspect-login',
    },
    {
      what: 'the server looks for the token before it looks at the secret',
      changes: { [INTROSPECT]: [[AUTHENTICATE, `${READ_TOKEN}\n      ${AUTHENTICATE}`]] },
      tells: 'introspect-login',
    },
    {
      what: 'the name of the API is written into the code',
      changes: { [CLIENTS]: [['client_id: config.apiId', "client_id: 'api-server'"]] },
      tells: 'introspect-login',
    },
    {
      what: 'the route is registered outside of the token route',
      changes: {
        [TOKEN]: [['  app.register(introspectRoute, { clients, config, store })\n', '']],
        [SERVER_APP]: [
          [
            "import { tokenRoute } from './routes/token.ts'\n",
            "import { introspectRoute } from './routes/introspect.ts'\nimport { tokenRoute } from './routes/token.ts'\n",
          ],
          [
            '  return app',
            '  app.register(introspectRoute, { clients, config, store })\n  return app',
          ],
        ],
      },
      tells: 'introspect-login',
    },
    {
      what: 'no token is an unknown token',
      changes: { [INTROSPECT]: [[READ_TOKEN, "String(form.token ?? '')"]] },
      tells: 'introspect-errors',
    },
    {
      what: 'a body that is no form is an empty form',
      changes: {
        [INTROSPECT]: [
          [
            "if (form === undefined) throw new OAuthError('invalid_request', 'The body must be a form')",
            'if (form === undefined) return { active: false }',
          ],
        ],
      },
      tells: 'introspect-errors',
    },
    {
      what: 'the API may use the same grant as the worker',
      changes: { [CLIENTS]: [['grant_types: []', "grant_types: ['client_credentials']"]] },
      tells: 'api-gets-no-token',
    },
    {
      what: 'the API may use the grants of a user',
      changes: {
        [CLIENTS]: [['grant_types: []', "grant_types: ['authorization_code', 'refresh_token']"]],
      },
      tells: 'api-gets-no-token',
    },
    {
      what: 'the API has the redirect URI of lab-client',
      changes: {
        [CLIENTS]: [
          [
            'redirect_uris: [],\n      grant_types: []',
            "redirect_uris: [config.clientUrl + '/callback'],\n      grant_types: []",
          ],
        ],
      },
      tells: 'api-gets-no-token',
    },
    {
      what: 'no field says who issued the token',
      changes: { [INTROSPECT]: [['        iss: config.authServerUrl,\n', '']] },
      tells: 'introspect-user',
    },
    {
      what: 'the token is for the server',
      changes: { [INTROSPECT]: [['aud: config.apiUrl', 'aud: config.authServerUrl']] },
      tells: 'introspect-user',
    },
    {
      what: 'sub is a name to read',
      changes: { [INTROSPECT]: [['user?.user_id', 'user?.username']] },
      tells: 'introspect-user',
    },
    {
      what: 'the scope is a list',
      changes: { [INTROSPECT]: [["issued.scopes.join(' ')", 'issued.scopes']] },
      tells: 'introspect-user',
    },
    {
      what: 'the whole user is in the response',
      changes: {
        [INTROSPECT]: [
          ['        aud: config', '        user: issued.grant.user ?? null,\n        aud: config'],
        ],
      },
      tells: 'introspect-user',
    },
    {
      what: 'the name of the client is that of whoever asks',
      changes: {
        [INTROSPECT]: [['client_id: issued.grant.client_id', 'client_id: client.client_id']],
      },
      tells: 'introspect-user',
    },
    {
      what: 'a token without a user has no sub',
      changes: { [INTROSPECT]: [[' ?? issued.grant.client_id', '']] },
      tells: 'introspect-program',
    },
    {
      what: 'only tokens of users work',
      changes: {
        [INTROSPECT]: [
          [
            IF_INACTIVE,
            IF_INACTIVE.replace('undefined', 'undefined || issued.grant.user === undefined'),
          ],
        ],
      },
      tells: 'introspect-program',
    },
    {
      what: 'the scope is that of the login',
      changes: {
        [INTROSPECT]: [
          [
            "issued.scopes.join(' ')",
            "(issued.grant.user ? [...issued.grant.allowed] : issued.scopes).join(' ')",
          ],
        ],
      },
      tells: 'introspect-scope',
    },
    {
      what: 'iat is the time of the question',
      changes: {
        [INTROSPECT]: [['Math.floor(issued.issuedAt / 1000)', 'Math.floor(Date.now() / 1000)']],
      },
      tells: 'introspect-times',
    },
    {
      what: 'the time of issue is in the clock of the process',
      changes: { [TOKENS]: [[ISSUE_TIME, 'const issuedAt = performance.now()']] },
      tells: 'introspect-times',
    },
    {
      what: 'the times are in milliseconds',
      changes: {
        [INTROSPECT]: [
          ['Math.floor(issued.issuedAt / 1000)', 'issued.issuedAt'],
          [
            'Math.ceil(issued.issuedAt / 1000 + store.accessTokenTtl)',
            'issued.issuedAt + store.accessTokenTtl * 1000',
          ],
        ],
      },
      tells: 'introspect-times',
    },
    {
      what: 'a token looks expired before it is',
      changes: { [INTROSPECT]: [['Math.ceil(', 'Math.floor(']] },
      tells: 'introspect-times',
    },
    {
      what: 'a token is issued in the future',
      changes: { [INTROSPECT]: [['Math.floor(', 'Math.ceil(']] },
      tells: 'introspect-times',
    },
    {
      what: 'the times are not rounded',
      changes: {
        [INTROSPECT]: [['Math.floor(issued.issuedAt / 1000)', 'issued.issuedAt / 1000 + 1e-9']],
      },
      tells: 'introspect-times',
    },
    {
      what: 'the response says that a token is unknown',
      changes: {
        [INTROSPECT]: [
          [
            IF_INACTIVE,
            `if (issued === undefined) return { active: false, reason: 'unknown' }\n      ${IF_INACTIVE}`,
          ],
        ],
      },
      tells: 'inactive',
    },
    {
      what: 'an unknown token is an error',
      changes: {
        [INTROSPECT]: [
          [
            IF_INACTIVE,
            `if (issued === undefined) throw new OAuthError('invalid_grant', 'Unknown')\n      ${IF_INACTIVE}`,
          ],
        ],
      },
      tells: 'inactive',
    },
    {
      what: 'a refresh token that works is active',
      changes: {
        [INTROSPECT]: [
          [
            FIND,
            `const token = ${READ_TOKEN}\n      const grant = store.families.get(token.slice(0, 43))?.grant\n      const issued = store.accessTokens.get(token) ?? (grant && { grant, scopes: grant.scopes, issuedAt: Date.now() })`,
          ],
        ],
      },
      tells: 'inactive-kinds',
    },
    {
      what: 'a client may ask about its own tokens',
      changes: {
        [INTROSPECT]: [[IS_OTHER, `${IS_OTHER} && client.client_id !== issued.grant.client_id`]],
      },
      tells: 'other-clients',
    },
    {
      what: 'every client may ask about every token',
      changes: { [INTROSPECT]: [[IS_OTHER, '']] },
      tells: 'other-clients',
    },
    {
      what: 'another client is forbidden to ask',
      changes: {
        [INTROSPECT]: [
          [
            FIND,
            `if (client.client_id !== config.apiId) throw new OAuthError('unauthorized_client', 'Not you')\n      ${FIND}`,
          ],
        ],
      },
      tells: 'other-clients',
    },
    {
      what: 'only lab-client learns nothing',
      changes: { [INTROSPECT]: [[IS_OTHER, ' || client.client_id === config.clientId']] },
      tells: 'other-clients',
    },
    {
      what: 'the API asks as the client',
      changes: {
        [INTROSPECTION]: [
          ['encodeURIComponent(apiId)', "'lab-client'"],
          ['encodeURIComponent(apiSecret)', "'lab-client-secret'"],
        ],
      },
      tells: 'api-asks',
    },
    {
      what: 'name and secret are not encoded first',
      changes: {
        [INTROSPECTION]: [
          ['encodeURIComponent(apiId)', 'apiId'],
          ['encodeURIComponent(apiSecret)', 'apiSecret'],
        ],
      },
      tells: 'api-asks',
    },
    {
      what: 'the API sends the token in Authorization, and no secret',
      changes: { [INTROSPECTION]: [[AUTHORIZATION, `authorization: \`Bearer ${'$'}{token}\``]] },
      tells: 'api-asks',
    },
    {
      what: 'the introspection request has no content type',
      changes: {
        [INTROSPECTION]: [["      'content-type': 'application/x-www-form-urlencoded',\n", '']],
      },
      tells: 'api-asks',
    },
    {
      what: 'the API asks at another address',
      changes: { [INTROSPECTION]: [['}/introspect`', '}/introspection`']] },
      tells: 'api-asks',
    },
    {
      what: 'everyone is user0',
      changes: { [ME]: [[FIND_USER, "const user = findUser(sub) && findUser('user0')"]] },
      tells: 'api-asks',
    },
    {
      what: 'the API remembers which tokens worked',
      changes: {
        [INTROSPECTION]: [
          [
            '/**\n * Asks the server',
            'const known = new Map<string, IssuedAccessToken>()\n\n/**\n * Asks the server',
          ],
          [NO_TOKEN, `${NO_TOKEN}\n  if (known.has(token)) return known.get(token)`],
          [
            RETURN,
            "known.set(token, { sub, scopes: scope.split(' ') })\n  return known.get(token)",
          ],
        ],
      },
      tells: 'api-ended',
    },
    {
      what: 'the API remembers which tokens did not work',
      changes: {
        [INTROSPECTION]: [
          ['/**\n * Asks the server', 'const dead = new Set<string>()\n\n/**\n * Asks the server'],
          [NO_TOKEN, `${NO_TOKEN}\n  if (dead.has(token)) return undefined`],
          [IF_NOT_FOR_HERE, `if (!active) dead.add(token)\n  ${IF_NOT_FOR_HERE}`],
        ],
      },
      tells: 'api-ended',
    },
    {
      what: 'an inactive token is accepted',
      changes: { [INTROSPECTION]: [['if (!active || ', 'if (']] },
      tells: 'api-ended',
    },
    {
      what: 'the API does not look at aud',
      changes: { [INTROSPECTION]: [['![aud].flat().includes(apiUrl) || ', '']] },
      tells: 'api-audience',
    },
    {
      what: 'aud has to be a text',
      changes: { [INTROSPECTION]: [['![aud].flat().includes(apiUrl)', 'aud !== apiUrl']] },
      tells: 'api-audience',
    },
    {
      what: 'of several audiences the first counts',
      changes: {
        [INTROSPECTION]: [['![aud].flat().includes(apiUrl)', '[aud].flat()[0] !== apiUrl']],
      },
      tells: 'api-audience',
    },
    {
      what: 'aud may start with the address of the API',
      changes: {
        [INTROSPECTION]: [['![aud].flat().includes(apiUrl)', '!String(aud).includes(apiUrl)']],
      },
      tells: 'api-audience',
    },
    {
      what: 'a token without aud is for everyone',
      changes: {
        [INTROSPECTION]: [
          [
            '![aud].flat().includes(apiUrl)',
            '(aud !== undefined && ![aud].flat().includes(apiUrl))',
          ],
        ],
      },
      tells: 'api-audience',
    },
    {
      what: 'the API does not look at iss',
      changes: { [INTROSPECTION]: [[' || iss !== authServerUrl', '']] },
      tells: 'api-audience',
    },
    {
      what: 'a token without iss is of every server',
      changes: {
        [INTROSPECTION]: [['iss !== authServerUrl', '(iss ?? authServerUrl) !== authServerUrl']],
      },
      tells: 'api-audience',
    },
    {
      what: 'the scope is looked for in the text',
      changes: {
        [INTROSPECTION]: [
          [
            "scope.split(' ')",
            "['profile', 'email', 'stats:read'].filter((one) => scope.toLowerCase().includes(one))",
          ],
        ],
      },
      tells: 'api-scope',
    },
    {
      what: 'without a scope the token covers the profile',
      changes: { [INTROSPECTION]: [["scope = ''", "scope = 'profile'"]] },
      tells: 'api-scope',
    },
    {
      what: 'the 403 does not say which scope is missing',
      changes: { [BEARER]: [[`, scope="${'$'}{error.scope}"\``, '`']] },
      tells: 'api-scope',
    },
    {
      what: 'the user is the one in username, if there is one',
      changes: {
        [INTROSPECTION]: [
          ["sub = '', aud", "sub: named = '', username, aud"],
          [
            'const isText',
            'const sub = findUser(String(named)) ? named : (username ?? named)\n  const isText',
          ],
          [
            CONFIG_IMPORT,
            `${CONFIG_IMPORT}import { findUser } from '@oauth-lab/shared/users.ts'\n`,
          ],
        ],
      },
      tells: 'api-no-user',
    },
    {
      what: 'a token without a user is nowhere accepted',
      changes: {
        [INTROSPECTION]: [
          [
            CONFIG_IMPORT,
            `${CONFIG_IMPORT}import { findUser } from '@oauth-lab/shared/users.ts'\n`,
          ],
          [
            IF_NOT_FOR_HERE,
            `${IF_NOT_FOR_HERE}\n  if (sub !== 'night-worker' && !findUser(sub)) return undefined`,
          ],
        ],
      },
      tells: 'api-no-user',
    },
    {
      what: 'someone who is no user has an empty profile',
      changes: {
        [ME]: [
          [
            "if (user === undefined) throw new OAuthError('invalid_token', 'The access token is for no user')",
            "if (user === undefined) return { user_id: sub, username: sub, email: '' }",
          ],
        ],
      },
      tells: 'api-no-user',
    },
    {
      what: 'the API asks about everything',
      changes: { [INTROSPECTION]: [[NO_TOKEN, '']] },
      tells: 'api-no-question',
    },
    {
      what: 'the API asks about everything but nothing',
      changes: { [INTROSPECTION]: [[NO_TOKEN, 'if (!token) return undefined']] },
      tells: 'api-no-question',
    },
    {
      what: 'a token has only the characters of this server',
      changes: { [INTROSPECTION]: [['[\\w.~+/=-]', '[\\w-]']] },
      tells: 'api-no-question',
    },
    {
      what: 'the token is put into the form as it is',
      changes: {
        [INTROSPECTION]: [['new URLSearchParams({ token }).toString()', `\`token=${'$'}{token}\``]],
      },
      tells: 'api-no-question',
    },
    {
      what: 'when the server is away, the token is bad',
      changes: { [BEARER]: [[SEND_503, 'reply.code(401)']] },
      tells: 'api-away',
    },
    {
      what: 'when the server is away, the token is good',
      changes: {
        [INTROSPECTION]: [
          [
            'body: new URLSearchParams({ token }).toString(),\n  })',
            "body: new URLSearchParams({ token }).toString(),\n  }).catch(() => ({ status: 200, body: { active: true, sub: 'user0', scope: 'profile email stats:read', aud: apiUrl, iss: authServerUrl } }))",
          ],
        ],
        [BEARER]: [["'retry-after', '5'", "'retry-after', '6'"]],
      },
      tells: 'api-away',
    },
    {
      what: 'the 502 of the page goes out',
      changes: { [BEARER]: [['reply.code(503)', 'reply.code(error.status)']] },
      tells: 'api-away',
    },
    {
      what: 'nobody says when to try again',
      changes: { [BEARER]: [[".header('retry-after', '5')", '']] },
      tells: 'api-away',
    },
    {
      what: 'the 503 has a challenge',
      changes: {
        [BEARER]: [
          [SEND_503, `${SEND_503}.header('www-authenticate', 'Bearer realm="oauth-lab"')`],
        ],
      },
      tells: 'api-away',
    },
    {
      what: 'the 503 gives no reason',
      changes: {
        [BEARER]: [[SEND_REASON, "return reply.send({ error: 'temporarily_unavailable' })"]],
      },
      tells: 'api-away',
    },
    {
      what: 'the API waits for as long as it takes',
      changes: {
        [INTROSPECTION]: [
          ['await callBackChannel(url, {', 'await fetch(url, {'],
          [
            'body: new URLSearchParams({ token }).toString(),\n  })',
            'body: new URLSearchParams({ token }).toString(),\n  })\n    .then(async (response) => ({ status: response.status, body: await response.json() }))\n    .catch(() => {\n      throw badResponse(url, 0)\n    })',
          ],
          ['{ badResponse, callBackChannel }', '{ badResponse }'],
        ],
      },
      tells: 'api-in-time',
    },
    {
      what: 'the API loses its patience after two seconds',
      changes: {
        [INTROSPECTION]: [
          [
            'await callBackChannel(url, {',
            'await Promise.race([\n    new Promise<never>((_, reject) => setTimeout(() => reject(badResponse(url, 0)), 2_000).unref()),\n    callBackChannel(url, {',
          ],
          [
            'body: new URLSearchParams({ token }).toString(),\n  })',
            'body: new URLSearchParams({ token }).toString(),\n  }),\n  ])',
          ],
        ],
      },
      tells: 'api-in-time',
    },
    {
      what: 'a rejection of the API is a rejection of the token',
      changes: {
        [INTROSPECTION]: [[IF_NONSENSE, `if (status === 401) return undefined\n  ${IF_NONSENSE}`]],
      },
      tells: 'api-nonsense',
    },
    {
      what: 'the status is not looked at',
      changes: { [INTROSPECTION]: [['status !== 200 || typeof active', 'typeof active']] },
      tells: 'api-nonsense',
    },
    {
      what: 'what is not true is false',
      changes: { [INTROSPECTION]: [[" || typeof active !== 'boolean'", '']] },
      tells: 'api-nonsense',
    },
    {
      what: 'scope and sub may be anything',
      changes: {
        [INTROSPECTION]: [
          [' || !isText', ''],
          ["typeof scope === 'string' && typeof sub === 'string'", 'true'],
          ['return { sub, scopes: scope', 'return { sub: String(sub), scopes: String(scope)'],
        ],
      },
      tells: 'api-nonsense',
    },
    {
      what: 'after a failure the API does not ask for a while',
      changes: {
        [INTROSPECTION]: [
          [
            NO_TOKEN,
            `${NO_TOKEN}\n  if (Date.now() < pausedUntil) throw badResponse(authServerUrl, 503)`,
          ],
          ['/**\n * Asks the server', 'let pausedUntil = 0\n\n/**\n * Asks the server'],
          [
            'body: new URLSearchParams({ token }).toString(),\n  })',
            'body: new URLSearchParams({ token }).toString(),\n  }).catch((error) => {\n    pausedUntil = Date.now() + 60_000\n    throw error\n  })',
          ],
        ],
      },
      tells: 'api-back',
    },
  ],
}
