import { type Change, type Draft, part } from '../draft.ts'
import { type Exercise, mistake } from '../exercise-start.ts'

const AUTHORIZE = 'server/routes/authorize.ts'
const CLI_API = 'cli/api.ts'
const CLIENTS = 'server/clients.ts'
const CLIENT_AUTH = 'server/client-auth.ts'
const CODE_GRANT = 'server/grants/authorization-code.ts'
const LOGIN = 'cli/login.ts'
const LOOPBACK = 'cli/loopback.ts'
const MAIN = 'cli/main.ts'
const PACKAGE = 'package.json'
const PROTOCOL = 'protocol.ts'
const REQUEST = 'server/authorization-request.ts'

const IF_PUBLIC = 'if (client !== undefined && client.client_secret === undefined) {'
const IF_BARE = 'if (inHeader === undefined && client_secret === undefined) return client'
const SENT_ONE =
  "throw new OAuthError('invalid_client', 'This client has no secret, so it must not send one')"
const RIGHT = "const right = sameSecret(client_secret ?? '', client?.client_secret ?? '')"
const URI = "redirect_uris: ['http://127.0.0.1/callback'],\n"
const GRANTS = "      grant_types: ['authorization_code', 'refresh_token'],\n"
const SCOPES = "      scopes: ['profile', 'email'],\n"
const PORT = '([1-9]\\d{0,4})'
const HOST = '^http:\\/\\/127\\.0\\.0\\.1:'
const MAY_VARY = 'client.client_secret === undefined && port <= 65_535'
const WITHOUT_PORT = `mayVary ? redirect_uri.replace(\`:${'$'}{port}/\`, '/') : redirect_uri`
const IF_UNREGISTERED = 'if (!client.redirect_uris.includes(withoutPort)) {'
const ASKED = 'filter((scope) => isPublic || !allowed.has(scope))'
const ALLOWED_BEFORE = '(allowed.has(scope) && !isPublic)'
const REMEMBER = 'for (const scope of scopes) allowed.add(scope)'

const CHALLENGE = "createHash('sha256').update(code_verifier).digest('base64url')"
const WAIT = 'await Promise.race([arrival, interrupted]).finally(stop)'
const IF_ERROR = `if (error !== undefined) throw new Error(\`The server rejected the login: ${'$'}{error}.\`)`
const REDEEM_END = '  } satisfies AccessTokenRequest)'
const TOKEN_OR = 'tokens.refresh_token || tokens.access_token'
const REVOCATION = '{ client_id, token } satisfies RevocationRequest'
const ARRIVAL = 'new Promise<Parameters>((resolve) => {'
const IF_WRONG = "if (!sameSecret(soleParameter(query, 'state') ?? '', expected)) {"
const THROW_WRONG = "throw new PageError(400, 'Wrong state'"
const ROUTE = "app.get('/callback', { exposeHeadRoute: false }, "
const SEND = '.send(DONE)'
const STOP = 'app.server.close().closeAllConnections()'
const IF_OPEN = "if (!values['no-open']) "
const OPEN = `${IF_OPEN}open(url).catch(() => undefined)`
const TRY = '  try {\n    const username'
const FINALLY = '  } finally {\n    await revokeTokens(config, tokens)\n  }\n'
const PRINT = `console.log(oneLine(\`Logged in as ${'$'}{username}\`))`
const IF_NAME = "if (status === 200 && typeof body.username === 'string') return body.username"

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

