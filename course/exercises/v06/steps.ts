import type { Change } from '../draft.ts'
import { type Exercise, mistake } from '../exercise-start.ts'

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
    mistake('scope-refused', 'the server ignores an unknown scope', [
      REQUEST,
      'readScopes(scope, client.scopes)',
      "[...new Set(scope.split(' '))].filter((name) => !name || client.scopes.includes(name))",
    ]),
    mistake('scope-refused', 'a client may request every scope that the server knows', [
      REQUEST,
      'readScopes(scope, client.scopes)',
      "readScopes(scope, ['profile', 'email'])",
    ]),
    mistake('scope-refused', 'the name of a member that every object has counts as known', [
      REQUEST,
      'readScopes(scope, client.scopes)',
      "readScopes(scope, [...client.scopes, ...scope.split(' ').filter((name) => name in {})])",
    ]),
    mistake('scope-form', 'two spaces count as one', [
      SCOPES,
      "scope.split(' ')",
      'scope.trim().split(/ +/)',
    ]),
    mistake('scope-form', 'the error description repeats the scope unescaped', [
      SCOPES,
      "OAuthError('invalid_scope', ",
      "OAuthError('invalid_scope', scope + ",
    ]),
    mistake('scope-doubled', 'the server takes the first of two scopes', [
      REQUEST,
      "parameter(query, 'scope')",
      '([query.scope].flat()[0] || undefined)',
    ]),
    mistake('good-scope', 'an empty scope is malformed', [
      REQUEST,
      "parameter(query, 'scope') ?? 'profile'",
      "query.scope === '' ? ' ' : (parameter(query, 'scope') ?? 'profile')",
    ]),
    mistake('default-scope', 'without a scope the client gets every scope it is registered for', [
      REQUEST,
      "?? 'profile'",
      "?? client.scopes.join(' ')",
    ]),
    mistake('scopes-shown', 'the login page lists every scope of the server', [
      LOGIN_PAGE,
      'const scope of it.scopes',
      'const scope in it.scopeMeanings',
    ]),
    mistake('scopes-shown', 'the login page lists only the names', [
      LOGIN_PAGE,
      ': <%= it.scopeMeanings[scope] %>',
      '',
    ]),
    mistake('cancel', 'canceling a login needs a user name', [
      AUTHORIZE,
      DENIES,
      DENIES.replace('(', '(request.body.username && '),
    ]),
    mistake('cancel', 'the response to a canceled login has no state', [
      AUTHORIZE,
      "state: soleParameter(request.query, 'state'),",
      "state: error.code === 'access_denied' ? undefined : soleParameter(request.query, 'state'),",
    ]),
    mistake('cancel-button', 'the Cancel button asks for a password first', [
      LOGIN_PAGE,
      ' formnovalidate',
      '',
    ]),
    mistake('cancel-button', 'Enter cancels', [
      LOGIN_PAGE,
      LOGIN_BUTTON + CANCEL_BUTTON,
      CANCEL_BUTTON + LOGIN_BUTTON,
    ]),
    mistake('token-scope', 'a token covers every scope its client is registered for', [
      CODE_GRANT,
      'scopes: grant.scopes',
      'scopes: client.scopes',
    ]),
    mistake('token-scope', "the token response doesn't say what the token covers", [
      'server/tokens.ts',
      "    scope: token.scopes.join(' '),\n",
      '',
    ]),
    mistake('scope-order', 'the server sorts the scopes', [
      SCOPES,
      "[...new Set(scope.split(' '))]",
      "[...new Set(scope.split(' '))].sort()",
    ]),
    mistake('scope-order', 'the server returns the scopes in the order of the registration', [
      SCOPES,
      'return scopes\n',
      'return allowed.filter((name) => scopes.includes(name))\n',
    ]),
    mistake('scope-order', 'a name listed twice stays twice', [
      SCOPES,
      "[...new Set(scope.split(' '))]",
      "scope.split(' ')",
    ]),
    mistake('me-without-email', '/api/me still returns the email', [
      ME,
      '    return { user_id, username }',
      '    return grant.user',
    ]),
    mistake('email-with-scope', '/api/email requires the scope profile', [
      ME,
      "findAccessToken, 'email')",
      "findAccessToken, 'profile')",
    ]),
    mistake('insufficient-scope', "the resources don't check the scope of a token", [
      BEARER,
      'if (!issued.scopes.includes(scope)) {',
      'if (scope === undefined) {',
    ]),
    mistake('insufficient-scope', 'a token without the scope gets 401', [
      BEARER,
      'reply.code(403)',
      'reply.code(401)',
    ]),
    mistake('challenge-scope', "the 403 doesn't say which scope is missing", [
      BEARER,
      '    reply.code(403)\n',
      '    return reply.code(403).send({ error: error.code })\n',
    ]),
    mistake(
      'refresh-keeps',
      'an empty scope in a refresh is malformed',
      [REFRESH_GRANT, 'const scopes = scope ?', "const scopes = scope || form.scope === '' ?"],
      [REFRESH_GRANT, 'readScopes(scope,', "readScopes(scope ?? '',"],
    ),
    mistake('refresh-less', 'a refresh ignores the scope', [
      REFRESH_GRANT,
      READ_REFRESH_SCOPE,
      'family.grant.scopes',
    ]),
    mistake('refresh-whole', 'a refresh for less narrows the login permanently', [
      REFRESH_GRANT,
      ISSUE_NEXT,
      `  family.grant.scopes = scopes\n${ISSUE_NEXT}`,
    ]),
    mistake('refresh-not-more', 'a refresh may request every scope the client is registered for', [
      REFRESH_GRANT,
      'readScopes(scope, family.grant.scopes)',
      'readScopes(scope, client.scopes)',
    ]),
    mistake(
      'refresh-unused',
      'invalid_scope uses up the refresh token',
      [REFRESH_GRANT, ISSUE_NEXT, ''],
      [
        REFRESH_GRANT,
        '  // RFC 6749 section 6: no more',
        `${ISSUE_NEXT}  // RFC 6749 section 6: no more`,
      ],
    ),
    mistake(
      'refresh-doubled',
      'the server reads the scope of a refresh after its token',
      [REFRESH_GRANT, READ_SCOPE, ''],
      [
        REFRESH_GRANT,
        '  // RFC 6749 section 6: no more',
        `${READ_SCOPE}  // RFC 6749 section 6: no more`,
      ],
    ),
    mistake('reuse-still', 'the server checks the scope of a refresh before its token', [
      REFRESH_GRANT,
      READ_SCOPE,
      `${READ_SCOPE}  if (scope) readScopes(scope, client.scopes)\n`,
    ]),
    mistake('asks-profile', 'the client requests more than it needs', [
      LOGIN,
      ASK,
      ASK.replace('profile', 'profile email'),
    ]),
    mistake('asks-profile', "the client requests a scope that the server doesn't know", [
      LOGIN,
      ASK,
      ASK.replace('profile', 'openid profile'),
    ]),
    mistake(
      'profile-without-email',
      'the profile still needs an email',
      [API, 'const { user_id, username } = body', 'const { user_id, username, email } = body'],
      [API, '[user_id, username].every', '[user_id, username, email].every'],
    ),
    mistake('email-403', 'a 403 counts as nonsense', [API, NO_EMAIL, '  if (status === 0) {\n']),
    mistake(
      'email-403',
      'a 403 sends the browser to another login',
      [
        'client/routes/email.ts',
        'async (request, reply) => {\n',
        'async (request, reply) => {\n    try {\n',
      ],
      [
        'client/routes/email.ts',
        "    return reply.view('email.eta', { email })\n",
        "    return reply.view('email.eta', { email })\n    } catch (error) {\n      if (error.status === 403) return reply.redirect('/login')\n      throw error\n    }\n",
      ],
    ),
    mistake('keeps-tokens', 'the client forgets the tokens after a 403', [
      API,
      NO_EMAIL,
      `${NO_EMAIL}    delete session.tokens\n`,
    ]),
    mistake('keeps-tokens', 'a 403 makes the client refresh its tokens', [
      'client/token-manager.ts',
      'response.status !== 401',
      '![401, 403].includes(response.status)',
    ]),
    mistake('email-nonsense', 'the page shows whatever /api/email returns', [
      API,
      "status !== 200 || typeof email !== 'string'",
      'status !== 200',
    ]),
  ],
}
