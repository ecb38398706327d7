import { type Change, type Draft, part } from '../draft.ts'
import { type Exercise, mistake } from '../exercise-start.ts'

const APP = 'server/app.ts'
const AUTHORIZE = 'server/routes/authorize.ts'
const CONSENT = 'server/consent.ts'
const CONSENT_PAGE = 'server/views/consent.eta'
const LOGIN_PAGE = 'server/views/login.eta'
const LOGOUT = 'server/routes/logout.ts'
const SAME_ORIGIN = 'server/same-origin.ts'
const SESSION = 'server/session.ts'

const FIND_LOGIN = '    const { login } = request.session\n    if (login === undefined) return'
const CONSENT_ENDPOINT =
  "  app.post<{ Querystring: Parameters; Body: Parameters | undefined }>(\n    '/consent',"
const ERROR_HANDLER = '  // RFC 6749 section 4.1.2.1\n  app.setErrorHandler'
const CSP = "    reply.header('content-security-policy', pagePolicy(origin))\n"
const ISSUE = '    const consent = issueConsent(login, authorizationRequest, store.codeTtl)\n'
const ISSUED = 'const issued = login.consents.get(consent)\n'
const USE = 'return login.consents.delete(consent)'
const MISMATCH = 'if (issued?.request !== digest(request)'
const DIGEST = 'JSON.stringify(request)'
const OLDEST = "const [oldest = ''] = login.consents.keys()"
const REGENERATE = '      await request.session.regenerate()\n'
const STORE_LOGIN = '      request.session.login = { user, consents: new Map() }\n'
const FOREIGN = "if (method !== 'POST' || site === 'same-origin') return"
const DECIDES = "soleParameter(form, 'decision') !== 'allow'"

/** The server's routes before it rejects forms from other sites, and before the logout. */
const NO_HOOK: Change[] = [
  ["import { refuseForeignForms } from './same-origin.ts'\n", ''],
  ["    pages.addHook('onRequest', refuseForeignForms)\n", ''],
]
const NO_LOGOUT: Change[] = [
  ["import { logoutRoute } from './routes/logout.ts'\n", ''],
  ['    pages.register(logoutRoute)\n', ''],
]
const NO_VALUES_KEPT: Change = [
  '  /** The consent pages without an answer, by the value on the page. */\n  consents: Map<string, { request: string; expiresAt: number }>\n',
  '',
]
const NO_NOT_YOU: Change = [
  '      <form class="corner" method="post" action="/logout<%= it.query %>">\n        <button class="quiet">Not you?</button>\n      </form>\n',
  '',
]
const NO_VALUE_SENT: Change = [
  '        <input type="hidden" name="consent" value="<%= it.consent %>">\n',
  '',
]

/** The routes while a consent page has no value, and nothing handles its form. */
function takeRoutes(draft: Draft, ...changes: Change[]): void {
  const endpoint = part(draft.final(AUTHORIZE), CONSENT_ENDPOINT, ERROR_HANDLER)
  draft.take(
    AUTHORIZE,
    [endpoint, ''],
    ["import { issueConsent, useConsent } from '../consent.ts'\n", ''],
    ["import { PageError } from '@oauth-lab/shared/page-error.ts'\n", ''],
    ['{ user, consents: new Map() }', '{ user }'],
    ...changes,
  )
}

