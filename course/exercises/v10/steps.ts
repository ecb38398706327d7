import { type Change, part } from '../draft.ts'
import type { Exercise } from '../exercise-start.ts'

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
    {
      what: 'the login page names a client that nobody knows',
      changes: {
        [LOGIN_PAGE]: [[NO_CLIENT, '<% if (false) { %>']],
      },
      tells: 'login-page',
    },
    {
      what: 'the login page always has Cancel',
      changes: {
        [LOGIN_PAGE]: [
          ['<% if (it.client_id) { %>\n        <button', '<% if (true) { %>\n        <button'],
        ],
      },
      tells: 'login-page',
    },
    {
      what: 'the login page has the user name "undefined"',
      changes: { [ACCOUNT]: [["view('login.eta', { username: '' })", "view('login.eta')"]] },
      tells: 'login-page',
    },
    {
      what: 'the login page of a client is the one for users who come by themselves',
      changes: {
        [LOGIN_PAGE]: [[NO_CLIENT, '<% if (true) { %>']],
      },
      tells: 'client-login-page',
    },
    {
      what: 'a login leads to the start page',
      changes: {
        [ACCOUNT]: [
          [
            `${LOGIN}\n    return reply.redirect('/account', 303)`,
            `${LOGIN}\n    return reply.redirect('/', 303)`,
          ],
        ],
      },
      tells: 'login-right',
    },
    {
      what: 'a wrong password leads back to the login page',
      changes: { [ACCOUNT]: [[WRONG_PASSWORD, "return reply.redirect('/account', 303)"]] },
      tells: 'login-wrong',
    },
    {
      what: 'a wrong password logs out the user who is logged in',
      changes: {
        [ACCOUNT]: [[WRONG_PASSWORD, `await request.session.destroy()\n      ${WRONG_PASSWORD}`]],
      },
      tells: 'login-wrong',
    },
    {
      what: 'a body that is no form is a wrong password',
      changes: {
        [ACCOUNT]: [["reply.code(400).view('login.eta'", "reply.code(401).view('login.eta'"]],
      },
      tells: 'login-no-form',
    },
    {
      what: 'the page after a body that is no form has the user name "undefined"',
      changes: { [ACCOUNT]: [["{ message, username: '' }", '{ message }']] },
      tells: 'login-no-form',
    },
    {
      what: 'a login keeps the session ID',
      changes: { [ACCOUNT]: [[NEW_ID, '']] },
      tells: 'new-id',
    },
    {
      what: 'a login counts only at the account page',
      changes: {
        [ACCOUNT]: [
          ['const { login } = request.session', 'const login = (request.session as any).account'],
          [
            LOGIN,
            `${LOGIN.replace(
              'request.session.login = {',
              'Object.assign(request.session, { account: {',
            )} })`,
          ],
          ['undefined : request.session.login', 'undefined : (request.session as any).account'],
        ],
      },
      tells: 'one-session',
    },
    {
      what: 'the account page is beside the hook that looks at where forms come from',
      changes: {
        [APP]: [
          [HOOK, ''],
          [
            OTHER_PAGES,
            `    pages.register(async (forms) => {\n  ${HOOK.replace('pages', 'forms')}${OTHER_PAGES.replaceAll('pages', 'forms')}    })\n`,
          ],
        ],
      },
      tells: 'foreign-login',
    },
    {
      what: 'the page is there, and no link leads to it',
      changes: { [HOME_PAGE]: [['href="/account"', 'href="/"']] },
      tells: 'home-link',
    },
    {
      what: 'every registered client is listed',
      changes: { [ACCOUNT]: [[SOME, '']] },
      tells: 'lists-nothing',
    },
    {
      what: 'a user without apps sees an empty page',
      changes: { [ACCOUNT_PAGE]: [['No app has access to your account.', '']] },
      tells: 'lists-nothing',
    },
    {
      what: 'the page shows what a client may ask for, not what was allowed',
      changes: {
        [ACCOUNT]: [
          [
            SOME,
            `${SOME}\n      .map(({ client_id }) => ({ client_id, scopes: new Set(clients.get(client_id)?.scopes) }))`,
          ],
        ],
      },
      tells: 'lists',
    },
    {
      what: 'the page lists scopes by name alone',
      changes: { [ACCOUNT_PAGE]: [[SCOPE_ITEM, '<code><%= scope %></code>']] },
      tells: 'lists',
    },
    {
      what: 'the page lists only the first client',
      changes: { [ACCOUNT]: [[SOME, `${SOME}\n      .slice(0, 1)`]] },
      tells: 'lists',
    },
    {
      what: 'the page lists what anyone allowed',
      changes: {
        [ACCOUNT]: [
          [
            SOME,
            "\n      .filter(({ client_id }) => [...store.allowedScopes].some(([key, scopes]) => key.endsWith(' ' + client_id) && scopes.size > 0))",
          ],
        ],
      },
      tells: 'lists-own',
    },
    {
      what: 'a Disconnect leads to the start page',
      changes: {
        [ACCOUNT]: [[LEAD_BACK, LEAD_BACK.replace('/account', '/')]],
      },
      tells: 'disconnect',
    },
    {
      what: 'tokens end, and the consent stays',
      changes: { [STORE]: [[FORGET, '  store.allowedScopes.set(key, new Set(allowed))\n']] },
      tells: 'disconnect',
    },
    {
      what: 'a session remembers what its user allowed, too',
      changes: {
        [AUTHORIZE]: [
          [
            '=> !allowed.has(scope))',
            '=> !allowed.has(scope) && !(login as any).yes?.includes(scope))',
          ],
          [REMEMBER, `${REMEMBER}      Object.assign(login, { yes: scopes })\n`],
        ],
      },
      tells: 'asks-again',
    },
    {
      what: 'a Disconnect forgets every app of the user',
      changes: {
        [STORE]: [
          [
            END,
            `${END}  for (const [other, scopes] of store.allowedScopes) {\n    if (other.startsWith(user_id)) scopes.clear()\n  }\n`,
          ],
        ],
      },
      tells: 'forgets-one-app',
    },
    {
      what: 'a Disconnect forgets the app of every user',
      changes: {
        [STORE]: [
          [
            END,
            `${END}  for (const [other, scopes] of store.allowedScopes) {\n    if (other.endsWith(client_id)) scopes.clear()\n  }\n`,
          ],
        ],
      },
      tells: 'forgets-one-user',
    },
    {
      what: 'a Disconnect forgets what was allowed, and no token ends',
      changes: { [STORE]: [[END, '']] },
      tells: 'ends-tokens',
    },
    {
      what: 'only refresh tokens end',
      changes: {
        [STORE]: [
          [
            'accessTokens: new ExpiringMap(1_000_000, hasEnded)',
            'accessTokens: new ExpiringMap(1_000_000, ({ grant }) => grant.ended)',
          ],
        ],
      },
      tells: 'ends-tokens',
    },
    {
      what: 'only access tokens end',
      changes: {
        [STORE]: [
          [
            'families: new ExpiringMap(1_000_000, hasEnded)',
            'families: new ExpiringMap(1_000_000, ({ grant }) => grant.ended)',
          ],
        ],
      },
      tells: 'ends-tokens',
    },
    {
      what: 'codes live on',
      changes: { [STORE]: [[CODES_END, CODES_END.replace(', hasEnded', '')]] },
      tells: 'ends-codes',
    },
    {
      what: 'every client of the user loses its tokens',
      changes: endsSince('user.user_id', 'user_id'),
      tells: 'ends-one-app',
    },
    {
      what: 'every user of the client loses the tokens',
      changes: endsSince('client_id', 'client_id'),
      tells: 'ends-one-user',
    },
    {
      what: 'a new yes goes into the old set, and revives what has ended',
      changes: { [STORE]: [[FORGET, '']] },
      tells: 'starts-anew',
    },
    {
      what: 'a client that was disconnected once never gets a token again',
      changes: {
        [STORE]: [
          [FORGET, `${FORGET}  gone.add(key)\n`],
          [HAS_ENDED, "return grant.ended || gone.has(grant.user.user_id + ' ' + grant.client_id)"],
          ['function hasEnded(', 'const gone = new Set<string>()\n\nfunction hasEnded('],
        ],
      },
      tells: 'connects-again',
    },
    {
      what: 'a client that revokes its login ends nothing anymore',
      changes: { [STORE]: [[HAS_ENDED, 'return grant.allowed.size === 0']] },
      tells: 'revoke-still',
    },
    {
      what: 'all sessions have the same value',
      changes: {
        [ACCOUNT]: [[LOGIN, LOGIN.replace('randomToken()', "'x'.repeat(43)")]],
        [AUTHORIZE]: [[LOGIN, LOGIN.replace('randomToken()', "'x'.repeat(43)")]],
      },
      tells: 'csrf-random',
    },
    {
      what: 'the value is the name of the user',
      changes: {
        [ACCOUNT]: [[LOGIN, LOGIN.replace('randomToken()', 'user.email.padEnd(43)')]],
        [AUTHORIZE]: [[LOGIN, LOGIN.replace('randomToken()', 'user.email.padEnd(43)')]],
      },
      tells: 'csrf-random',
    },
    {
      what: 'the value is short enough to guess',
      changes: {
        [ACCOUNT]: [[LOGIN, LOGIN.replace('randomToken()', 'randomToken().slice(0, 8)')]],
      },
      tells: 'csrf-random',
    },
    {
      what: 'each page has a value of its own',
      changes: {
        [ACCOUNT]: [
          ['    const connections', '    login.csrf = randomToken()\n    const connections'],
        ],
      },
      tells: 'csrf-random',
    },
    {
      what: 'only a value that is there has to be right',
      changes: { [ACCOUNT]: [[IS_WRONG, `(csrf !== '' && ${IS_WRONG.replace(' ||', ') ||')}`]] },
      tells: 'csrf-needed',
    },
    {
      what: 'nobody looks at the value',
      changes: { [ACCOUNT]: [[`      ${IS_WRONG}\n`, '']] },
      tells: 'csrf-needed',
    },
    {
      what: 'the value is looked at after everything has ended',
      changes: {
        [ACCOUNT]: [
          [
            `${IS_WRONG}\n      ${DISCONNECTS}`,
            `${DISCONNECTS} ||\n      ${IS_WRONG.replace(' ||', '')}`,
          ],
        ],
      },
      tells: 'csrf-needed',
    },
    {
      what: 'of two values, one has to be right',
      changes: {
        [ACCOUNT]: [
          [
            "const csrf = soleParameter(form, 'csrf') ?? ''",
            "const csrf = String([form.csrf].flat()[0] ?? '')",
          ],
        ],
      },
      tells: 'csrf-needed',
    },
    {
      what: 'the value of any session will do',
      changes: {
        [ACCOUNT]: [
          ['  app.get(', '  const values = new Set<string>()\n  app.get('],
          ['    const connections', '    values.add(login.csrf)\n    const connections'],
          [IS_WRONG, '!values.has(csrf) ||'],
        ],
      },
      tells: 'csrf-own',
    },
    {
      what: 'the value is thought to make the header superfluous',
      changes: {
        [SAME_ORIGIN]: [
          ['({ method, headers }: FastifyRequest)', '({ method, headers, url }: FastifyRequest)'],
          ["method !== 'POST' ||", "method !== 'POST' || url === '/account/disconnect' ||"],
        ],
      },
      tells: 'foreign-disconnect',
    },
    {
      what: 'a client that is not connected is disconnected all the same',
      changes: { [ACCOUNT]: [[DISCONNECTS, `(${DISCONNECTS} && false)`]] },
      tells: 'not-connected',
    },
    {
      what: 'an empty set of scopes is something to take back',
      changes: {
        [STORE]: [
          ['if (allowed === undefined || allowed.size === 0)', 'if (allowed === undefined)'],
        ],
      },
      tells: 'not-connected',
    },
    {
      what: 'a body that is no form breaks the server',
      changes: {
        [ACCOUNT]: [['const form = request.body ?? {}', 'const form = request.body as Parameters']],
      },
      tells: 'not-connected',
    },
    {
      what: 'without a client, everything is disconnected',
      changes: {
        [ACCOUNT]: [
          [
            DISCONNECTS,
            `!(client_id === '' ? [...clients.keys()] : [client_id]).some((one) => disconnect(store, login.user, one))`,
          ],
        ],
      },
      tells: 'not-connected',
    },
    {
      what: 'someone who is not logged in is sent to the login page',
      changes: {
        [ACCOUNT]: [
          [
            SECTION,
            `    if (login === undefined) return reply.redirect('/account', 303)\n${SECTION}`,
          ],
        ],
      },
      tells: 'nobody',
    },
    {
      what: 'a logout while the form arrives does not count',
      changes: {
        [ACCOUNT]: [
          ['sessionHasEnded(request) ? undefined : request.session.login', 'request.session.login'],
        ],
      },
      tells: 'nobody',
    },
    {
      what: 'the page has no way out',
      changes: { [ACCOUNT_PAGE]: [['action="/logout"', 'action="/account"']] },
      tells: 'logout-button',
    },
    {
      what: 'a logout without a request leads to an authorization request without a client',
      changes: { [LOGOUT]: [[TO_ACCOUNT, '']] },
      tells: 'logout-account',
    },
    {
      what: 'every logout leads to the account page',
      changes: { [LOGOUT]: [[TO_ACCOUNT, TO_ACCOUNT.replace("if (query === '') ", '')]] },
      tells: 'logout-query',
    },
  ],
}

/** Ends every token that is older than the last Disconnect with the same value. */
function endsSince(ofGrant: string, ofDisconnect: string): Record<string, Change[]> {
  return {
    [STORE]: [
      [END, `  lastDisconnect.set(${ofDisconnect}, performance.now())\n`],
      [
        HAS_ENDED,
        `return grant.ended || grant.authorizedAt <= (lastDisconnect.get(grant.${ofGrant}) ?? 0)`,
      ],
      [
        'function hasEnded(',
        'const lastDisconnect = new Map<string, number>()\n\nfunction hasEnded(',
      ],
    ],
  }
}
