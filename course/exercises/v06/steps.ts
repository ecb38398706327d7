import type { Change } from '../draft.ts'
import type { Exercise } from '../exercise-start.ts'

const API = 'client/api.ts'
const AUTHORIZE = 'server/routes/authorize.ts'
const BEARER = 'server/bearer-auth.ts'
const CODE_GRANT = 'server/grants/authorization-code.ts'
const LOGIN = 'client/routes/login.ts'
const LOGIN_PAGE = 'server/views/login.eta'
const ME = 'server/routes/me.ts'
const PROTOCOL = 'protocol.ts'
const REFRESH_GRANT = 'server/grants/refresh-token.ts'
const REQUEST = 'server/authorization-request.ts'
const SCOPES = 'server/scopes.ts'

const READ_SCOPE = "  const scope = parameter(form, 'scope')\n"
const READ_REFRESH_SCOPE = 'scope ? readScopes(scope, family.grant.scopes) : family.grant.scopes'
const ISSUE_NEXT = '  const next = issueRefreshToken(family)\n'
const DENIES = "if ([request.body.decision].flat().includes('deny')) {"
const LOGIN_BUTTON = '        <button>Log in and allow</button>\n'
const CANCEL_BUTTON =
  '        <button class="quiet" name="decision" value="deny" formnovalidate>Cancel</button>\n'
const NO_EMAIL = '  if (status === 403) {\n'
const ASK = "url.searchParams.set('scope', 'profile')"

/** The messages before the resources check a scope. */
const ONE_RESOURCE: Change = [
  '}\n\n/** The same for a resource with its own scope. */\nexport type EmailInfo = {\n',
  '',
]
const NO_SCOPE_IN_RESPONSE: Change = [
  '  /** What the access token covers. Optional if that is what the client asked for. */\n  scope?: string\n',
  '',
]