export const v14: Exercise = {
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

  mistakes: [
    mistake('secret-still', 'a client that sends no secret needs none', [
      CLIENT_AUTH,
      IF_PUBLIC,
      'if (client !== undefined && (client.client_secret === undefined || (!inHeader && !client_secret))) {',
    ]),
    mistake('secret-still', 'an unknown client has no secret, so it needs none', [
      CLIENT_AUTH,
      IF_PUBLIC,
      "if (client?.client_secret === undefined) {\n    if (client_id && !client) return { client_id, redirect_uris: [], grant_types: ['client_credentials'], scopes: ['profile'] }",
    ]),
    mistake('secret-still', 'an empty secret is right for every client', [
      CLIENT_AUTH,
      RIGHT,
      RIGHT.replace('= ', '= !client_secret || '),
    ]),
    mistake('cli-named', 'lab-cli may not refresh', [
      CLIENTS,
      URI + GRANTS,
      URI + GRANTS.replace(", 'refresh_token'", ''),
    ]),
    mistake('cli-named', 'lab-cli may not ask for email', [
      CLIENTS,
      URI + GRANTS + SCOPES,
      URI + GRANTS + SCOPES.replace(", 'email'", ''),
    ]),
    mistake('cli-named', 'what was allowed to lab-cli is not remembered at all', [
      AUTHORIZE,
      REMEMBER,
      `if (!isPublic) ${REMEMBER}`,
    ]),
    mistake('cli-secret', 'a secret that nobody needs does no harm', [
      CLIENT_AUTH,
      IF_BARE,
      'if (inHeader === undefined) return client',
    ]),
    mistake('cli-secret', 'an empty secret is one, too', [
      CLIENT_AUTH,
      'client_secret === undefined) return client',
      'form.client_secret === undefined) return client',
    ]),
    mistake('cli-basic', 'an empty secret in a header is none', [
      CLIENT_AUTH,
      IF_BARE,
      'if (!client_secret) return client',
    ]),
    mistake('cli-basic', 'the secret is optional, and that is all', [
      CLIENT_AUTH,
      `  ${IF_PUBLIC}\n    ${IF_BARE}\n    ${SENT_ONE}\n  }\n`,
      '',
    ]),
    mistake('cli-no-own', 'lab-cli may use every grant', [
      CLIENTS,
      URI + GRANTS,
      URI + GRANTS.replace(']', ", 'client_credentials']"),
    ]),
    mistake('cli-no-own', 'lab-cli may ask for the statistics', [
      CLIENTS,
      URI + GRANTS + SCOPES,
      URI + GRANTS + SCOPES.replace(']', ", 'stats:read']"),
    ]),
    mistake('port-any', 'a port has four digits at most', [REQUEST, PORT, '([1-9]\\d{0,3})']),
    mistake('port-any', 'the ports below 1024 are left out', [
      REQUEST,
      MAY_VARY,
      `${MAY_VARY} && port >= 1_024`,
    ]),
    mistake(
      'port-exact',
      'a port may be any number',
      [REQUEST, PORT, '([1-9]\\d*)'],
      [REQUEST, MAY_VARY, 'client.client_secret === undefined && port > 0'],
    ),
    mistake('port-exact', '0 is a port, too', [REQUEST, PORT, '(\\d{1,5})']),
    mistake(
      'port-exact',
      'localhost is as good',
      [REQUEST, HOST, '^http:\\/\\/(?:127\\.0\\.0\\.1|localhost):'],
      [
        REQUEST,
        WITHOUT_PORT,
        WITHOUT_PORT.replace("'/')", "'/').replace('localhost', '127.0.0.1')"),
      ],
    ),
    mistake('port-exact', 'any host will do, as long as the path is right', [
      REQUEST,
      IF_UNREGISTERED,
      "const isLoose = client.client_secret === undefined && URL.canParse(redirect_uri) && new URL(redirect_uri).pathname === '/callback'\n  if (!isLoose && !client.redirect_uris.includes(withoutPort)) {",
    ]),
    mistake('port-exact', 'the start of the redirect URI decides', [
      REQUEST,
      IF_UNREGISTERED,
      'if (!client.redirect_uris.some((one) => withoutPort.startsWith(one))) {',
    ]),
    mistake(
      'port-exact',
      'the pattern may fit anywhere',
      [
        REQUEST,
        `${HOST}${PORT}\\//.exec(redirect_uri)`,
        `${HOST.slice(1)}${PORT}\\/callback$/m.exec(redirect_uri)`,
      ],
      [REQUEST, IF_UNREGISTERED, 'if (!mayVary && !client.redirect_uris.includes(withoutPort)) {'],
    ),
    mistake('port-exact', 'the redirect URI is parsed before it is compared', [
      REQUEST,
      WITHOUT_PORT,
      "client.client_secret === undefined && URL.canParse(redirect_uri) ? Object.assign(new URL(redirect_uri), { port: '' }).href : redirect_uri",
    ]),
    mistake('port-others', 'the port may vary for every client', [
      REQUEST,
      MAY_VARY,
      'port <= 65_535',
    ]),
    mistake('port-same', 'the token request may have another port', [
      CODE_GRANT,
      'if (issuedCode.redirect_uri !== redirect_uri) {',
      "const [one, other] = [issuedCode.redirect_uri, redirect_uri].map((uri) => uri.replace(/:\\d+/, ''))\n  if (one !== other) {",
    ]),
    mistake('port-same', 'the default port may be written or left out', [
      CODE_GRANT,
      'if (issuedCode.redirect_uri !== redirect_uri) {',
      'if (new URL(issuedCode.redirect_uri).href !== new URL(redirect_uri).href) {',
    ]),
    mistake('consent-each-time', 'lab-cli is remembered as all others are', [
      AUTHORIZE,
      ASKED,
      'filter((scope) => !allowed.has(scope))',
    ]),
    mistake('consent-each-time', 'nobody asks for lab-cli: it has what it wants', [
      AUTHORIZE,
      `const asked = authorizationRequest.scopes.${ASKED}`,
      'if (isPublic) for (const scope of authorizationRequest.scopes) allowed.add(scope)\n    const asked = authorizationRequest.scopes.filter((scope) => !allowed.has(scope))',
    ]),
    mistake('consent-each-time', 'the page comes each time, with boxes for what is new', [
      AUTHORIZE,
      'if (asked.length === 0) return sendCode',
      'if (asked.length > 0 && isPublic && allowed.size > 0) asked.splice(1)\n    if (asked.length === 0) return sendCode',
    ]),
    mistake('consent-ticked', 'what was allowed before is added to what is ticked', [
      AUTHORIZE,
      ALLOWED_BEFORE,
      'allowed.has(scope)',
    ]),
    mistake('consent-ticked', 'whatever is ticked, the code is for all', [
      AUTHORIZE,
      ALLOWED_BEFORE,
      '(allowed.has(scope) !== isPublic)',
    ]),
    mistake('consent-others', 'every client is asked each time', [
      AUTHORIZE,
      ASKED,
      'filter(() => true)',
    ]),
    mistake('cli-asks', 'it asks for more than it needs', [
      LOGIN,
      "scope: 'profile'",
      "scope: 'profile email'",
    ]),
    mistake('cli-asks', 'the state is always the same', [
      LOGIN,
      'const state = randomToken()',
      "const state = 'the-state-of-the-command-line-app-of-the-lab'",
    ]),
    mistake('cli-asks', 'the port is written into the code', [LOOPBACK, 'port: 0', 'port: 50_123']),
    mistake('cli-asks', 'the redirect URI has localhost in it', [
      LOOPBACK,
      '{origin}/callback',
      "{origin.replace('127.0.0.1', 'localhost')}/callback",
    ]),
    mistake('cli-asks', 'npm knows nothing of the CLI', [
      PACKAGE,
      '    "cli": "tsx cli/main.ts",\n',
      '',
    ]),
    mistake('cli-listens', 'it listens on every address', [
      LOOPBACK,
      "host: '127.0.0.1'",
      "host: '0.0.0.0'",
    ]),
    mistake('cli-option', 'options that it does not know are ignored', [
      MAIN,
      "type: 'boolean' } }",
      "type: 'boolean' } }, strict: false",
    ]),
    mistake('cli-option', 'a browser opens in any case', [MAIN, IF_OPEN, '']),
    mistake('cli-option', 'no browser opens at all', [MAIN, OPEN, 'void open']),
    mistake('cli-in-time', 'it waits for ever', [LOGIN, WAIT, 'await arrival.finally(stop)']),
    mistake('cli-in-time', 'it waits for a minute', [MAIN, 'minutes: 5', 'minutes: 1']),
    mistake('cli-state', 'the state is not looked at', [
      LOOPBACK,
      IF_WRONG,
      "if (expected === '') {",
    ]),
    mistake(
      'cli-state',
      'a response with a wrong state ends the wait',
      [LOOPBACK, ARRIVAL, ARRIVAL.replace('(resolve)', '(resolve, reject)')],
      [LOOPBACK, THROW_WRONG, `reject(new Error('Wrong state.'))\n        ${THROW_WRONG}`],
    ),
    mistake('cli-state', 'one of two states has to be right', [
      LOOPBACK,
      IF_WRONG,
      "if (![query.state].flat().some((one) => sameSecret(one ?? '', expected))) {",
    ]),
    mistake('cli-state', 'an error needs no state', [
      LOOPBACK,
      IF_WRONG,
      IF_WRONG.replace('(!', '(!query.error && !'),
    ]),
    mistake('cli-elsewhere', 'HEAD counts as the response', [
      LOOPBACK,
      ROUTE,
      "app.get('/callback', ",
    ]),
    mistake('cli-elsewhere', 'any path will do', [
      LOOPBACK,
      ROUTE,
      ROUTE.replace('/callback', '*'),
    ]),
    mistake('cli-elsewhere', 'any method will do', [LOOPBACK, ROUTE, "app.all('/callback', "]),
    mistake('cli-page', 'the page says nothing of what to do', [
      LOOPBACK,
      'You can close this page.',
      'Done.',
    ]),
    mistake('cli-page', 'the page wants a style sheet', [
      LOOPBACK,
      '<title>Done</title>',
      '<title>Done</title><link rel="stylesheet" href="/style.css">',
    ]),
    mistake('cli-page', 'the page shows the code', [LOOPBACK, SEND, '.send(DONE + query.code)']),
    mistake('cli-page', 'the page may be cached', [
      LOOPBACK,
      SEND,
      ".header('cache-control', 'max-age=60').send(DONE)",
    ]),
    mistake('cli-stops', 'it waits for the end of every connection', [
      LOOPBACK,
      STOP,
      'app.close()',
    ]),
    mistake('cli-stops', 'it leaves connections open', [LOOPBACK, STOP, 'app.server.close()']),
    mistake('cli-stops', 'it listens until it ends', [
      LOOPBACK,
      `const stop = () => ${STOP}`,
      'const stop = () => app.server.unref()',
    ]),
    mistake('cli-denied', 'an error is not looked at', [LOGIN, IF_ERROR, 'void error']),
    mistake('cli-denied', 'the line does not say which error it was', [
      LOGIN,
      IF_ERROR,
      "if (error !== undefined) throw new Error('The server rejected the login.')",
    ]),
    mistake('cli-denied', 'a no of the user is no failure', [
      LOGIN,
      IF_ERROR,
      'if (error !== undefined) {\n    console.error(error)\n    process.exit(0)\n  }',
    ]),
    mistake('cli-redeems', 'the app has a secret in its code', [
      LOGIN,
      REDEEM_END,
      `    client_secret: 'lab-cli-secret',\n${REDEEM_END.replace('satisfies', 'as')}`,
    ]),
    mistake('cli-redeems', 'the token request does not say who asks', [
      LOGIN,
      "    grant_type: 'authorization_code',\n    client_id,\n",
      "    grant_type: 'authorization_code',\n",
    ]),
    mistake('cli-redeems', 'the port is left out of the token request', [
      LOGIN,
      '    redirect_uri,\n    code_verifier,\n',
      "    redirect_uri: 'http://127.0.0.1/callback',\n    code_verifier,\n",
    ]),
    mistake('cli-redeems', 'the challenge is the verifier', [LOGIN, CHALLENGE, 'code_verifier']),
    mistake('cli-redeems', 'the verifier is another random value', [
      LOGIN,
      '    code_verifier,\n',
      '    code_verifier: randomToken(),\n',
    ]),
    mistake('cli-prints', 'it asks the server for the name', [
      CLI_API,
      'config.apiUrl',
      'config.authServerUrl',
    ]),
    mistake('cli-prints', 'it knows who logs in', [
      MAIN,
      PRINT,
      "console.log('Logged in as User Number 0')\n    void username",
    ]),
    mistake('cli-prints', 'the name is printed on stderr', [
      MAIN,
      PRINT,
      PRINT.replace('log', 'error'),
    ]),
    mistake('cli-prints', 'a success has exit status 1', [
      MAIN,
      PRINT,
      `${PRINT}\n    process.exitCode = 1`,
    ]),
    mistake('cli-revokes', 'nobody revokes the tokens', [MAIN, FINALLY, '  } finally {\n  }\n']),
    mistake(
      'cli-revokes',
      'the tokens stay when something goes wrong',
      [MAIN, TRY, '  {\n    const username'],
      [MAIN, FINALLY, '  }\n  await revokeTokens(config, tokens)\n'],
    ),
    mistake('cli-revokes', 'only the access token is revoked', [
      LOGIN,
      TOKEN_OR,
      'tokens.access_token',
    ]),
    mistake('cli-revokes', 'without a refresh token nothing is revoked', [
      LOGIN,
      TOKEN_OR,
      "tokens.refresh_token ?? ''",
    ]),
    mistake('cli-revokes', 'the revocation request does not say who asks', [
      LOGIN,
      REVOCATION,
      '{ token }',
    ]),
    mistake('cli-silent', 'it prints the tokens', [
      MAIN,
      PRINT,
      `${PRINT}\n    console.log(tokens)`,
    ]),
    mistake('cli-silent', 'it prints the token when something goes wrong', [
      MAIN,
      FINALLY,
      `  } catch (error) {\n    throw new Error(\`${'$'}{tokens.access_token}: ${'$'}{(error as Error).message}\`)\n${FINALLY}`,
    ]),
    mistake('cli-fails', 'a failure has exit status 0', [
      MAIN,
      FINALLY,
      `  } catch (error) {\n    console.error((error as Error).message)\n${FINALLY}`,
    ]),
    mistake('cli-fails', 'a failure is an error with a stack', [
      MAIN,
      FINALLY,
      `  } catch (error) {\n    console.error(error)\n    process.exitCode = 1\n${FINALLY}`,
    ]),
    mistake('cli-fails', 'a token of any type is a Bearer token', [
      LOGIN,
      ' && /^bearer$/i.test(String(token_type))',
      '',
    ]),
    mistake('cli-fails', 'an empty token is sent all the same', [
      LOGIN,
      " && access_token !== ''",
      '',
    ]),
    mistake('cli-fails', 'a name may be missing', [
      CLI_API,
      IF_NAME,
      'if (status === 200) return String(body.username)',
    ]),
  ],
}
