import { change, type Draft, part } from '../lib/exercise/draft.ts'
import type { Exercise } from '../lib/exercise/exercise.ts'

const AUTHORIZE = 'server/routes/authorize.ts'
const MANAGER = 'client/token-manager.ts'
const REFRESH_GRANT = 'server/grants/refresh-token.ts'
const STORE = 'server/store.ts'
const TOKENS = 'server/tokens.ts'

const ROTATION_COMMENT = '  // RFC 9700 section 4.14.2: rotation.'
const COUNTED = '  /** Counted from the login. */\n'

export const v05: Exercise = {
  steps: [
    (draft) => {
      const messages = draft.final('protocol.ts')
      draft.take('protocol.ts', [refreshRequestIn(messages), ''])
      draft.write(STORE, storeWithoutFamilies(draft, { counted: false }))
      draft.write(TOKENS, tokensWithoutFamilies(draft, { counted: false }))
    },
    (draft) => {
      draft.take('protocol.ts')
      draft.take('server/routes/token.ts')
      const grant = grantWithoutFamilies(draft)
      draft.write(REFRESH_GRANT, grant.replace('  store.refreshTokens.delete(refresh_token)\n', ''))
    },
    (draft) => draft.write(REFRESH_GRANT, grantWithoutFamilies(draft)),
    (draft) => {
      draft.write(STORE, storeWithoutFamilies(draft, { counted: true }))
      draft.write(TOKENS, tokensWithoutFamilies(draft, { counted: true }))
      draft.take(AUTHORIZE, ['        ended: false,\n', ''])
    },
    (draft) => {
      for (const path of ['server/token-family.ts', TOKENS, REFRESH_GRANT, AUTHORIZE]) {
        draft.take(path)
      }
      draft.take(STORE, ['?? 300', '?? 3600'])
    },
    (draft) => draft.take('server/grants/authorization-code.ts'),
    (draft) => draft.take(STORE),
    (draft) => {
      const client = [
        'app',
        'session',
        'token-request',
        'user-info',
        'routes/callback',
        'routes/home',
      ]
      for (const name of client) draft.take(`client/${name}.ts`)
      draft.write(MANAGER, firstManager(draft.final(MANAGER)))
    },
    (draft) => draft.write(MANAGER, withoutClock(withoutRefusals(draft.final(MANAGER)))),
    (draft) => draft.write(MANAGER, withoutRefusals(draft.final(MANAGER))),
    (draft) => draft.take(MANAGER),
  ],

  mistakes: [
    {
      what: 'a refresh gives the old refresh token again',
      changes: {
        [REFRESH_GRANT]: [
          [
            '  return issueTokens(store, grant)',
            '  const tokens = issueTokens(store, grant)\n  store.refreshTokens.set(refresh_token, grant, 60)\n  return { ...tokens, refresh_token }',
          ],
          ['  rememberSpent(store, refresh_token, grant)\n', ''],
        ],
      },
      tells: 'rotation',
    },
    {
      what: 'the old refresh token stays good',
      changes: {
        [REFRESH_GRANT]: [
          ['  store.refreshTokens.delete(refresh_token)\n', ''],
          ['  rememberSpent(store, refresh_token, grant)\n', ''],
        ],
      },
      tells: 'rotation',
    },
    {
      what: 'a spent refresh token that comes again is refused, and that is all',
      changes: { [REFRESH_GRANT]: [['  endFamilyIfSpent(store, refresh_token, client)\n', '']] },
      tells: 'reuse-ends-refresh',
    },
    {
      what: 'a reuse ends the refresh tokens, and leaves the access tokens',
      changes: {
        [STORE]: [
          [
            'accessTokens: new ExpiringMap(1_000_000, hasEnded)',
            'accessTokens: new ExpiringMap(1_000_000)',
          ],
        ],
      },
      tells: 'reuse-ends-access',
    },
    {
      what: 'a reuse ends the access tokens, and leaves the refresh tokens',
      changes: {
        [STORE]: [
          [
            'refreshTokens: new ExpiringMap(1_000_000, hasEnded)',
            'refreshTokens: new ExpiringMap(1_000_000)',
          ],
        ],
      },
      tells: 'reuse-ends-refresh',
    },
    {
      what: 'a code that comes again is refused, and that is all',
      changes: {
        'server/grants/authorization-code.ts': [['  endFamilyIfSpent(store, code, client)\n', '']],
      },
      tells: 'code-reuse',
    },
    {
      what: 'the time of a refresh token is counted from the last refresh',
      changes: {
        [TOKENS]: [['grant, refreshTimeLeft(store, grant))', 'grant, store.refreshTokenTtl)']],
      },
      tells: 'from-login',
    },
    {
      what: 'the time of a refresh token is taken for milliseconds',
      changes: {
        [TOKENS]: [
          ['grant, refreshTimeLeft(store, grant))', 'grant, refreshTimeLeft(store, grant) * 1000)'],
        ],
      },
      tells: 'from-login',
    },
    {
      what: 'the refresh token is spent before it is known whose it is',
      changes: {
        [REFRESH_GRANT]: [
          ['  store.refreshTokens.delete(refresh_token)\n', ''],
          [
            'const grant = store.refreshTokens.get(refresh_token)\n',
            'const grant = store.refreshTokens.get(refresh_token)\n  store.refreshTokens.delete(refresh_token)\n',
          ],
        ],
      },
      tells: 'refresh-by-other',
    },
    {
      what: 'nobody asks whose refresh token it is',
      changes: { [REFRESH_GRANT]: [[' || grant.client_id !== client.client_id', '']] },
      tells: 'refresh-refused',
    },
    {
      what: 'an access token still lives for an hour',
      changes: { [STORE]: [['?? 300', '?? 3600']] },
      tells: 'lifetime',
    },
    {
      what: 'each request makes a refresh of its own',
      changes: { [MANAGER]: [['this.#renewal ??= this', 'this.#renewal = this']] },
      tells: 'one-refresh',
    },
    {
      what: 'a late 401 makes another refresh',
      changes: { [MANAGER]: [['if (accessToken === this.#tokens.access_token) await', 'await']] },
      tells: 'late-401',
    },
    {
      what: 'the new refresh token is not kept',
      changes: {
        [MANAGER]: [
          [
            'this.#tokens = await requestToken(',
            'const { refresh_token } = this.#tokens\n    this.#tokens = await requestToken(',
          ],
          [
            '    this.#renewAt = renewalTime(this.#tokens)\n',
            '    this.#tokens = { ...this.#tokens, refresh_token }\n    this.#renewAt = renewalTime(this.#tokens)\n',
          ],
        ],
      },
      tells: 'keeps-new-tokens',
    },
    {
      what: 'the lead time is fixed, whatever the lifetime',
      changes: { [MANAGER]: [['Math.min(expires_in / 10, 30)', '30']] },
      tells: 'not-too-early',
    },
    {
      what: 'expires_in is taken for more than seconds',
      changes: { [MANAGER]: [['(expires_in - lead) * 1000', '(expires_in - lead) * 1_000_000']] },
      tells: 'in-time',
    },
    {
      what: 'it renews after a 401 alone',
      changes: {
        [MANAGER]: [['      if (performance.now() >= this.#renewAt) await this.#renew()\n', '']],
      },
      tells: 'in-time',
    },
    {
      what: 'a refused refresh is shown as it came',
      changes: {
        [MANAGER]: [
          ['if (error instanceof TokenRequestRefused) return { status: 401, body: {} }', ''],
        ],
      },
      tells: 'refused-refresh',
    },
    {
      what: 'a refresh that gets no proper answer ends the login',
      changes: {
        'client/user-info.ts': [
          [
            'await session.tokens.use(ask)',
            'await session.tokens.use(ask).catch((error: Error) => {\n    delete session.tokens\n    throw error\n  })',
          ],
        ],
      },
      tells: 'refresh-nonsense',
    },
    {
      what: 'a token that is refused at once is renewed again and again',
      changes: {
        [MANAGER]: [
          [
            'return await call(this.#tokens.access_token)',
            'if ((await call(this.#tokens.access_token)).status === 401) await this.#renew()\n      return await call(this.#tokens.access_token)',
          ],
        ],
      },
      tells: 'one-retry',
    },
    {
      what: 'the token goes to the browser with the redirect',
      changes: {
        'client/routes/callback.ts': [
          [
            "reply.redirect('/profile', 303)",
            "reply.header('x-token', token.access_token).redirect('/profile', 303)",
          ],
        ],
      },
      tells: 'tokens-hidden',
    },
    {
      what: 'the token request has no content type',
      changes: {
        'client/token-request.ts': [
          ["      'content-type': 'application/x-www-form-urlencoded',\n", ''],
        ],
      },
      tells: 'renews-after-401',
    },
    {
      what: 'the tokens are stored in the session that regenerate() ends',
      changes: {
        'client/routes/callback.ts': [
          ['    await request.session.regenerate()\n', ''],
          [
            '    return reply.redirect(',
            '    await request.session.regenerate()\n    return reply.redirect(',
          ],
        ],
      },
      tells: 'renews-after-401',
    },
    {
      what: 'the access token is sent in place of the refresh token',
      changes: {
        [MANAGER]: [
          ['refresh_token: this.#tokens.refresh_token', 'refresh_token: this.#tokens.access_token'],
        ],
      },
      tells: 'renews-after-401',
    },
    {
      what: 'any client that offers a spent refresh token ends the family',
      changes: {
        'server/token-family.ts': [
          ['if (grant?.client_id === client.client_id) grant.ended', 'if (grant) grant.ended'],
          [', client: Client)', ', _client: Client)'],
        ],
      },
      tells: 'refresh-by-other',
    },
    {
      what: 'the session id stays the same at the login',
      changes: {
        'client/routes/callback.ts': [['    await request.session.regenerate()\n', '']],
      },
      tells: 'fresh-session',
    },
    {
      what: 'only the last spent refresh token of a login is remembered',
      changes: {
        'server/token-family.ts': [
          [
            '  store.spent.set(codeOrToken, grant,',
            '  const before = lastSpent.get(grant)\n  if (before) store.spent.delete(before)\n  lastSpent.set(grant, codeOrToken)\n  store.spent.set(codeOrToken, grant,',
          ],
          ['/** For how many', 'const lastSpent = new Map<Grant, string>()\n\n/** For how many'],
        ],
      },
      tells: 'reuse-ends-refresh',
    },
  ],
}