export const v07: Exercise = {
  steps: [
    (draft) => {
      const answer = part(draft.final(AUTHORIZE), FIND_LOGIN, '  })\n')
      takeRoutes(draft, [answer, '    return showLogin(reply, authorizationRequest)\n'])
      draft.take(APP, ...NO_HOOK, ...NO_LOGOUT)
      draft.take(SESSION, NO_VALUES_KEPT)
      draft.take(LOGIN_PAGE)
    },
    (draft) => {
      takeRoutes(draft, [ISSUE, ''], ['scopeMeanings, consent }', 'scopeMeanings }'])
      draft.take(CONSENT_PAGE, NO_NOT_YOU, NO_VALUE_SENT)
    },
    (draft) => {
      for (const path of [CONSENT, SESSION, AUTHORIZE]) draft.take(path)
      draft.take(CONSENT_PAGE, NO_NOT_YOU)
    },
    (draft) => {
      draft.take(SAME_ORIGIN)
      draft.take(APP, ...NO_LOGOUT)
    },
    (draft) => {
      for (const path of [LOGOUT, APP, CONSENT_PAGE]) draft.take(path)
    },
  ],

  mistakes: [
    mistake('no-cookie', 'every browser that opens the page gets a cookie', [
      AUTHORIZE,
      FIND_LOGIN,
      `    request.session.seen = true\n${FIND_LOGIN}`,
    ]),
    mistake('login-only', 'the login page still says what the client asks for', [
      LOGIN_PAGE,
      'asks who you are.',
      'asks who you are, and for your email.',
    ]),
    mistake('login-only', 'the button still logs in and allows', [
      LOGIN_PAGE,
      '<button>Log in<',
      '<button>Log in and allow<',
    ]),
    mistake('back-to-request', 'the server issues the code at the login, without asking', [
      AUTHORIZE,
      'return reply.redirect(request.url, 303)',
      'return sendCode(reply, store, authorizationRequest, user)',
    ]),
    mistake('back-to-request', 'a 307 makes the browser send the password again', [
      AUTHORIZE,
      'request.url, 303',
      'request.url, 307',
    ]),
    mistake('back-to-request', 'the redirect after the login loses the request', [
      AUTHORIZE,
      'redirect(request.url, 303)',
      "redirect('/authorize', 303)",
    ]),
    mistake('session-cookie', "the server's cookie has the same name as the client's", [
      APP,
      'config.authServerUrl',
      'config.clientUrl',
    ]),
    mistake('new-session-id', "a login doesn't change the session ID", [AUTHORIZE, REGENERATE, '']),
    mistake('new-session-id', 'only the first login of a browser starts a session', [
      AUTHORIZE,
      REGENERATE,
      `      if (!request.session.login)${REGENERATE.slice(5)}`,
    ]),
    mistake('session-cookie', 'the server stores the login before regenerate(), which loses it', [
      AUTHORIZE,
      REGENERATE + STORE_LOGIN,
      STORE_LOGIN + REGENERATE,
    ]),
    mistake('password-once', 'someone who is logged in gets a code without being asked', [
      AUTHORIZE,
      ISSUE,
      `    return sendCode(reply, store, authorizationRequest, login.user)\n`,
    ]),
    mistake('consent-page', "the consent page doesn't show the client's origin", [
      CONSENT_PAGE,
      ' at <code><%= it.origin %></code>',
      '',
    ]),
    mistake('consent-scopes', 'the consent page lists every scope of the server', [
      CONSENT_PAGE,
      'const scope of it.scopes',
      'const scope in it.scopeMeanings',
    ]),
    mistake('consent-buttons', 'the form of the consent page loses the request', [
      CONSENT_PAGE,
      '"/consent<%= it.query %>"',
      '"/consent"',
    ]),
    mistake('consent-client-origin', "browsers don't follow the redirect after Allow", [
      AUTHORIZE,
      `${CSP}    const page`,
      '    const page',
    ]),
    mistake('consent-random', 'the value of a page is a counter', [
      CONSENT,
      'const consent = randomToken()',
      'const consent = String(login.consents.size)',
    ]),
    mistake(
      'asks-again',
      'the server never asks again after one Allow',
      [
        AUTHORIZE,
        ISSUE,
        `    if (login.allowed) return sendCode(reply, store, authorizationRequest, login.user)\n${ISSUE}`,
      ],
      [
        AUTHORIZE,
        '      const { user } = login\n',
        '      const { user } = login\n      login.allowed = true\n',
      ],
    ),
    mistake('asks-again', 'an Allow logs out', [
      AUTHORIZE,
      '      const { user } = login\n',
      '      const { user } = login\n      delete request.session.login\n',
    ]),
    mistake('decision-else', 'a form without a decision counts as Allow', [
      AUTHORIZE,
      DECIDES,
      "soleParameter(form, 'decision') === 'deny'",
    ]),
    mistake('decision-else', 'the last of two decisions counts', [
      AUTHORIZE,
      DECIDES,
      "[form.decision].flat().at(-1) !== 'allow'",
    ]),
    mistake('consent-missing', "the server doesn't check the value", [
      AUTHORIZE,
      ' || !useConsent(login, authorizationRequest, consent)',
      '',
    ]),
    mistake('consent-once', 'a value works more than once', [CONSENT, USE, 'return true']),
    mistake(
      'consent-once',
      'a value still works after a Deny',
      [
        AUTHORIZE,
        'useConsent(login, authorizationRequest, consent)',
        "useConsent(login, authorizationRequest, consent, form.decision !== 'deny')",
      ],
      [
        CONSENT,
        'request: AuthorizationRequest, consent: string)',
        'request: AuthorizationRequest, consent: string, isUsed = true)',
      ],
      [CONSENT, USE, 'return !isUsed || login.consents.delete(consent)'],
    ),
    mistake(
      'consent-session',
      'all sessions share their values',
      [CONSENT, 'const MOST_PAGES = 20\n', 'const MOST_PAGES = 20\nconst everyone = new Map()\n'],
      [CONSENT, '  login.consents.set(', '  everyone.set('],
      [CONSENT, ISSUED, 'const issued = everyone.get(consent)\n'],
      [CONSENT, USE, 'return everyone.delete(consent)'],
    ),
    mistake('consent-request', 'a value works for every request', [
      CONSENT,
      MISMATCH,
      'if (issued === undefined',
    ]),
    mistake('consent-request', 'a value works for other scopes', [
      CONSENT,
      DIGEST,
      'JSON.stringify({ ...request, scopes: [] })',
    ]),
    mistake('consent-request', 'a value works for every request of the same client', [
      CONSENT,
      DIGEST,
      'JSON.stringify([request.client_id, request.scopes])',
    ]),
    mistake('consent-request', 'a value works for every client', [
      CONSENT,
      DIGEST,
      "JSON.stringify({ ...request, client_id: '', redirect_uri: '' })",
    ]),
    mistake('consent-unused', 'a wrong value uses up all the right ones', [
      CONSENT,
      ISSUED,
      `${ISSUED}  if (issued === undefined) login.consents.clear()\n`,
    ]),
    mistake(
      'consent-unused',
      'another request uses the value up',
      [CONSENT, ISSUED, `${ISSUED}  login.consents.delete(consent)\n`],
      [CONSENT, USE, 'return true'],
    ),
    mistake('consent-expires', 'a value lasts as long as the session', [
      CONSENT,
      ' || issued.expiresAt <= performance.now()',
      '',
    ]),
    mistake('consent-newest', 'a session keeps every value', [
      CONSENT,
      'login.consents.size > MOST_PAGES',
      'false',
    ]),
    mistake('consent-newest', 'a second tab makes the first one useless', [
      CONSENT,
      'MOST_PAGES = 20',
      'MOST_PAGES = 1',
    ]),
    mistake('consent-newest', 'the server drops the newest value if there are too many', [
      CONSENT,
      OLDEST,
      "const oldest = [...login.consents.keys()].at(-1) ?? ''",
    ]),
    mistake('own-forms', 'a form without the header counts as one from another site', [
      SAME_ORIGIN,
      " ?? 'same-origin'",
      '',
    ]),
    mistake('foreign-links', 'the server also rejects links from other sites', [
      SAME_ORIGIN,
      FOREIGN,
      "if (site === 'same-origin') return",
    ]),
    mistake('foreign-links', 'the token endpoint also rejects requests from other sites', [
      APP,
      'pages.addHook(',
      'app.addHook(',
    ]),
    mistake('foreign-login', 'another program on this host counts as the server itself', [
      SAME_ORIGIN,
      FOREIGN,
      FOREIGN.replace(') return', " || site === 'same-site') return"),
    ]),
    mistake('foreign-login', 'Sec-Fetch-Site: none counts as the server itself', [
      SAME_ORIGIN,
      FOREIGN,
      FOREIGN.replace(') return', " || site === 'none') return"),
    ]),
    mistake(
      'foreign-consent',
      'only the login form is protected from other sites',
      [SAME_ORIGIN, '{ method, headers }', '{ method, headers, url }'],
      [SAME_ORIGIN, "method !== 'POST'", "!url.startsWith('/authorize') || method !== 'POST'"],
    ),
    mistake(
      'foreign-logout',
      'other sites can log people out',
      [SAME_ORIGIN, '{ method, headers }', '{ method, headers, url }'],
      [SAME_ORIGIN, "method !== 'POST'", "url.startsWith('/logout') || method !== 'POST'"],
    ),
    mistake('server-logout', 'the logout clears the cookie, but not the session', [
      LOGOUT,
      'await request.session.destroy()',
      "for (const name in request.cookies) reply.clearCookie(name, { path: '/' })",
    ]),
    mistake('logout-query', 'the logout loses the request', [LOGOUT, 'queryOf(request.url)', "''"]),
    mistake('logout-query', 'the logout encodes the query again', [
      LOGOUT,
      'queryOf(request.url)',
      "'?' + new URLSearchParams(request.query)",
    ]),
    mistake('logout-get', 'a link or an image can log people out', [
      LOGOUT,
      "app.post('/logout'",
      "app.all('/logout'",
    ]),
    mistake('not-you', '"Not you?" is a link', [
      CONSENT_PAGE,
      NO_NOT_YOU[0],
      '      <a href="/logout<%= it.query %>">Not you?</a>\n',
    ]),
    mistake('not-you', '"Not you?" loses the request', [
      CONSENT_PAGE,
      '"/logout<%= it.query %>"',
      '"/logout"',
    ]),
  ],
}
