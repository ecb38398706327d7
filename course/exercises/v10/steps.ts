import { type Change, part } from '../draft.ts'
import { type Exercise, type FileChange, mistake } from '../exercise-start.ts'

const ACCOUNT = 'server/routes/account.ts'
const ACCOUNT_PAGE = 'server/views/account.eta'
const APP = 'server/app.ts'
const AUTHORIZE = 'server/routes/authorize.ts'
const HOME_PAGE = 'server/views/home.eta'
const LOGIN_PAGE = 'server/views/login.eta'
const LOGOUT = 'server/routes/logout.ts'
const SAME_ORIGIN = 'server/same-origin.ts'
const SESSION = 'server/session.ts'
const STORE = 'server/store.ts'

const NO_CLIENT = '<% if (it.client_id === undefined) { %>'
const NEW_ID = '    await request.session.regenerate()\n'
const LOGIN = 'request.session.login = { user, consents: new Map(), csrf: randomToken() }'
const WRONG_PASSWORD = "return reply.code(401).view('login.eta', { message, username })"
const SOME = '\n      .filter(({ scopes }) => scopes.size > 0)'
const IS_NOBODY = 'login === undefined ||'
const IS_WRONG = '!sameSecret(csrf, login.csrf) ||'
const DISCONNECTS = '!disconnect(store, login.user, client_id)'
const REMEMBER = '      for (const scope of scopes) allowed.add(scope)\n'
const FORGET = '  store.allowedScopes.delete(key)\n'
const END = '  allowed.clear()\n'
const HAS_ENDED = 'return grant.ended || grant.allowed.size === 0'
const CODES_END = 'codes: new ExpiringMap(100_000, hasEnded)'
const SECTION = '    // RFC 6749 section 10.12'
const LEAD_BACK = "    return reply.redirect('/account', 303)\n  })\n}\n"
const DISCONNECT = '    if (login !== undefined) disconnect(store, login.user, client_id)\n'
const SCOPE_ITEM = '<code><%= scope %></code>: <%= it.scopeMeanings[scope] %>'
const CSRF_FIELD = '        <input type="hidden" name="csrf" value="<%= it.csrf %>">\n'
const TO_ACCOUNT = "if (query === '') return reply.redirect('/account', 303)"
const HOOK = `    pages.addHook('onRequest', refuseForeignForms)\n`
const OTHER_PAGES =
  '    pages.register(authorizeRoutes, { clients, store })\n    pages.register(logoutRoute)\n'

/** The session before it has a value for its pages. */
const NO_CSRF: Change = [', csrf: randomToken() }', ' }']

/** The page before it has "Log out". */
function withoutLogout(page: string): Change {
  return [part(page, '      <form class="corner"', '      <p>You are'), '']
}