function refreshRequestIn(messages: string): string {
  return part(
    messages,
    '/** What the client sends to turn a refresh token',
    '/** RFC 6749 section 5.1 */',
  )
}

/** A store before there are families; it counts from the login, or not yet. */
function storeWithoutFamilies(draft: Draft, { counted }: { counted: boolean }): string {
  const full = draft.final(STORE)
  const loginTime = part(full, '  /** When the user logged in', '  /** Whether it is over')
  const changes = [
    [part(full, '  /** Whether it is over', '}\n\n/** What a code'), ''],
    [part(full, '  /** Codes and refresh tokens that', '}\n\nexport function'), ''],
    [part(full, '    spent: new', '  }\n}'), ''],
    [part(full, '\nfunction hasEnded'), ''],
    [
      'accessTokens: new ExpiringMap(1_000_000, hasEnded)',
      'accessTokens: new ExpiringMap(1_000_000)',
    ],
    [
      'refreshTokens: new ExpiringMap(1_000_000, hasEnded)',
      'refreshTokens: new ExpiringMap(1_000_000)',
    ],
    ['?? 300', '?? 3600'],
  ] as const
  const before = change(STORE, full, changes)
  return counted
    ? before
    : change(STORE, before, [
        [loginTime, ''],
        [COUNTED, ''],
      ])
}

