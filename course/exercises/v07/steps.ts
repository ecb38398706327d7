import { type Change, type Draft, part } from '../draft.ts'
import type { Exercise } from '../exercise-start.ts'

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
    {
      what: 'every browser that opens the page gets a cookie',
      changes: {
        [AUTHORIZE]: [[FIND_LOGIN, `    request.session.seen = true\n${FIND_LOGIN}`]],
      },
      tells: 'no-cookie',
    },
    {
      what: 'the login page still says what the client asks for',
      changes: {
        [LOGIN_PAGE]: [['asks who you are.', 'asks who you are, and for your email.']],
      },
      tells: 'login-only',
    },
    {
      what: 'the button still logs in and allows',
      changes: { [LOGIN_PAGE]: [['<button>Log in<', '<button>Log in and allow<']] },
      tells: 'login-only',
    },
    {
      what: 'the server issues the code at the login, without asking',
      changes: {
        [AUTHORIZE]: [
          [
            'return reply.redirect(request.url, 303)',
            'return sendCode(reply, store, authorizationRequest, user)',
          ],
        ],
      },
      tells: 'back-to-request',
    },
    {
      what: 'a 307 makes the browser send the password again',
      changes: { [AUTHORIZE]: [['request.url, 303', 'request.url, 307']] },
      tells: 'back-to-request',
    },
    {
      what: 'the redirect after the login loses the request',
      changes: { [AUTHORIZE]: [['redirect(request.url, 303)', "redirect('/authorize', 303)"]] },
      tells: 'back-to-request',
    },
    {
      what: "the server's cookie has the same name as the client's",
      changes: { [APP]: [['config.authServerUrl', 'config.clientUrl']] },
      tells: 'session-cookie',
    },
    {
      what: "a login doesn't change the session ID",
      changes: { [AUTHORIZE]: [[REGENERATE, '']] },
      tells: 'new-session-id',
    },
    {
      what: 'only the first login of a browser starts a session',
      changes: {
        [AUTHORIZE]: [[REGENERATE, `      if (!request.session.login)${REGENERATE.slice(5)}`]],
      },
      tells: 'new-session-id',
    },
    {
      what: 'the server stores the login before regenerate(), which loses it',
      changes: { [AUTHORIZE]: [[REGENERATE + STORE_LOGIN, STORE_LOGIN + REGENERATE]] },
      tells: 'session-cookie',
    },
    {
      what: 'someone who is logged in gets a code without being asked',
      changes: {
        [AUTHORIZE]: [
          [ISSUE, `    return sendCode(reply, store, authorizationRequest, login.user)\n`],
        ],
      },
      tells: 'password-once',
    },
    {
      what: "the consent page doesn't show the client's origin",
      changes: { [CONSENT_PAGE]: [[' at <code><%= it.origin %></code>', '']] },
      tells: 'consent-page',
    },
    {
      what: 'the consent page lists every scope of the server',
      changes: {
        [CONSENT_PAGE]: [['const scope of it.scopes', 'const scope in it.scopeMeanings']],
      },
      tells: 'consent-scopes',
    },
    {
      what: 'the form of the consent page loses the request',
      changes: { [CONSENT_PAGE]: [['"/consent<%= it.query %>"', '"/consent"']] },
      tells: 'consent-buttons',
    },
    {
      what: "browsers don't follow the redirect after Allow",
      changes: { [AUTHORIZE]: [[`${CSP}    const page`, '    const page']] },
      tells: 'consent-client-origin',
    },
    {
      what: 'the value of a page is a counter',
      changes: {
        [CONSENT]: [
          ['const consent = randomToken()', 'const consent = String(login.consents.size)'],
        ],
      },
      tells: 'consent-random',
    },
    {
      what: 'the server never asks again after one Allow',
      changes: {
        [AUTHORIZE]: [
          [
            ISSUE,
            `    if (login.allowed) return sendCode(reply, store, authorizationRequest, login.user)\n${ISSUE}`,
          ],
          [
            '      const { user } = login\n',
            '      const { user } = login\n      login.allowed = true\n',
          ],
        ],
      },
      tells: 'asks-again',
    },
    {
      what: 'an Allow logs out',
      changes: {
        [AUTHORIZE]: [
          [
            '      const { user } = login\n',
            '      const { user } = login\n      delete request.session.login\n',
          ],
        ],
      },
      tells: 'asks-again',
    },
    {
      what: 'a form without a decision counts as Allow',
      changes: { [AUTHORIZE]: [[DECIDES, "soleParameter(form, 'decision') === 'deny'"]] },
      tells: 'decision-else',
    },
    {
      what: 'the last of two decisions counts',
      changes: { [AUTHORIZE]: [[DECIDES, "[form.decision].flat().at(-1) !== 'allow'"]] },
      tells: 'decision-else',
    },
    {
      what: "the server doesn't check the value",
      changes: {
        [AUTHORIZE]: [[' || !useConsent(login, authorizationRequest, consent)', '']],
      },
      tells: 'consent-missing',
    },
    {
      what: 'a value works more than once',
      changes: { [CONSENT]: [[USE, 'return true']] },
      tells: 'consent-once',
    },
    {
      what: 'a value still works after a Deny',
      changes: {
        [AUTHORIZE]: [
          [
            'useConsent(login, authorizationRequest, consent)',
            "useConsent(login, authorizationRequest, consent, form.decision !== 'deny')",
          ],
        ],
        [CONSENT]: [
          [
            'request: AuthorizationRequest, consent: string)',
            'request: AuthorizationRequest, consent: string, isUsed = true)',
          ],
          [USE, 'return !isUsed || login.consents.delete(consent)'],
        ],
      },
      tells: 'consent-once',
    },
    {
      what: 'all sessions share their values',
      changes: {
        [CONSENT]: [
          ['const MOST_PAGES = 20\n', 'const MOST_PAGES = 20\nconst everyone = new Map()\n'],
          ['  login.consents.set(', '  everyone.set('],
          [ISSUED, 'const issued = everyone.get(consent)\n'],
          [USE, 'return everyone.delete(consent)'],
        ],
      },
      tells: 'consent-session',
    },
    {
      what: 'a value works for every request',
      changes: { [CONSENT]: [[MISMATCH, 'if (issued === undefined']] },
      tells: 'consent-request',
    },
    {
      what: 'a value works for other scopes',
      changes: { [CONSENT]: [[DIGEST, 'JSON.stringify({ ...request, scopes: [] })']] },
      tells: 'consent-request',
    },
    {
      what: 'a value works for every request of the same client',
      changes: {
        [CONSENT]: [[DIGEST, 'JSON.stringify([request.client_id, request.scopes])']],
      },
      tells: 'consent-request',
    },
    {
      what: 'a value works for every client',
      changes: {
        [CONSENT]: [[DIGEST, "JSON.stringify({ ...request, client_id: '', redirect_uri: '' })"]],
      },
      tells: 'consent-request',
    },
    {
      what: 'a wrong value uses up all the right ones',
      changes: {
        [CONSENT]: [[ISSUED, `${ISSUED}  if (issued === undefined) login.consents.clear()\n`]],
      },
      tells: 'consent-unused',
    },
    {
      what: 'another request uses the value up',
      changes: {
        [CONSENT]: [
          [ISSUED, `${ISSUED}  login.consents.delete(consent)\n`],
          [USE, 'return true'],
        ],
      },
      tells: 'consent-unused',
    },
    {
      what: 'a value lasts as long as the session',
      changes: { [CONSENT]: [[' || issued.expiresAt <= performance.now()', '']] },
      tells: 'consent-expires',
    },
    {
      what: 'a session keeps every value',
      changes: { [CONSENT]: [['login.consents.size > MOST_PAGES', 'false']] },
      tells: 'consent-newest',
    },
    {
      what: 'a second tab makes the first one useless',
      changes: { [CONSENT]: [['MOST_PAGES = 20', 'MOST_PAGES = 1']] },
      tells: 'consent-newest',
    },
    {
      what: 'the server drops the newest value if there are too many',
      changes: {
        [CONSENT]: [[OLDEST, "const oldest = [...login.consents.keys()].at(-1) ?? ''"]],
      },
      tells: 'consent-newest',
    },
    {
      what: 'a form without the header counts as one from another site',
      changes: { [SAME_ORIGIN]: [[" ?? 'same-origin'", '']] },
      tells: 'own-forms',
    },
    {
      what: 'the server also rejects links from other sites',
      changes: { [SAME_ORIGIN]: [[FOREIGN, "if (site === 'same-origin') return"]] },
      tells: 'foreign-links',
    },
    {
      what: 'the token endpoint also rejects requests from other sites',
      changes: { [APP]: [['pages.addHook(', 'app.addHook(']] },
      tells: 'foreign-links',
    },
    {
      what: 'another program on this host counts as the server itself',
      changes: {
        [SAME_ORIGIN]: [[FOREIGN, FOREIGN.replace(') return', " || site === 'same-site') return")]],
      },
      tells: 'foreign-login',
    },
    {
      what: 'Sec-Fetch-Site: none counts as the server itself',
      changes: {
        [SAME_ORIGIN]: [[FOREIGN, FOREIGN.replace(') return', " || site === 'none') return")]],
      },
      tells: 'foreign-login',
    },
    {
      what: 'only the login form is protected from other sites',
      changes: {
        [SAME_ORIGIN]: [
          ['{ method, headers }', '{ method, headers, url }'],
          ["method !== 'POST'", "!url.startsWith('/authorize') || method !== 'POST'"],
        ],
      },
      tells: 'foreign-consent',
    },
    {
      what: 'other sites can log people out',
      changes: {
        [SAME_ORIGIN]: [
          ['{ method, headers }', '{ method, headers, url }'],
          ["method !== 'POST'", "url.startsWith('/logout') || method !== 'POST'"],
        ],
      },
      tells: 'foreign-logout',
    },
    {
      what: 'the logout clears the cookie, but not the session',
      changes: {
        [LOGOUT]: [
          [
            'await request.session.destroy()',
            "for (const name in request.cookies) reply.clearCookie(name, { path: '/' })",
          ],
        ],
      },
      tells: 'server-logout',
    },
    {
      what: 'the logout loses the request',
      changes: { [LOGOUT]: [['queryOf(request.url)', "''"]] },
      tells: 'logout-query',
    },
    {
      what: 'the logout encodes the query again',
      changes: {
        [LOGOUT]: [['queryOf(request.url)', "'?' + new URLSearchParams(request.query)"]],
      },
      tells: 'logout-query',
    },
    {
      what: 'a link or an image can log people out',
      changes: { [LOGOUT]: [["app.post('/logout'", "app.all('/logout'"]] },
      tells: 'logout-get',
    },
    {
      what: '"Not you?" is a link',
      changes: {
        [CONSENT_PAGE]: [[NO_NOT_YOU[0], '      <a href="/logout<%= it.query %>">Not you?</a>\n']],
      },
      tells: 'not-you',
    },
    {
      what: '"Not you?" loses the request',
      changes: { [CONSENT_PAGE]: [['"/logout<%= it.query %>"', '"/logout"']] },
      tells: 'not-you',
    },
  ],
}