export const v10: Exercise = {
  steps: [
    (draft) => {
      for (const path of [APP, LOGIN_PAGE, HOME_PAGE]) draft.take(path)
      const text = draft.final(ACCOUNT)
      draft.take(
        ACCOUNT,
        ["import { PageError } from '@oauth-lab/shared/page-error.ts'\n", ''],
        ["import { randomToken, sameSecret } from '@oauth-lab/shared/secrets.ts'\n", ''],
        ["import { sessionHasEnded } from '@oauth-lab/shared/session.ts'\n", ''],
        ["import { scopeMeanings } from '../scopes.ts'\n", ''],
        ['allowedScopesOf, disconnect, type Store', 'type Store'],
        [part(text, '\n    const connections', "    return reply.view('account.eta'"), ''],
        ["return reply.view('account.eta', page)", "return reply.view('account.eta', login.user)"],
        NO_CSRF,
        [part(text, "\n  app.post<{ Body: Parameters | undefined }>('/account/disconnect'"), '}\n'],
      )
      const page = draft.final(ACCOUNT_PAGE)
      draft.take(ACCOUNT_PAGE, withoutLogout(page), [part(page, '<% if (it.connections'), ''])
    },
    (draft) => {
      const text = draft.final(ACCOUNT)
      draft.take(
        ACCOUNT,
        ["import { PageError } from '@oauth-lab/shared/page-error.ts'\n", ''],
        ["import { randomToken, sameSecret } from '@oauth-lab/shared/secrets.ts'\n", ''],
        ["import { sessionHasEnded } from '@oauth-lab/shared/session.ts'\n", ''],
        ['allowedScopesOf, disconnect, type Store', 'allowedScopesOf, type Store'],
        ['csrf: login.csrf, ', ''],
        NO_CSRF,
        [part(text, "\n  app.post<{ Body: Parameters | undefined }>('/account/disconnect'"), '}\n'],
      )
      const page = draft.final(ACCOUNT_PAGE)
      draft.take(
        ACCOUNT_PAGE,
        withoutLogout(page),
        [
          part(
            page,
            '      <form method="post" action="/account/disconnect"',
            '        <p><strong><%= client_id',
          ),
          '',
        ],
        [part(page, '        <p class="decision"', '<% } %>'), ''],
      )
    },
    (draft) => {
      const text = draft.final(ACCOUNT)
      draft.take(
        ACCOUNT,
        ["import { PageError } from '@oauth-lab/shared/page-error.ts'\n", ''],
        ["import { randomToken, sameSecret } from '@oauth-lab/shared/secrets.ts'\n", ''],
        ['csrf: login.csrf, ', ''],
        NO_CSRF,
        ["    const csrf = soleParameter(form, 'csrf') ?? ''\n", ''],
        [part(text, SECTION, LEAD_BACK), DISCONNECT],
      )
      const page = draft.final(ACCOUNT_PAGE)
      draft.take(ACCOUNT_PAGE, withoutLogout(page), [CSRF_FIELD, ''])
      const store = draft.final(STORE)
      draft.take(
        STORE,
        [part(store, '  /** Everything the user allows', '  /** When the user'), ''],
        [CODES_END, CODES_END.replace(', hasEnded', '')],
        [', and so ends every code and token that stands for it', ''],
        [part(store, '  // The next yes', FORGET), ''],
        [END, ''],
        [HAS_ENDED, 'return grant.ended'],
      )
    },
    (draft) => {
      draft.take(STORE)
      draft.take(AUTHORIZE, NO_CSRF)
    },
    (draft) => {
      for (const path of [SESSION, AUTHORIZE]) draft.take(path)
      draft.take(
        ACCOUNT,
        [IS_NOBODY, 'login !== undefined &&'],
        [`${IS_WRONG}\n      ${DISCONNECTS}`, IS_WRONG.replace(' ||', '')],
        [LEAD_BACK, DISCONNECT + LEAD_BACK],
      )
      draft.take(ACCOUNT_PAGE, withoutLogout(draft.final(ACCOUNT_PAGE)))
    },
    (draft) => draft.take(ACCOUNT),
    (draft) => {
      for (const path of [LOGOUT, ACCOUNT_PAGE]) draft.take(path)
    },
  ],

  mistakes: [
    mistake('login-page', 'the login page names a client that nobody knows', [
      LOGIN_PAGE,
      NO_CLIENT,
      '<% if (false) { %>',
    ]),
    mistake('login-page', 'the login page always has Cancel', [
      LOGIN_PAGE,
      '<% if (it.client_id) { %>\n        <button',
      '<% if (true) { %>\n        <button',
    ]),
    mistake('login-page', 'the login page has the user name "undefined"', [
      ACCOUNT,
      "view('login.eta', { username: '' })",
      "view('login.eta')",
    ]),
    mistake(
      'client-login-page',
      'the login page of a client is the one for users who come by themselves',
      [LOGIN_PAGE, NO_CLIENT, '<% if (true) { %>'],
    ),
    mistake('login-right', 'a login leads to the start page', [
      ACCOUNT,
      `${LOGIN}\n    return reply.redirect('/account', 303)`,
      `${LOGIN}\n    return reply.redirect('/', 303)`,
    ]),
    mistake('login-wrong', 'a wrong password leads back to the login page', [
      ACCOUNT,
      WRONG_PASSWORD,
      "return reply.redirect('/account', 303)",
    ]),
    mistake('login-wrong', 'a wrong password logs out the user who is logged in', [
      ACCOUNT,
      WRONG_PASSWORD,
      `await request.session.destroy()\n      ${WRONG_PASSWORD}`,
    ]),
    mistake('login-no-form', 'a body that is no form is a wrong password', [
      ACCOUNT,
      "reply.code(400).view('login.eta'",
      "reply.code(401).view('login.eta'",
    ]),
    mistake(
      'login-no-form',
      'the page after a body that is no form has the user name "undefined"',
      [ACCOUNT, "{ message, username: '' }", '{ message }'],
    ),
    mistake('new-id', 'a login keeps the session ID', [ACCOUNT, NEW_ID, '']),
    mistake(
      'one-session',
      'a login counts only at the account page',
      [
        ACCOUNT,
        'const { login } = request.session',
        'const login = (request.session as any).account',
      ],
      [
        ACCOUNT,
        LOGIN,
        `${LOGIN.replace(
          'request.session.login = {',
          'Object.assign(request.session, { account: {',
        )} })`,
      ],
      [
        ACCOUNT,
        'undefined : request.session.login',
        'undefined : (request.session as any).account',
      ],
    ),
    mistake(
      'foreign-login',
      'the account page is beside the hook that looks at where forms come from',
      [APP, HOOK, ''],
      [
        APP,
        OTHER_PAGES,
        `    pages.register(async (forms) => {\n  ${HOOK.replace('pages', 'forms')}${OTHER_PAGES.replaceAll('pages', 'forms')}    })\n`,
      ],
    ),
    mistake('home-link', 'the page is there, and no link leads to it', [
      HOME_PAGE,
      'href="/account"',
      'href="/"',
    ]),
    mistake('lists-nothing', 'every registered client is listed', [ACCOUNT, SOME, '']),
    mistake('lists-nothing', 'a user without apps sees an empty page', [
      ACCOUNT_PAGE,
      'No app has access to your account.',
      '',
    ]),
    mistake('lists', 'the page shows what a client may ask for, not what was allowed', [
      ACCOUNT,
      SOME,
      `${SOME}\n      .map(({ client_id }) => ({ client_id, scopes: new Set(clients.get(client_id)?.scopes) }))`,
    ]),
    mistake('lists', 'the page lists scopes by name alone', [
      ACCOUNT_PAGE,
      SCOPE_ITEM,
      '<code><%= scope %></code>',
    ]),
    mistake('lists', 'the page lists only the first client', [
      ACCOUNT,
      SOME,
      `${SOME}\n      .slice(0, 1)`,
    ]),
    mistake('lists-own', 'the page lists what anyone allowed', [
      ACCOUNT,
      SOME,
      "\n      .filter(({ client_id }) => [...store.allowedScopes].some(([key, scopes]) => key.endsWith(' ' + client_id) && scopes.size > 0))",
    ]),
    mistake('disconnect', 'a Disconnect leads to the start page', [
      ACCOUNT,
      LEAD_BACK,
      LEAD_BACK.replace('/account', '/'),
    ]),
    mistake('disconnect', 'tokens end, and the consent stays', [
      STORE,
      FORGET,
      '  store.allowedScopes.set(key, new Set(allowed))\n',
    ]),
    mistake(
      'asks-again',
      'a session remembers what its user allowed, too',
      [
        AUTHORIZE,
        '=> !allowed.has(scope))',
        '=> !allowed.has(scope) && !(login as any).yes?.includes(scope))',
      ],
      [AUTHORIZE, REMEMBER, `${REMEMBER}      Object.assign(login, { yes: scopes })\n`],
    ),
    mistake('forgets-one-app', 'a Disconnect forgets every app of the user', [
      STORE,
      END,
      `${END}  for (const [other, scopes] of store.allowedScopes) {\n    if (other.startsWith(user_id)) scopes.clear()\n  }\n`,
    ]),
    mistake('forgets-one-user', 'a Disconnect forgets the app of every user', [
      STORE,
      END,
      `${END}  for (const [other, scopes] of store.allowedScopes) {\n    if (other.endsWith(client_id)) scopes.clear()\n  }\n`,
    ]),
    mistake('ends-tokens', 'a Disconnect forgets what was allowed, and no token ends', [
      STORE,
      END,
      '',
    ]),
    mistake('ends-tokens', 'only refresh tokens end', [
      STORE,
      'accessTokens: new ExpiringMap(1_000_000, hasEnded)',
      'accessTokens: new ExpiringMap(1_000_000, ({ grant }) => grant.ended)',
    ]),
    mistake('ends-tokens', 'only access tokens end', [
      STORE,
      'families: new ExpiringMap(1_000_000, hasEnded)',
      'families: new ExpiringMap(1_000_000, ({ grant }) => grant.ended)',
    ]),
    mistake('ends-codes', 'codes live on', [STORE, CODES_END, CODES_END.replace(', hasEnded', '')]),
    mistake(
      'ends-one-app',
      'every client of the user loses its tokens',
      ...endsSince('user.user_id', 'user_id'),
    ),
    mistake(
      'ends-one-user',
      'every user of the client loses the tokens',
      ...endsSince('client_id', 'client_id'),
    ),
    mistake('starts-anew', 'a new yes goes into the old set, and revives what has ended', [
      STORE,
      FORGET,
      '',
    ]),
    mistake(
      'connects-again',
      'a client that was disconnected once never gets a token again',
      [STORE, FORGET, `${FORGET}  gone.add(key)\n`],
      [
        STORE,
        HAS_ENDED,
        "return grant.ended || gone.has(grant.user.user_id + ' ' + grant.client_id)",
      ],
      [STORE, 'function hasEnded(', 'const gone = new Set<string>()\n\nfunction hasEnded('],
    ),
    mistake('revoke-still', 'a client that revokes its login ends nothing anymore', [
      STORE,
      HAS_ENDED,
      'return grant.allowed.size === 0',
    ]),
    mistake(
      'csrf-random',
      'all sessions have the same value',
      [ACCOUNT, LOGIN, LOGIN.replace('randomToken()', "'x'.repeat(43)")],
      [AUTHORIZE, LOGIN, LOGIN.replace('randomToken()', "'x'.repeat(43)")],
    ),
    mistake(
      'csrf-random',
      'the value is the name of the user',
      [ACCOUNT, LOGIN, LOGIN.replace('randomToken()', 'user.email.padEnd(43)')],
      [AUTHORIZE, LOGIN, LOGIN.replace('randomToken()', 'user.email.padEnd(43)')],
    ),
    mistake('csrf-random', 'the value is short enough to guess', [
      ACCOUNT,
      LOGIN,
      LOGIN.replace('randomToken()', 'randomToken().slice(0, 8)'),
    ]),
    mistake('csrf-random', 'each page has a value of its own', [
      ACCOUNT,
      '    const connections',
      '    login.csrf = randomToken()\n    const connections',
    ]),
    mistake('csrf-needed', 'only a value that is there has to be right', [
      ACCOUNT,
      IS_WRONG,
      `(csrf !== '' && ${IS_WRONG.replace(' ||', ') ||')}`,
    ]),
    mistake('csrf-needed', 'nobody looks at the value', [ACCOUNT, `      ${IS_WRONG}\n`, '']),
    mistake('csrf-needed', 'the value is looked at after everything has ended', [
      ACCOUNT,
      `${IS_WRONG}\n      ${DISCONNECTS}`,
      `${DISCONNECTS} ||\n      ${IS_WRONG.replace(' ||', '')}`,
    ]),
    mistake('csrf-needed', 'of two values, one has to be right', [
      ACCOUNT,
      "const csrf = soleParameter(form, 'csrf') ?? ''",
      "const csrf = String([form.csrf].flat()[0] ?? '')",
    ]),
    mistake(
      'csrf-own',
      'the value of any session will do',
      [ACCOUNT, '  app.get(', '  const values = new Set<string>()\n  app.get('],
      [ACCOUNT, '    const connections', '    values.add(login.csrf)\n    const connections'],
      [ACCOUNT, IS_WRONG, '!values.has(csrf) ||'],
    ),
    mistake(
      'foreign-disconnect',
      'the value is thought to make the header superfluous',
      [
        SAME_ORIGIN,
        '({ method, headers }: FastifyRequest)',
        '({ method, headers, url }: FastifyRequest)',
      ],
      [
        SAME_ORIGIN,
        "method !== 'POST' ||",
        "method !== 'POST' || url === '/account/disconnect' ||",
      ],
    ),
    mistake('not-connected', 'a client that is not connected is disconnected all the same', [
      ACCOUNT,
      DISCONNECTS,
      `(${DISCONNECTS} && false)`,
    ]),
    mistake('not-connected', 'an empty set of scopes is something to take back', [
      STORE,
      'if (allowed === undefined || allowed.size === 0)',
      'if (allowed === undefined)',
    ]),
    mistake('not-connected', 'a body that is no form breaks the server', [
      ACCOUNT,
      'const form = request.body ?? {}',
      'const form = request.body as Parameters',
    ]),
    mistake('not-connected', 'without a client, everything is disconnected', [
      ACCOUNT,
      DISCONNECTS,
      `!(client_id === '' ? [...clients.keys()] : [client_id]).some((one) => disconnect(store, login.user, one))`,
    ]),
    mistake('nobody', 'someone who is not logged in is sent to the login page', [
      ACCOUNT,
      SECTION,
      `    if (login === undefined) return reply.redirect('/account', 303)\n${SECTION}`,
    ]),
    mistake('nobody', 'a logout while the form arrives does not count', [
      ACCOUNT,
      'sessionHasEnded(request) ? undefined : request.session.login',
      'request.session.login',
    ]),
    mistake('logout-button', 'the page has no way out', [
      ACCOUNT_PAGE,
      'action="/logout"',
      'action="/account"',
    ]),
    mistake(
      'logout-account',
      'a logout without a request leads to an authorization request without a client',
      [LOGOUT, TO_ACCOUNT, ''],
    ),
    mistake('logout-query', 'every logout leads to the account page', [
      LOGOUT,
      TO_ACCOUNT,
      TO_ACCOUNT.replace("if (query === '') ", ''),
    ]),
  ],
}

/** Ends every token that is older than the last Disconnect with the same value. */
function endsSince(ofGrant: string, ofDisconnect: string): FileChange[] {
  return [
    [STORE, END, `  lastDisconnect.set(${ofDisconnect}, performance.now())\n`],
    [
      STORE,
      HAS_ENDED,
      `return grant.ended || grant.authorizedAt <= (lastDisconnect.get(grant.${ofGrant}) ?? 0)`,
    ],
    [
      STORE,
      'function hasEnded(',
      'const lastDisconnect = new Map<string, number>()\n\nfunction hasEnded(',
    ],
  ]
}
