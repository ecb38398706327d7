import { type Change, part } from '../draft.ts'
import type { Exercise } from '../exercise-start.ts'

const API = 'client/api.ts'
const AUTHORIZE = 'server/routes/authorize.ts'
const CALLBACK = 'client/routes/callback.ts'
const CONSENT_PAGE = 'server/views/consent.eta'
const HOME = 'client/routes/home.ts'
const LOGIN = 'client/routes/login.ts'
const MANAGER = 'client/token-manager.ts'
const PROFILE = 'client/routes/profile.ts'
const PROFILE_PAGE = 'client/views/profile.eta'
const SESSION = 'client/session.ts'
const STORE = 'server/store.ts'
const TOKEN_REQUEST = 'client/token-request.ts'

const TICKED = "      const ticked = valuesOf(form, 'scope')\n"
const ALLOWED =
  '      const allowed = allowedScopesOf(store, login.user, authorizationRequest.client_id)\n'
const REMEMBER = '      for (const scope of scopes) allowed.add(scope)\n'
const DECISION = "      // RFC 6749 section 4.1.2.1\n      if (soleParameter(form, 'decision')"
const TAKEN = 'return ticked.includes(scope) || allowed.has(scope)'
const CODE_FOR_TICKED = '{ ...authorizationRequest, scopes }'
const SKIP = 'if (asked.length === 0) return sendCode('
const NOT_REQUESTED =
  "if (!ticked.every((scope) => authorizationRequest.scopes.includes(scope ?? '')))"
const KEY = '`${' + 'user_id} ${' + 'client_id}`'
const FORGETS_SCOPE = 'if (response.status === 403) session.tokens.scopes.delete(scope)'
const LEARN_AT_LOGIN = '{ scope, ...tokenResponse }'
const LEARN_AT_REFRESH =
  "    if (tokens.scope !== undefined) this.scopes = new Set(tokens.scope.split(' '))\n"
const NO_PROFILE = '  if (status === 403) return undefined\n'
const WANTS_EMAIL = "soleParameter(request.query, 'for') === 'email'"
const WAY_BACK = "wayBack: isForEmail ? '/email' : '/profile',"
const LEADS_BACK = 'return reply.redirect(wayBack, 303)'
const NAME_MISSING = 'if (user === undefined)'

/** The client as it is before a login has a way back. */
const NO_WAY_BACK = {
  [CALLBACK]: [
    ['const { scope, wayBack } = pendingLogin', 'const { scope } = pendingLogin'],
    ['reply.redirect(wayBack, 303)', "reply.redirect('/profile', 303)"],
  ],
  [LOGIN]: [[`      ${WAY_BACK}\n`, '']],
  [SESSION]: [
    ["  /** The page that the login leads to. */\n  wayBack: '/profile' | '/email'\n", ''],
  ],
} satisfies Record<string, Change[]>

/** The calls of the API as they are before the client does without the user name. */
const NAME_NEEDED: Change[] = [
  [" Returns undefined when the token doesn't cover that.", ''],
  [
    '  session: Session,\n): Promise<UserInfo | undefined> {',
    '  session: Session,\n): Promise<UserInfo> {',
  ],
  [NO_PROFILE, ''],
]

