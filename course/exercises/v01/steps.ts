import { change, type Draft, part } from '../draft.ts'
import { type Exercise, mistake } from '../exercise-start.ts'

const PAGE_ERROR = `import { PageError } from '@oauth-lab/shared/page-error.ts'\n`
const REQUEST = 'server/authorization-request.ts'
const AUTHORIZE = 'server/routes/authorize.ts'
const RESPONSE = 'server/authorization-response.ts'
const TOKEN = 'server/routes/token.ts'
const CODE_GRANT = 'server/grants/authorization-code.ts'
const TOKEN_REQUEST = 'client/token-request.ts'
const STRICT = '"extends": "../../tsconfig.base.json",\n'
const LENIENT = `${STRICT}  "compilerOptions": { "noUnusedLocals": false, "noUnusedParameters": false },\n`
/** The body of readAuthorizationRequest, before it turns errors into redirects. */
const NO_CATCH = `  const { client, redirect_uri } = verifyRedirectUri(query, clients)
  return readParameters(query, client, redirect_uri)
`

export const v01: Exercise = {
  skeleton(draft) {
    empty(draft, 'client/routes/home.ts', { homeRoute: route(1, 'homeRoute', "app.get('/'") })
    empty(draft, 'client/routes/login.ts', {
      loginRoute: route(1, 'loginRoute', "app.get('/login'"),
    })
    empty(draft, REQUEST, {
      readAuthorizationRequest: notWritten(2, 'readAuthorizationRequest'),
      readParameters: notWritten(3, 'readParameters'),
      verifyRedirectUri: notWritten(2, 'verifyRedirectUri'),
    })
    const get = route(2, 'GET /authorize', "app.get('/authorize'")
    const post = route(4, 'POST /authorize', "app.post('/authorize'")
    empty(draft, AUTHORIZE, {
      authorizeRoutes: `${get}\n${post}`,
      sendCode: notWritten(4, 'sendCode'),
    })
    empty(draft, 'client/routes/callback.ts', {
      callbackRoute: route(6, 'callbackRoute', "app.get('/callback'"),
    })
    empty(draft, TOKEN, { tokenRoute: route(7, 'tokenRoute', "app.post('/token'") })
    empty(draft, 'server/client-auth.ts', {
      authenticateClient: notWritten(8, 'authenticateClient'),
    })
    empty(draft, CODE_GRANT, {
      authorizationCodeGrant: notWritten(9, 'authorizationCodeGrant'),
    })
    empty(draft, 'server/tokens.ts', {
      issueAccessToken: notWritten(9, 'issueAccessToken'),
    })
    empty(draft, TOKEN_REQUEST, { requestToken: notWritten(10, 'requestToken') })
    draft.edit('tsconfig.json', [STRICT, LENIENT])
  },

  steps: [
    (draft) => {
      draft.take('client/routes/home.ts')
      draft.take('client/routes/login.ts')
    },
    (draft) => {
      empty(draft, REQUEST, {
        readAuthorizationRequest: NO_CATCH,
        readParameters: notWritten(3, 'readParameters'),
      })
      const get = part(draft.final(AUTHORIZE), '  app.get<', '\n  // The form posts')
      draft.edit(AUTHORIZE, [route(2, 'GET /authorize', "app.get('/authorize'"), get])
    },
    (draft) => empty(draft, REQUEST, { readAuthorizationRequest: NO_CATCH }),
    (draft) => draft.take(AUTHORIZE, [errorHandlerOf(draft, AUTHORIZE), '']),
    (draft) => {
      draft.take(REQUEST)
      draft.take(AUTHORIZE)
    },
    (draft) => draft.take('client/routes/callback.ts'),
    (draft) =>
      draft.take(
        TOKEN,
        [
          part(draft.final(TOKEN), '      const client = authenticateClient(', '      const grant'),
          '',
        ],
        [dispatchOf(draft), ''],
        ['      const grant_type = requiredParameter(', '      requiredParameter('],
        [part(draft.final(TOKEN), '    if (error.code ===', '    const response'), ''],
      ),
    (draft) => {
      draft.take('server/client-auth.ts')
      draft.take(
        TOKEN,
        [dispatchOf(draft), ''],
        ['      const client = authenticateClient(', '      authenticateClient('],
        ['      const grant_type = requiredParameter(', '      requiredParameter('],
      )
    },
    (draft) => {
      for (const path of [TOKEN, CODE_GRANT, 'server/tokens.ts']) draft.take(path)
    },
    (draft) =>
      draft.take(TOKEN_REQUEST, [
        part(draft.final(TOKEN_REQUEST), '  if ((status === 400', '  if (status !== 200'),
        '',
      ]),
    (draft) => {
      draft.take(TOKEN_REQUEST)
      draft.take('tsconfig.json')
    },
  ],

  mistakes: [
    mistake('redirect-uri', 'the server compares only the start of the redirect URI', [
      REQUEST,
      'redirect_uris.includes(redirect_uri)',
      'redirect_uris.some((uri) => redirect_uri.startsWith(uri))',
    ]),
    mistake(
      'unknown-client',
      'the server also redirects errors from before it verified the redirect URI',
      [
        REQUEST,
        '  const { client, redirect_uri } = verifyRedirectUri(query, clients)\n  try {\n',
        '  const sentTo = String(query.redirect_uri)\n  try {\n    const { client, redirect_uri } = verifyRedirectUri(query, clients)\n',
      ],
      [
        REQUEST,
        'new AuthorizationError(redirect_uri, error)',
        'new AuthorizationError(sentTo, error)',
      ],
    ),
    mistake('code', 'a 307 makes the browser post the password to the client', [
      RESPONSE,
      'reply.redirect(url.href, 303)',
      'reply.redirect(url.href, 307)',
    ]),
    mistake(
      'redirect-query',
      'the server appends the query of the redirect as text',
      [
        RESPONSE,
        'return reply.redirect(url.href, 303)',
        `return reply.redirect(\`\${redirectUri}?\${url.searchParams}\`, 303)`,
      ],
      [RESPONSE, 'const url = new URL(redirectUri)', "const url = new URL('http://localhost')"],
    ),
    mistake(
      'request-checked-again',
      "the server doesn't check the request again when the form is posted",
      [
        AUTHORIZE,
        'const authorizationRequest = readAuthorizationRequest(request.query, clients)\n      if',
        'const authorizationRequest = request.query as AuthorizationRequest\n      if',
      ],
    ),
    mistake('wrong-password', 'a wrong password gets a 200', [
      AUTHORIZE,
      'reply.code(401)',
      'reply.code(200)',
    ]),
    mistake('wrong-password', 'a wrong password gets the form again without a word', [
      AUTHORIZE,
      'authorizationRequest, message, username)',
      'authorizationRequest)',
    ]),
    mistake('wrong-password', 'a request without a form gets a 200', [
      AUTHORIZE,
      'showLogin(reply.code(400)',
      'showLogin(reply.code(200)',
    ]),
    mistake('fresh-code', 'a user gets the same code at every login', [
      AUTHORIZE,
      'const code = randomToken()',
      'const code = user.user_id.repeat(8)',
    ]),
    mistake(
      'error-redirect',
      'the server shows the error about the response type on its own page',
      [AUTHORIZE, 'if (!(error instanceof AuthorizationError)) throw error', 'throw error'],
    ),
    mistake('callback-escapes', "the page shows the URL's error parameter unescaped", [
      'client/routes/callback.ts',
      "throw new PageError(400, error, description ?? 'The server gave no reason.', startAgain)",
      `return reply.code(400).type('text/html').send(\`<h1>\${error}</h1><p>\${description}</p><a href="/login">Again</a>\`)`,
    ]),
    mistake('code-once', 'a code works more than once', [
      CODE_GRANT,
      '  store.codes.delete(code)\n',
      '',
    ]),
    mistake(
      'code-not-used-by-others',
      'the server marks the code as used before it knows whose it is',
      [CODE_GRANT, '  store.codes.delete(code)\n', ''],
      [
        CODE_GRANT,
        'const issuedCode = store.codes.get(code)\n',
        'const issuedCode = store.codes.get(code)\n  store.codes.delete(code)\n',
      ],
    ),
    mistake('code-client', "the server doesn't check which client the code belongs to", [
      CODE_GRANT,
      ' || issuedCode.grant.client_id !== client.client_id',
      '',
    ]),
    mistake('code-redirect-uri', "the token endpoint doesn't compare the redirect URI", [
      CODE_GRANT,
      'issuedCode.redirect_uri !== redirect_uri',
      "redirect_uri === ''",
    ]),
    mistake(
      'code-redirect-uri',
      "the token request doesn't need a redirect URI",
      [CODE_GRANT, "requiredParameter(form, 'redirect_uri')", 'form.redirect_uri'],
      [
        CODE_GRANT,
        'issuedCode.redirect_uri !== redirect_uri',
        '![issuedCode.redirect_uri, undefined].includes(redirect_uri)',
      ],
    ),
    mistake(
      'code-redirect-uri',
      'a wrong redirect URI leaves the code as it is',
      [CODE_GRANT, '  store.codes.delete(code)\n', ''],
      [
        CODE_GRANT,
        '  return issueAccessToken(',
        '  store.codes.delete(code)\n  return issueAccessToken(',
      ],
    ),
    mistake('grant-type', 'a missing grant type counts as an unknown one', [
      TOKEN,
      "requiredParameter(form, 'grant_type')",
      'form.grant_type',
    ]),
    mistake('wrong-secret', 'the challenge of the token endpoint has no realm', [
      TOKEN,
      `'Basic realm="oauth-lab"'`,
      `'Basic'`,
    ]),
    mistake('code-expires', 'expires_in is rounded down', [
      'server/tokens.ts',
      'Math.ceil(',
      'Math.floor(',
    ]),
    mistake('refusal', 'the client takes a 401 of the token endpoint for nonsense', [
      TOKEN_REQUEST,
      '(status === 400 || status === 401)',
      'status === 400',
    ]),
    mistake('code-expires', 'the lifetime of a code is a thousand times too long', [
      AUTHORIZE,
      'store.codeTtl)',
      'store.codeTtl * 1000)',
    ]),
    mistake('token', 'the lifetime of a code is a thousand times too short', [
      AUTHORIZE,
      'store.codeTtl)',
      'store.codeTtl / 1000)',
    ]),
    mistake('token', 'expires_in is in milliseconds', [
      'server/tokens.ts',
      'Math.ceil(store.accessTokenTtl)',
      'store.accessTokenTtl * 1000',
    ]),
    mistake('wrong-secret', 'the server accepts a wrong secret', [
      'server/client-auth.ts',
      'client === undefined || !right',
      'client === undefined',
    ]),
    mistake('exchange', 'the client sends a different redirect URI to the token endpoint', [
      'client/routes/callback.ts',
      '/callback`,\n',
      '/callback/`,\n',
    ]),
    mistake('login-without-secret', 'the client sends its secret through the browser', [
      'client/routes/login.ts',
      "url.searchParams.set('client_id', config.clientId)",
      "url.searchParams.set('client_id', config.clientId)\n    url.searchParams.set('client_secret', config.clientSecret)",
    ]),
    mistake('exchange', 'the token request has no content type', [
      TOKEN_REQUEST,
      "      'content-type': 'application/x-www-form-urlencoded',\n",
      '',
    ]),
    mistake('exchange', 'the token request has no client secret', [
      TOKEN_REQUEST,
      'basicAuthorization(config.clientId, config.clientSecret)',
      "basicAuthorization(config.clientId, '')",
    ]),
    mistake('exchange', 'the token request has no code', [
      'client/routes/callback.ts',
      '      code,\n',
      "      code: '',\n",
    ]),
    mistake('login', "the client doesn't redirect the browser", [
      'client/routes/login.ts',
      'reply.redirect(url.href, 302)',
      'reply.send(url.href)',
    ]),
    mistake('one-method', 'the server ignores a secret in the body if there is one in the header', [
      'server/client-auth.ts',
      'inHeader !== undefined && inBody.client_secret',
      "inHeader?.client_id === '' && inBody.client_secret",
    ]),
    mistake('wrong-secret', "the server doesn't compare a secret in the body", [
      'server/client-auth.ts',
      'client === undefined || !right',
      'client === undefined || (!right && inHeader)',
    ]),
    mistake('result', 'the page shows the code unescaped', [
      'client/views/callback.eta',
      '<%= it.code %>',
      '<%~ it.code %>',
    ]),
    mistake(
      'wrong-password',
      "an unknown user name doesn't get the same response as a wrong password",
      [
        AUTHORIZE,
        'const user = authenticateUser(username, password)\n',
        "if (username === 'nobody') return reply.code(404).send()\n      const user = authenticateUser(username, password)\n",
      ],
    ),
  ],
}

