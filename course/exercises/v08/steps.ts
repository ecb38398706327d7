import { type Change, part } from '../draft.ts'
import { type Exercise, mistake } from '../exercise-start.ts'

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
    mistake(
      'deny',
      'a Deny is remembered as a yes',
      [AUTHORIZE, REMEMBER, ''],
      [AUTHORIZE, DECISION, REMEMBER + DECISION],
    ),
    mistake('deny-forgets-nothing', 'a Deny takes back what was allowed before', [
      AUTHORIZE,
      DECISION,
      `      if (form.decision === 'deny') allowed.clear()\n${DECISION}`,
    ]),
    mistake('no-page', 'a page comes although nothing is left to ask', [
      AUTHORIZE,
      `    ${SKIP}reply, store, authorizationRequest, login.user)\n`,
      '',
    ]),
    mistake('no-page', 'what was allowed is remembered for the next request only', [
      AUTHORIZE,
      SKIP,
      `for (const one of asked.length ? [] : [...allowed]) allowed.delete(one)\n    ${SKIP}`,
    ]),
    mistake(
      'other-session',
      'each session remembers for itself',
      [STORE, 'store.allowedScopes.get(key) ?? new Set()', 'user.allowed?.[key] ?? new Set()'],
      [
        STORE,
        'store.allowedScopes.set(key, scopes)',
        'user.allowed = { ...user.allowed, [key]: scopes }',
      ],
      [STORE, 'store: Store, { user_id }: User, client_id', 'store: Store, user: any, client_id'],
      [STORE, `const key = ${KEY}`, 'const key = client_id'],
      [AUTHORIZE, 'login = { user, consents', 'login = { user: { ...user }, consents'],
    ),
    mistake('other-user', 'all users share what one of them allowed', [STORE, KEY, 'client_id']),
    mistake('other-client', 'all clients share what a user allowed one of them', [
      STORE,
      KEY,
      'user_id',
    ]),
    mistake('more-asks', 'a user who allowed something once is never asked again', [
      AUTHORIZE,
      'asked.length === 0',
      'allowed.size > 0',
    ]),
    mistake('adds-up', 'a new yes replaces the old one', [
      AUTHORIZE,
      REMEMBER,
      `      allowed.clear()\n${REMEMBER}`,
    ]),
    mistake('only-requested', 'a code is also for what was allowed before and not requested', [
      AUTHORIZE,
      `${SKIP}reply, store, authorizationRequest, login.user)`,
      `${SKIP}reply, store, { ...authorizationRequest, scopes: [...allowed] }, login.user)`,
    ]),
    mistake(
      'nothing-new',
      'an Allow adds all that was allowed before, also what was not requested',
      [
        AUTHORIZE,
        'const scopes = authorizationRequest.scopes.filter((scope) => {',
        'const scopes = [...allowed, ...authorizationRequest.scopes].filter((scope, index, all) => {\n        if (all.indexOf(scope) !== index) return false',
      ],
    ),
    mistake('boxes', 'the boxes come without ticks', [
      CONSENT_PAGE,
      '" checked> <code>',
      '"> <code>',
    ]),
    mistake('allowed-before', 'what was allowed before has a box, too', [
      CONSENT_PAGE,
      'it.asked.includes(scope)',
      'true',
    ]),
    mistake('allowed-before', 'the page is silent about what was allowed before', [
      CONSENT_PAGE,
      'const scope of it.scopes',
      'const scope of it.asked',
    ]),
    mistake('nothing-ticked', 'nothing ticked counts as everything', [
      AUTHORIZE,
      TAKEN,
      `${TAKEN} || ticked.length === 0`,
    ]),
    mistake('nothing-ticked', 'with nothing ticked the client gets a code for nothing', [
      AUTHORIZE,
      ' || scopes.length === 0',
      '',
    ]),
    mistake('not-requested', 'a ticked scope that was not requested is left out in silence', [
      AUTHORIZE,
      NOT_REQUESTED,
      'if (ticked.includes(null))',
    ]),
    mistake(
      'not-requested',
      'a ticked scope that was not requested is allowed',
      [AUTHORIZE, NOT_REQUESTED, 'if (ticked.includes(null))'],
      [
        AUTHORIZE,
        'const scopes = authorizationRequest.scopes.filter((scope) => {',
        'const scopes = [...new Set([...authorizationRequest.scopes, ...ticked])].filter((scope) => {',
      ],
    ),
    mistake('not-requested', 'a ticked scope that was not requested is refused, but remembered', [
      AUTHORIZE,
      NOT_REQUESTED,
      `const before = allowedScopesOf(store, login.user, authorizationRequest.client_id)\n      ${NOT_REQUESTED} for (const one of ticked) before.add(one)\n      ${NOT_REQUESTED}`,
    ]),
    mistake('not-requested', 'several ticked boxes count as none', [
      AUTHORIZE,
      "valuesOf(form, 'scope')",
      "[soleParameter(form, 'scope')].filter(Boolean)",
    ]),
    mistake('part-of-yes', 'the code is for all that was requested', [
      AUTHORIZE,
      CODE_FOR_TICKED,
      'authorizationRequest',
    ]),
    mistake('part-remembered', 'all that was requested is remembered', [
      AUTHORIZE,
      'of scopes) allowed.add',
      'of authorizationRequest.scopes) allowed.add',
    ]),
    mistake('nothing-new', 'only ticked scopes count, not those allowed before', [
      AUTHORIZE,
      TAKEN,
      'return ticked.includes(scope)',
    ]),
    mistake('request-order', 'the ticked scopes come after those allowed before', [
      AUTHORIZE,
      'const scopes = authorizationRequest.scopes.filter(',
      'const scopes = [...authorizationRequest.scopes].sort((a, b) => Number(allowed.has(b)) - Number(allowed.has(a))).filter(',
    ]),
    mistake('request-order', 'the ticked scopes come first', [
      AUTHORIZE,
      CODE_FOR_TICKED,
      '{ ...authorizationRequest, scopes: [...new Set([...(ticked as string[]), ...scopes])] }',
    ]),
    mistake('asks-covered', 'a login asks for profile alone, whatever the token covers', [
      LOGIN,
      "request.session.tokens?.scopes ?? ['profile']",
      "isForEmail ? (request.session.tokens?.scopes ?? ['profile']) : []",
    ]),
    mistake('asks-covered', 'a login asks for what the token covers, and never again for profile', [
      LOGIN,
      "isForEmail ? 'email' : 'profile'])",
      "...(isForEmail ? ['email'] : [])])",
    ]),
    mistake(
      'asks-covered',
      'the client believes that it got what it asked for',
      [
        CALLBACK,
        `    ${LEADS_BACK}`,
        `    request.session.asked = scope.split(' ')\n    ${LEADS_BACK}`,
      ],
      [LOGIN, 'request.session.tokens?.scopes', 'request.session.asked'],
    ),
    mistake(
      'email-unticked',
      'what an earlier token covered counts for the new one',
      [
        CALLBACK,
        '    await request.session.regenerate()\n',
        '    const { tokens: old } = request.session\n    await request.session.regenerate()\n',
      ],
      [
        CALLBACK,
        `    ${LEADS_BACK}`,
        `    for (const one of old?.scopes ?? []) request.session.tokens.scopes.add(one)\n    ${LEADS_BACK}`,
      ],
    ),
    mistake(
      'scope-left-out',
      'a token response without a scope means that the token covers nothing',
      [CALLBACK, LEARN_AT_LOGIN, 'tokenResponse'],
    ),
    mistake('scope-of-refresh', 'the response to a refresh changes nothing', [
      MANAGER,
      LEARN_AT_REFRESH,
      '',
    ]),
    mistake(
      'scope-of-refresh',
      'a response to a refresh without a scope means nothing is covered',
      [MANAGER, LEARN_AT_REFRESH, "    this.scopes = new Set(tokens.scope?.split(' '))\n"],
    ),
    mistake('forgets-at-403', 'a 403 teaches the client nothing', [
      API,
      `  ${FORGETS_SCOPE}\n`,
      '',
    ]),
    mistake('email-still', 'a 403 of /api/me teaches the client nothing', [
      API,
      FORGETS_SCOPE,
      FORGETS_SCOPE.replace('403)', "403 && scope === 'email')"),
    ]),
    mistake(
      'scope-nonsense',
      'a scope may be anything',
      [
        TOKEN_REQUEST,
        "(scope === undefined || (typeof scope === 'string' && /^\\S+( \\S+)*$/.test(scope)))",
        '(scope === undefined || String(scope) === scope || true)',
      ],
      [MANAGER, 'new Set(tokens.scope?.split(', 'new Set(String(tokens.scope).split('],
    ),
    mistake('asks-profile', 'the client asks for the email at each login', [
      LOGIN,
      "?? ['profile']",
      "?? ['profile', 'email']",
    ]),
    mistake('for-email-first', 'without a login, for=email asks for the email alone', [
      LOGIN,
      "?? ['profile']",
      '?? []',
    ]),
    mistake('for-email', 'for=email loses what the token covers', [
      LOGIN,
      '[...covered, isForEmail',
      '[...(isForEmail && request.session.tokens ? [] : covered), isForEmail',
    ]),
    mistake('for-else', 'whatever for says is asked for', [
      LOGIN,
      "isForEmail ? 'email' : 'profile'])",
      "soleParameter(request.query, 'for')?.trim() || 'profile'])",
    ]),
    mistake('for-else', 'for is taken as the address to lead back to', [
      LOGIN,
      WAY_BACK,
      "wayBack: isForEmail ? '/email' : (soleParameter(request.query, 'for') ?? '/profile'),",
    ]),
    mistake('for-else', 'any for is for the email', [
      LOGIN,
      WANTS_EMAIL,
      "soleParameter(request.query, 'for') !== undefined",
    ]),
    mistake('for-else', 'of two for the first counts', [
      LOGIN,
      WANTS_EMAIL,
      "[request.query.for].flat()[0] === 'email'",
    ]),
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
        "    return reply.view('email.eta', { email })\n    } catch (error) {\n      if (error.status === 403) return reply.redirect('/login?for=email')\n      throw error\n    }\n",
      ],
    ),
    mistake('email-link', 'the 403 page offers a login that asks for nothing more', [
      API,
      "{ href: '/login?for=email', text",
      "{ href: '/login', text",
    ]),
    mistake('email-unticked', 'the client adds what it asked for to what it got', [
      CALLBACK,
      LEARN_AT_LOGIN,
      "{ ...tokenResponse, scope: [scope, tokenResponse.scope ?? scope].join(' ') }",
    ]),
    mistake('way-back', 'every login leads to the profile', [
      CALLBACK,
      LEADS_BACK,
      LEADS_BACK.replace('wayBack', "'/profile'"),
    ]),
    mistake(
      'way-back-newest',
      'the way back is kept with the session, not with the login',
      [LOGIN, `      ${WAY_BACK}\n`, ''],
      [
        LOGIN,
        "    const url = new URL('/authorize'",
        "    if (isForEmail) request.session.wayBack = '/email'\n    const url = new URL('/authorize'",
      ],
      [
        CALLBACK,
        '    await request.session.regenerate()\n',
        "    const wayBack = request.session.wayBack ?? '/profile'\n    await request.session.regenerate()\n",
      ],
      [CALLBACK, 'const { scope, wayBack } = pendingLogin', 'const { scope } = pendingLogin'],
    ),
    mistake('no-address', 'the way back comes from the query of the callback', [
      CALLBACK,
      LEADS_BACK,
      LEADS_BACK.replace('wayBack', "soleParameter(request.query, 'next') ?? wayBack"),
    ]),
    mistake(
      'no-address',
      'the way back comes from the query of /login',
      [
        LOGIN,
        'wayBack: isForEmail',
        "wayBack: soleParameter(request.query, 'return_to') ?? (isForEmail",
      ],
      [LOGIN, "? '/email' : '/profile',", "? '/email' : '/profile'),"],
    ),
    mistake('denied-keeps', 'access_denied logs out', [
      CALLBACK,
      '    if (error !== undefined) {\n',
      '    if (error !== undefined) {\n      delete request.session.tokens\n',
    ]),
    mistake('me-nonsense', 'every trouble of /api/me counts as a missing scope', [
      API,
      NO_PROFILE,
      '  if (status !== 200) return undefined\n',
    ]),
    mistake('profile-403', 'a profile without a name is no problem', [
      PROFILE,
      `    ${NAME_MISSING} reply.code(403)\n`,
      '',
    ]),
    mistake('profile-403', 'without the name, the profile starts another login by itself', [
      PROFILE,
      'reply.code(403)',
      "return reply.redirect('/login')",
    ]),
    mistake('home-403', 'without the name, the start page says that nobody is logged in', [
      HOME,
      `    ${NAME_MISSING} return reply.code(403).view('profile.eta')\n`,
      '',
    ]),
    mistake('email-still', 'a 403 of /api/me ends the login', [
      API,
      NO_PROFILE,
      '  if (status === 403) {\n    delete session.tokens\n    return undefined\n  }\n',
    ]),
    mistake(
      'logout-without-profile',
      'nobody can log out without a name',
      [
        PROFILE_PAGE,
        '      <form class="corner"',
        '<% if (it.user) { %>\n      <form class="corner"',
      ],
      [PROFILE_PAGE, '      </form>\n', '      </form>\n<% } %>\n'],
    ),
    mistake('logout-without-profile', 'without the name, the start page has no way out', [
      HOME,
      "reply.code(403).view('profile.eta')",
      "reply.code(403).view('home.eta')",
    ]),
    mistake('logout-without-profile', 'without the name, no link leads to the email', [
      PROFILE_PAGE,
      '      <p><a href="/email">Your email address</a></p>\n',
      '<% if (it.user) { %>\n      <p><a href="/email">Your email address</a></p>\n<% } %>\n',
    ]),
    mistake('api-decides', 'the token response decides what the profile shows', [
      API,
      NO_PROFILE,
      `${NO_PROFILE}  if (!session.tokens?.scopes.has('profile')) return undefined\n`,
    ]),
  ],
}