export const v08: Exercise = {
  steps: [
    (draft) => {
      const text = draft.final(AUTHORIZE)
      draft.take(STORE)
      draft.take(
        AUTHORIZE,
        ['queryOf, soleParameter, valuesOf }', 'queryOf, soleParameter }'],
        ['consent, asked }', 'consent }'],
        [part(text, TICKED, ALLOWED), ''],
        [part(text, '      const scopes = ', DECISION), ''],
        [' || scopes.length === 0', ''],
        ['of scopes) allowed.add', 'of authorizationRequest.scopes) allowed.add'],
        [CODE_FOR_TICKED, 'authorizationRequest'],
      )
    },
    (draft) => {
      for (const path of [AUTHORIZE, CONSENT_PAGE]) draft.take(path)
    },
    (draft) => {
      for (const path of [TOKEN_REQUEST, MANAGER]) draft.take(path)
      for (const path of [SESSION, CALLBACK] as const) draft.take(path, ...NO_WAY_BACK[path])
      const text = draft.final(LOGIN)
      draft.take(
        LOGIN,
        ["import { type Parameters, soleParameter } from '@oauth-lab/shared/parameters.ts'\n", ''],
        ['app.get<{ Querystring: Parameters }>', 'app.get'],
        [part(text, '    // An address in the request', '    const covered'), ''],
        ["[...covered, isForEmail ? 'email' : 'profile']", "[...covered, 'profile']"],
        ...NO_WAY_BACK[LOGIN],
      )
      draft.take(
        API,
        ...NAME_NEEDED,
        [' It would only show it to you here.', ''],
        [
          "{ href: '/login?for=email', text: 'Allow it' }",
          "{ href: '/profile', text: 'Your profile' }",
        ],
      )
    },
    (draft) => {
      draft.take(LOGIN, ...NO_WAY_BACK[LOGIN])
      draft.take(API, ...NAME_NEEDED)
    },
    (draft) => {
      for (const path of [SESSION, LOGIN, CALLBACK]) draft.take(path)
    },
    (draft) => {
      for (const path of [API, PROFILE, HOME, PROFILE_PAGE]) draft.take(path)
    },
  ],

  mistakes: [
    {
      what: 'a Deny is remembered as a yes',
      changes: {
        [AUTHORIZE]: [
          [REMEMBER, ''],
          [DECISION, REMEMBER + DECISION],
        ],
      },
      tells: 'deny',
    },
    {
      what: 'a Deny takes back what was allowed before',
      changes: {
        [AUTHORIZE]: [
          [DECISION, `      if (form.decision === 'deny') allowed.clear()\n${DECISION}`],
        ],
      },
      tells: 'deny-forgets-nothing',
    },
    {
      what: 'a page comes although nothing is left to ask',
      changes: {
        [AUTHORIZE]: [[`    ${SKIP}reply, store, authorizationRequest, login.user)\n`, '']],
      },
      tells: 'no-page',
    },
    {
      what: 'what was allowed is remembered for the next request only',
      changes: {
        [AUTHORIZE]: [
          [
            SKIP,
            `for (const one of asked.length ? [] : [...allowed]) allowed.delete(one)\n    ${SKIP}`,
          ],
        ],
      },
      tells: 'no-page',
    },
    {
      what: 'each session remembers for itself',
      changes: {
        [STORE]: [
          ['store.allowedScopes.get(key) ?? new Set()', 'user.allowed?.[key] ?? new Set()'],
          [
            'store.allowedScopes.set(key, scopes)',
            'user.allowed = { ...user.allowed, [key]: scopes }',
          ],
          ['store: Store, { user_id }: User, client_id', 'store: Store, user: any, client_id'],
          [`const key = ${KEY}`, 'const key = client_id'],
        ],
        [AUTHORIZE]: [['login = { user, consents', 'login = { user: { ...user }, consents']],
      },
      tells: 'other-session',
    },
    {
      what: 'all users share what one of them allowed',
      changes: { [STORE]: [[KEY, 'client_id']] },
      tells: 'other-user',
    },
    {
      what: 'all clients share what a user allowed one of them',
      changes: { [STORE]: [[KEY, 'user_id']] },
      tells: 'other-client',
    },
    {
      what: 'a user who allowed something once is never asked again',
      changes: { [AUTHORIZE]: [['asked.length === 0', 'allowed.size > 0']] },
      tells: 'more-asks',
    },
    {
      what: 'a new yes replaces the old one',
      changes: { [AUTHORIZE]: [[REMEMBER, `      allowed.clear()\n${REMEMBER}`]] },
      tells: 'adds-up',
    },
    {
      what: 'a code is also for what was allowed before and not requested',
      changes: {
        [AUTHORIZE]: [
          [
            `${SKIP}reply, store, authorizationRequest, login.user)`,
            `${SKIP}reply, store, { ...authorizationRequest, scopes: [...allowed] }, login.user)`,
          ],
        ],
      },
      tells: 'only-requested',
    },
    {
      what: 'an Allow adds all that was allowed before, also what was not requested',
      changes: {
        [AUTHORIZE]: [
          [
            'const scopes = authorizationRequest.scopes.filter((scope) => {',
            'const scopes = [...allowed, ...authorizationRequest.scopes].filter((scope, index, all) => {\n        if (all.indexOf(scope) !== index) return false',
          ],
        ],
      },
      tells: 'nothing-new',
    },
    {
      what: 'the boxes come without ticks',
      changes: { [CONSENT_PAGE]: [['" checked> <code>', '"> <code>']] },
      tells: 'boxes',
    },
    {
      what: 'what was allowed before has a box, too',
      changes: { [CONSENT_PAGE]: [['it.asked.includes(scope)', 'true']] },
      tells: 'allowed-before',
    },
    {
      what: 'the page is silent about what was allowed before',
      changes: { [CONSENT_PAGE]: [['const scope of it.scopes', 'const scope of it.asked']] },
      tells: 'allowed-before',
    },
    {
      what: 'nothing ticked counts as everything',
      changes: { [AUTHORIZE]: [[TAKEN, `${TAKEN} || ticked.length === 0`]] },
      tells: 'nothing-ticked',
    },
    {
      what: 'with nothing ticked the client gets a code for nothing',
      changes: { [AUTHORIZE]: [[' || scopes.length === 0', '']] },
      tells: 'nothing-ticked',
    },
    {
      what: 'a ticked scope that was not requested is left out in silence',
      changes: { [AUTHORIZE]: [[NOT_REQUESTED, 'if (ticked.includes(null))']] },
      tells: 'not-requested',
    },
    {
      what: 'a ticked scope that was not requested is allowed',
      changes: {
        [AUTHORIZE]: [
          [NOT_REQUESTED, 'if (ticked.includes(null))'],
          [
            'const scopes = authorizationRequest.scopes.filter((scope) => {',
            'const scopes = [...new Set([...authorizationRequest.scopes, ...ticked])].filter((scope) => {',
          ],
        ],
      },
      tells: 'not-requested',
    },
    {
      what: 'a ticked scope that was not requested is refused, but remembered',
      changes: {
        [AUTHORIZE]: [
          [
            NOT_REQUESTED,
            `const before = allowedScopesOf(store, login.user, authorizationRequest.client_id)\n      ${NOT_REQUESTED} for (const one of ticked) before.add(one)\n      ${NOT_REQUESTED}`,
          ],
        ],
      },
      tells: 'not-requested',
    },
    {
      what: 'several ticked boxes count as none',
      changes: {
        [AUTHORIZE]: [
          ["valuesOf(form, 'scope')", "[soleParameter(form, 'scope')].filter(Boolean)"],
        ],
      },
      tells: 'not-requested',
    },
    {
      what: 'the code is for all that was requested',
      changes: { [AUTHORIZE]: [[CODE_FOR_TICKED, 'authorizationRequest']] },
      tells: 'part-of-yes',
    },
    {
      what: 'all that was requested is remembered',
      changes: {
        [AUTHORIZE]: [['of scopes) allowed.add', 'of authorizationRequest.scopes) allowed.add']],
      },
      tells: 'part-remembered',
    },
    {
      what: 'only ticked scopes count, not those allowed before',
      changes: { [AUTHORIZE]: [[TAKEN, 'return ticked.includes(scope)']] },
      tells: 'nothing-new',
    },
    {
      what: 'the ticked scopes come after those allowed before',
      changes: {
        [AUTHORIZE]: [
          [
            'const scopes = authorizationRequest.scopes.filter(',
            'const scopes = [...authorizationRequest.scopes].sort((a, b) => Number(allowed.has(b)) - Number(allowed.has(a))).filter(',
          ],
        ],
      },
      tells: 'request-order',
    },
    {
      what: 'the ticked scopes come first',
      changes: {
        [AUTHORIZE]: [
          [
            CODE_FOR_TICKED,
            '{ ...authorizationRequest, scopes: [...new Set([...(ticked as string[]), ...scopes])] }',
          ],
        ],
      },
      tells: 'request-order',
    },
    {
      what: 'a login asks for profile alone, whatever the token covers',
      changes: {
        [LOGIN]: [
          [
            "request.session.tokens?.scopes ?? ['profile']",
            "isForEmail ? (request.session.tokens?.scopes ?? ['profile']) : []",
          ],
        ],
      },
      tells: 'asks-covered',
    },
    {
      what: 'a login asks for what the token covers, and never again for profile',
      changes: {
        [LOGIN]: [["isForEmail ? 'email' : 'profile'])", "...(isForEmail ? ['email'] : [])])"]],
      },
      tells: 'asks-covered',
    },
    {
      what: 'the client believes that it got what it asked for',
      changes: {
        [CALLBACK]: [
          [`    ${LEADS_BACK}`, `    request.session.asked = scope.split(' ')\n    ${LEADS_BACK}`],
        ],
        [LOGIN]: [['request.session.tokens?.scopes', 'request.session.asked']],
      },
      tells: 'asks-covered',
    },
    {
      what: 'what an earlier token covered counts for the new one',
      changes: {
        [CALLBACK]: [
          [
            '    await request.session.regenerate()\n',
            '    const { tokens: old } = request.session\n    await request.session.regenerate()\n',
          ],
          [
            `    ${LEADS_BACK}`,
            `    for (const one of old?.scopes ?? []) request.session.tokens.scopes.add(one)\n    ${LEADS_BACK}`,
          ],
        ],
      },
      tells: 'email-unticked',
    },
    {
      what: 'a token response without a scope means that the token covers nothing',
      changes: { [CALLBACK]: [[LEARN_AT_LOGIN, 'tokenResponse']] },
      tells: 'scope-left-out',
    },
    {
      what: 'the response to a refresh changes nothing',
      changes: { [MANAGER]: [[LEARN_AT_REFRESH, '']] },
      tells: 'scope-of-refresh',
    },
    {
      what: 'a response to a refresh without a scope means nothing is covered',
      changes: {
        [MANAGER]: [[LEARN_AT_REFRESH, "    this.scopes = new Set(tokens.scope?.split(' '))\n"]],
      },
      tells: 'scope-of-refresh',
    },
    {
      what: 'a 403 teaches the client nothing',
      changes: { [API]: [[`  ${FORGETS_SCOPE}\n`, '']] },
      tells: 'forgets-at-403',
    },
    {
      what: 'a 403 of /api/me teaches the client nothing',
      changes: {
        [API]: [[FORGETS_SCOPE, FORGETS_SCOPE.replace('403)', "403 && scope === 'email')")]],
      },
      tells: 'email-still',
    },
    {
      what: 'a scope may be anything',
      changes: {
        [TOKEN_REQUEST]: [
          [
            "(scope === undefined || (typeof scope === 'string' && /^\\S+( \\S+)*$/.test(scope)))",
            '(scope === undefined || String(scope) === scope || true)',
          ],
        ],
        [MANAGER]: [['new Set(tokens.scope?.split(', 'new Set(String(tokens.scope).split(']],
      },
      tells: 'scope-nonsense',
    },
    {
      what: 'the client asks for the email at each login',
      changes: { [LOGIN]: [["?? ['profile']", "?? ['profile', 'email']"]] },
      tells: 'asks-profile',
    },
    {
      what: 'without a login, for=email asks for the email alone',
      changes: { [LOGIN]: [["?? ['profile']", '?? []']] },
      tells: 'for-email-first',
    },
    {
      what: 'for=email loses what the token covers',
      changes: {
        [LOGIN]: [
          [
            '[...covered, isForEmail',
            '[...(isForEmail && request.session.tokens ? [] : covered), isForEmail',
          ],
        ],
      },
      tells: 'for-email',
    },
    {
      what: 'whatever for says is asked for',
      changes: {
        [LOGIN]: [
          [
            "isForEmail ? 'email' : 'profile'])",
            "soleParameter(request.query, 'for')?.trim() || 'profile'])",
          ],
        ],
      },
      tells: 'for-else',
    },
    {
      what: 'for is taken as the address to lead back to',
      changes: {
        [LOGIN]: [
          [
            WAY_BACK,
            "wayBack: isForEmail ? '/email' : (soleParameter(request.query, 'for') ?? '/profile'),",
          ],
        ],
      },
      tells: 'for-else',
    },
    {
      what: 'any for is for the email',
      changes: { [LOGIN]: [[WANTS_EMAIL, "soleParameter(request.query, 'for') !== undefined"]] },
      tells: 'for-else',
    },
    {
      what: 'of two for the first counts',
      changes: { [LOGIN]: [[WANTS_EMAIL, "[request.query.for].flat()[0] === 'email'"]] },
      tells: 'for-else',
    },
    {
      what: 'a 403 sends the browser to another login',
      changes: {
        'client/routes/email.ts': [
          ['async (request, reply) => {\n', 'async (request, reply) => {\n    try {\n'],
          [
            "    return reply.view('email.eta', { email })\n",
            "    return reply.view('email.eta', { email })\n    } catch (error) {\n      if (error.status === 403) return reply.redirect('/login?for=email')\n      throw error\n    }\n",
          ],
        ],
      },
      tells: 'email-403',
    },
    {
      what: 'the 403 page offers a login that asks for nothing more',
      changes: { [API]: [["{ href: '/login?for=email', text", "{ href: '/login', text"]] },
      tells: 'email-link',
    },
    {
      what: 'the client adds what it asked for to what it got',
      changes: {
        [CALLBACK]: [
          [
            LEARN_AT_LOGIN,
            "{ ...tokenResponse, scope: [scope, tokenResponse.scope ?? scope].join(' ') }",
          ],
        ],
      },
      tells: 'email-unticked',
    },
    {
      what: 'every login leads to the profile',
      changes: { [CALLBACK]: [[LEADS_BACK, LEADS_BACK.replace('wayBack', "'/profile'")]] },
      tells: 'way-back',
    },
    {
      what: 'the way back is kept with the session, not with the login',
      changes: {
        [LOGIN]: [
          [`      ${WAY_BACK}\n`, ''],
          [
            "    const url = new URL('/authorize'",
            "    if (isForEmail) request.session.wayBack = '/email'\n    const url = new URL('/authorize'",
          ],
        ],
        [CALLBACK]: [
          [
            '    await request.session.regenerate()\n',
            "    const wayBack = request.session.wayBack ?? '/profile'\n    await request.session.regenerate()\n",
          ],
          ['const { scope, wayBack } = pendingLogin', 'const { scope } = pendingLogin'],
        ],
      },
      tells: 'way-back-newest',
    },
    {
      what: 'the way back comes from the query of the callback',
      changes: {
        [CALLBACK]: [
          [
            LEADS_BACK,
            LEADS_BACK.replace('wayBack', "soleParameter(request.query, 'next') ?? wayBack"),
          ],
        ],
      },
      tells: 'no-address',
    },
    {
      what: 'the way back comes from the query of /login',
      changes: {
        [LOGIN]: [
          [
            'wayBack: isForEmail',
            "wayBack: soleParameter(request.query, 'return_to') ?? (isForEmail",
          ],
          ["? '/email' : '/profile',", "? '/email' : '/profile'),"],
        ],
      },
      tells: 'no-address',
    },
    {
      what: 'access_denied logs out',
      changes: {
        [CALLBACK]: [
          [
            '    if (error !== undefined) {\n',
            '    if (error !== undefined) {\n      delete request.session.tokens\n',
          ],
        ],
      },
      tells: 'denied-keeps',
    },
    {
      what: 'every trouble of /api/me counts as a missing scope',
      changes: { [API]: [[NO_PROFILE, '  if (status !== 200) return undefined\n']] },
      tells: 'me-nonsense',
    },
    {
      what: 'a profile without a name is no problem',
      changes: { [PROFILE]: [[`    ${NAME_MISSING} reply.code(403)\n`, '']] },
      tells: 'profile-403',
    },
    {
      what: 'without the name, the profile starts another login by itself',
      changes: { [PROFILE]: [['reply.code(403)', "return reply.redirect('/login')"]] },
      tells: 'profile-403',
    },
    {
      what: 'without the name, the start page says that nobody is logged in',
      changes: {
        [HOME]: [[`    ${NAME_MISSING} return reply.code(403).view('profile.eta')\n`, '']],
      },
      tells: 'home-403',
    },
    {
      what: 'a 403 of /api/me ends the login',
      changes: {
        [API]: [
          [
            NO_PROFILE,
            '  if (status === 403) {\n    delete session.tokens\n    return undefined\n  }\n',
          ],
        ],
      },
      tells: 'email-still',
    },
    {
      what: 'nobody can log out without a name',
      changes: {
        [PROFILE_PAGE]: [
          ['      <form class="corner"', '<% if (it.user) { %>\n      <form class="corner"'],
          ['      </form>\n', '      </form>\n<% } %>\n'],
        ],
      },
      tells: 'logout-without-profile',
    },
    {
      what: 'without the name, the start page has no way out',
      changes: {
        [HOME]: [["reply.code(403).view('profile.eta')", "reply.code(403).view('home.eta')"]],
      },
      tells: 'logout-without-profile',
    },
    {
      what: 'without the name, no link leads to the email',
      changes: {
        [PROFILE_PAGE]: [
          [
            '      <p><a href="/email">Your email address</a></p>\n',
            '<% if (it.user) { %>\n      <p><a href="/email">Your email address</a></p>\n<% } %>\n',
          ],
        ],
      },
      tells: 'logout-without-profile',
    },
    {
      what: 'the token response decides what the profile shows',
      changes: {
        [API]: [
          [
            NO_PROFILE,
            `${NO_PROFILE}  if (!session.tokens?.scopes.has('profile')) return undefined\n`,
          ],
        ],
      },
      tells: 'api-decides',
    },
  ],
}