function tokensWithoutFamilies(draft: Draft, { counted }: { counted: boolean }): string {
  const full = draft.final(TOKENS)
  const left = 'refreshTimeLeft(store, grant)'
  const put = `  store.refreshTokens.set(refresh_token, grant, ${left})\n`
  const age = '  const age = (performance.now() - grant.loginTime) / 1000\n'
  const comment = part(full, ROTATION_COMMENT, '  const refresh_token')
  return change(TOKENS, full, [
    ["import { refreshTimeLeft } from './token-family.ts'\n", ''],
    counted
      ? [put, age + put.replace(left, 'store.refreshTokenTtl - age')]
      : [put, put.replace(left, 'store.refreshTokenTtl')],
    ...(counted ? [] : [[comment, ''] as const]),
  ])
}

function grantWithoutFamilies(draft: Draft): string {
  const full = draft.final(REFRESH_GRANT)
  return change(REFRESH_GRANT, full, [
    [part(full, 'import { endFamilyIfSpent', 'import { issueTokens'), ''],
    ['  endFamilyIfSpent(store, refresh_token, client)\n', ''],
    ['  rememberSpent(store, refresh_token, grant)\n', ''],
  ])
}

/** A manager that lets a refusal pass as it came. */
function withoutRefusals(full: string): string {
  const body = part(full, '    try {\n', '  }\n\n  /** One at a time')
  const inner = part(body, '      if (performance', '    } catch').replace(/^ {2}/gm, '')
  return change(MANAGER, full, [
    [body, inner.replace('return await call', 'return call')],
    [' A refused renewal gives a 401, too.', ''],
    ['import { requestToken, TokenRequestRefused }', 'import { requestToken }'],
  ])
}

/** A manager that renews after a 401 alone. */
function withoutClock(manager: string): string {
  return change(MANAGER, manager, [
    [part(manager, '  /** In milliseconds of the monotonic', '  #renewal:'), ''],
    ['    this.#renewAt = renewalTime(tokens)\n', ''],
    [part(manager, '    if (performance.now() >=', '    const accessToken'), ''],
    ['    this.#renewAt = renewalTime(this.#tokens)\n', ''],
    [part(manager, '\n/** In the last tenth'), ''],
    [
      'a token that is renewed shortly before it expires, and\n   * makes it once more with a new one when',
      'the access token, and makes it once more with\n   * a new one when',
    ],
  ])
}

/** A manager that knows of one request at a time. */
function firstManager(full: string): string {
  const manager = withoutClock(withoutRefusals(full))
  return change(MANAGER, manager, [
    [part(manager, '  #renewal:', '\n  constructor'), ''],
    [part(manager, '  /** One at a time', '  /** RFC 6749 section 6 */'), ''],
    [
      part(manager, '    const accessToken =', '    if (answer.status'),
      '    const answer = await call(this.#tokens.access_token)\n',
    ],
    [
      part(manager, '    // Where another request', '    return call('),
      '    await this.#requestTokens()\n',
    ],
    [
      part(manager, '/**\n * The tokens of one login', 'export class'),
      '/** The tokens of one login, and the only one who renews them. */\n',
    ],
  ])
}