/** Replaces the bodies of some functions of a file, and keeps everything else. */
function empty(draft: Draft, path: string, bodies: Record<string, string>): void {
  const changes = Object.entries(bodies).map(([name, body]) => {
    const declaration = part(draft.final(path), `function ${name}(`, '\n}\n')
    // Each parameter may have its own line: the body starts after the line that ends them.
    const head = /^[\s\S]*?\{\n(?= {2}\S)(?! {2}\w+: .*\n\})/.exec(declaration)?.[0] ?? ''
    return [declaration, head + body.trimEnd()] as const
  })
  const text = change(path, draft.final(path), changes)
  draft.write(path, text.includes(PAGE_ERROR) ? text : withImport(text))
}

function route(step: number, name: string, start: string): string {
  return `  ${start}, async () => {\n  ${notWritten(step, name)}  })\n`
}

function notWritten(step: number, name: string): string {
  return `  throw new PageError(501, 'Not written yet', 'Step ${step} of the exercise: ${name}.')\n`
}

/** Imports are sorted by their paths. */
function withImport(text: string): string {
  const lines = text.split('\n')
  const later = (line: string) => {
    const path = /^(?:import|\}) .*from '(.+)'$/.exec(line)?.[1]
    return (
      path !== undefined && line.startsWith('import') && path > '@oauth-lab/shared/page-error.ts'
    )
  }
  lines.splice(lines.findIndex(later), 0, PAGE_ERROR.trimEnd())
  return lines.join('\n')
}

function errorHandlerOf(draft: Draft, path: string): string {
  return part(
    draft.final(path),
    '\n  // RFC 6749 section 4.1.2.1\n  app.setErrorHandler',
    '}\n\nfunction',
  )
}

function dispatchOf(draft: Draft): string {
  return part(draft.final(TOKEN), "      if (grant_type === 'auth", '      throw new OAuth')
}