export const v06: Exercise = {
  steps: [
    (draft) => {
      draft.take(PROTOCOL, ONE_RESOURCE, NO_SCOPE_IN_RESPONSE)
      for (const path of ['server/clients.ts', SCOPES, REQUEST]) draft.take(path)
    },
    (draft) => {
      draft.take(AUTHORIZE, ['    scopes: authorizationRequest.scopes,\n', ''])
      draft.take(LOGIN_PAGE)
    },
    (draft) => {
      draft.take(PROTOCOL, ONE_RESOURCE)
      for (const path of ['server/store.ts', AUTHORIZE, 'server/tokens.ts', CODE_GRANT]) {
        draft.take(path)
      }
      draft.edit(REFRESH_GRANT, [
        '{ grant: family.grant }',
        '{ grant: family.grant, scopes: family.grant.scopes }',
      ])
    },
    (draft) => {
      for (const path of [PROTOCOL, BEARER, ME]) draft.take(path)
    },
    (draft) => draft.take(REFRESH_GRANT),
    (draft) => {
      for (const path of [LOGIN, API, 'client/app.ts', 'client/routes/email.ts']) draft.take(path)
      for (const page of ['profile', 'email']) draft.take(`client/views/${page}.eta`)
    },
  ],

  mistakes: [
    {
      what: 'the server ignores an unknown scope',
      changes: {
        [REQUEST]: [
          [
            'readScopes(scope, client.scopes)',
            "[...new Set(scope.split(' '))].filter((name) => !name || client.scopes.includes(name))",
          ],
        ],
      },
      tells: 'scope-refused',
    },
    {
      what: 'a client may request every scope that the server knows',
      changes: {
        [REQUEST]: [
          ['readScopes(scope, client.scopes)', "readScopes(scope, ['profile', 'email'])"],
        ],
      },
      tells: 'scope-refused',
    },
    {
      what: 'the name of a member that every object has counts as known',
      changes: {
        [REQUEST]: [
          [
            'readScopes(scope, client.scopes)',
            "readScopes(scope, [...client.scopes, ...scope.split(' ').filter((name) => name in {})])",
          ],
        ],
      },
      tells: 'scope-refused',
    },
    {
      what: 'two spaces count as one',
      changes: { [SCOPES]: [["scope.split(' ')", 'scope.trim().split(/ +/)']] },
      tells: 'scope-form',
    },
    {
      what: 'the error description repeats the scope unescaped',
      changes: {
        [SCOPES]: [["OAuthError('invalid_scope', ", "OAuthError('invalid_scope', scope + "]],
      },
      tells: 'scope-form',
    },
    {
      what: 'the server takes the first of two scopes',
      changes: {
        [REQUEST]: [["parameter(query, 'scope')", '([query.scope].flat()[0] || undefined)']],
      },
      tells: 'scope-doubled',
    },
    {
      what: 'an empty scope is malformed',
      changes: {
        [REQUEST]: [
          [
            "parameter(query, 'scope') ?? 'profile'",
            "query.scope === '' ? ' ' : (parameter(query, 'scope') ?? 'profile')",
          ],
        ],
      },
      tells: 'good-scope',
    },
    {
      what: 'without a scope the client gets every scope it is registered for',
      changes: { [REQUEST]: [["?? 'profile'", "?? client.scopes.join(' ')"]] },
      tells: 'default-scope',
    },
    {
      what: 'the login page lists every scope of the server',
      changes: {
        [LOGIN_PAGE]: [['const scope of it.scopes', 'const scope in it.scopeMeanings']],
      },
      tells: 'scopes-shown',
    },
    {
      what: 'the login page lists only the names',
      changes: { [LOGIN_PAGE]: [[': <%= it.scopeMeanings[scope] %>', '']] },
      tells: 'scopes-shown',
    },
    {
      what: 'canceling a login needs a user name',
      changes: { [AUTHORIZE]: [[DENIES, DENIES.replace('(', '(request.body.username && ')]] },
      tells: 'cancel',
    },
    {
      what: 'the response to a canceled login has no state',
      changes: {
        [AUTHORIZE]: [
          [
            "state: soleParameter(request.query, 'state'),",
            "state: error.code === 'access_denied' ? undefined : soleParameter(request.query, 'state'),",
          ],
        ],
      },
      tells: 'cancel',
    },
    {
      what: 'the Cancel button asks for a password first',
      changes: { [LOGIN_PAGE]: [[' formnovalidate', '']] },
      tells: 'cancel-button',
    },
    {
      what: 'Enter cancels',
      changes: { [LOGIN_PAGE]: [[LOGIN_BUTTON + CANCEL_BUTTON, CANCEL_BUTTON + LOGIN_BUTTON]] },
      tells: 'cancel-button',
    },
    {
      what: 'a token covers every scope its client is registered for',
      changes: { [CODE_GRANT]: [['scopes: grant.scopes', 'scopes: client.scopes']] },
      tells: 'token-scope',
    },
    {
      what: "the token response doesn't say what the token covers",
      changes: { 'server/tokens.ts': [["    scope: token.scopes.join(' '),\n", '']] },
      tells: 'token-scope',
    },
    {
      what: 'the server sorts the scopes',
      changes: {
        [SCOPES]: [["[...new Set(scope.split(' '))]", "[...new Set(scope.split(' '))].sort()"]],
      },
      tells: 'scope-order',
    },
    {
      what: 'the server returns the scopes in the order of the registration',
      changes: {
        [SCOPES]: [['return scopes\n', 'return allowed.filter((name) => scopes.includes(name))\n']],
      },
      tells: 'scope-order',
    },
    {
      what: 'a name listed twice stays twice',
      changes: { [SCOPES]: [["[...new Set(scope.split(' '))]", "scope.split(' ')"]] },
      tells: 'scope-order',
    },
    {
      what: '/api/me still returns the email',
      changes: { [ME]: [['    return { user_id, username }', '    return grant.user']] },
      tells: 'me-without-email',
    },
    {
      what: '/api/email requires the scope profile',
      changes: { [ME]: [["findAccessToken, 'email')", "findAccessToken, 'profile')"]] },
      tells: 'email-with-scope',
    },
    {
      what: "the resources don't check the scope of a token",
      changes: {
        [BEARER]: [['if (!issued.scopes.includes(scope)) {', 'if (scope === undefined) {']],
      },
      tells: 'insufficient-scope',
    },
    {
      what: 'a token without the scope gets 401',
      changes: { [BEARER]: [['reply.code(403)', 'reply.code(401)']] },
      tells: 'insufficient-scope',
    },
    {
      what: "the 403 doesn't say which scope is missing",
      changes: {
        [BEARER]: [
          ['    reply.code(403)\n', '    return reply.code(403).send({ error: error.code })\n'],
        ],
      },
      tells: 'challenge-scope',
    },
    {
      what: 'an empty scope in a refresh is malformed',
      changes: {
        [REFRESH_GRANT]: [
          ['const scopes = scope ?', "const scopes = scope || form.scope === '' ?"],
          ['readScopes(scope,', "readScopes(scope ?? '',"],
        ],
      },
      tells: 'refresh-keeps',
    },
    {
      what: 'a refresh ignores the scope',
      changes: { [REFRESH_GRANT]: [[READ_REFRESH_SCOPE, 'family.grant.scopes']] },
      tells: 'refresh-less',
    },
    {
      what: 'a refresh for less narrows the login permanently',
      changes: {
        [REFRESH_GRANT]: [[ISSUE_NEXT, `  family.grant.scopes = scopes\n${ISSUE_NEXT}`]],
      },
      tells: 'refresh-whole',
    },
    {
      what: 'a refresh may request every scope the client is registered for',
      changes: {
        [REFRESH_GRANT]: [
          ['readScopes(scope, family.grant.scopes)', 'readScopes(scope, client.scopes)'],
        ],
      },
      tells: 'refresh-not-more',
    },
    {
      what: 'invalid_scope uses up the refresh token',
      changes: {
        [REFRESH_GRANT]: [
          [ISSUE_NEXT, ''],
          ['  // RFC 6749 section 6: no more', `${ISSUE_NEXT}  // RFC 6749 section 6: no more`],
        ],
      },
      tells: 'refresh-unused',
    },
    {
      what: 'the server reads the scope of a refresh after its token',
      changes: {
        [REFRESH_GRANT]: [
          [READ_SCOPE, ''],
          ['  // RFC 6749 section 6: no more', `${READ_SCOPE}  // RFC 6749 section 6: no more`],
        ],
      },
      tells: 'refresh-doubled',
    },
    {
      what: 'the server checks the scope of a refresh before its token',
      changes: {
        [REFRESH_GRANT]: [
          [READ_SCOPE, `${READ_SCOPE}  if (scope) readScopes(scope, client.scopes)\n`],
        ],
      },
      tells: 'reuse-still',
    },
    {
      what: 'the client requests more than it needs',
      changes: { [LOGIN]: [[ASK, ASK.replace('profile', 'profile email')]] },
      tells: 'asks-profile',
    },
    {
      what: "the client requests a scope that the server doesn't know",
      changes: { [LOGIN]: [[ASK, ASK.replace('profile', 'openid profile')]] },
      tells: 'asks-profile',
    },
    {
      what: 'the profile still needs an email',
      changes: {
        [API]: [
          ['const { user_id, username } = body', 'const { user_id, username, email } = body'],
          ['[user_id, username].every', '[user_id, username, email].every'],
        ],
      },
      tells: 'profile-without-email',
    },
    {
      what: 'a 403 counts as nonsense',
      changes: { [API]: [[NO_EMAIL, '  if (status === 0) {\n']] },
      tells: 'email-403',
    },
    {
      what: 'a 403 sends the browser to another login',
      changes: {
        'client/routes/email.ts': [
          ['async (request, reply) => {\n', 'async (request, reply) => {\n    try {\n'],
          [
            "    return reply.view('email.eta', { email })\n",
            "    return reply.view('email.eta', { email })\n    } catch (error) {\n      if (error.status === 403) return reply.redirect('/login')\n      throw error\n    }\n",
          ],
        ],
      },
      tells: 'email-403',
    },
    {
      what: 'the client forgets the tokens after a 403',
      changes: { [API]: [[NO_EMAIL, `${NO_EMAIL}    delete session.tokens\n`]] },
      tells: 'keeps-tokens',
    },
    {
      what: 'a 403 makes the client refresh its tokens',
      changes: {
        'client/token-manager.ts': [
          ['response.status !== 401', '![401, 403].includes(response.status)'],
        ],
      },
      tells: 'keeps-tokens',
    },
    {
      what: 'the page shows whatever /api/email returns',
      changes: { [API]: [["status !== 200 || typeof email !== 'string'", 'status !== 200']] },
      tells: 'email-nonsense',
    },
  ],
}
