import { type Change, change, type Draft, part } from '../draft.ts'
import type { Exercise } from '../exercise-start.ts'

const AUTHORIZE = 'server/routes/authorize.ts'
const API = 'client/api.ts'
const CALLBACK = 'client/routes/callback.ts'
const CODE_GRANT = 'server/grants/authorization-code.ts'
const MANAGER = 'client/token-manager.ts'
const REFRESH_GRANT = 'server/grants/refresh-token.ts'
const STORE = 'server/store.ts'

/** How the refresh token grant recognizes a used token, and how it issues the next one. */
const NOT_CURRENT = '!sameSecret(refresh_token, family.id + family.secret)'
const ISSUE_NEXT = '  const next = issueRefreshToken(family)\n'

/** A manager that holds the tokens, but doesn't renew them yet. */
const HOLDER = `import type { BackChannelResponse } from '@oauth-lab/shared/back-channel.ts'
import type { LabConfig } from '@oauth-lab/shared/config.ts'
import type { AccessTokenResponse } from '../protocol.ts'

/** Holds the tokens of one login. */
export class TokenManager {
  readonly #tokens: AccessTokenResponse

  constructor(_config: LabConfig, tokens: AccessTokenResponse) {
    this.#tokens = tokens
  }

  /** Calls the resource server. */
  async use(
    call: (accessToken: string) => Promise<BackChannelResponse>,
  ): Promise<BackChannelResponse> {
    return call(this.#tokens.access_token)
  }
}
`

export const v05: Exercise = {
  steps: [
    (draft) => {
      const messages = draft.final('protocol.ts')
      draft.take('protocol.ts', [refreshRequestIn(messages), ''])
      draft.write(STORE, storeWithoutEnd(draft, { counted: false }))
      draft.take('server/tokens.ts')
      const grant = codeGrantWithoutEnd(draft.final(CODE_GRANT))
      const untimed = change(CODE_GRANT, grant, [[part(grant, '    expiresAt:', '  }\n'), '']])
      draft.write(CODE_GRANT, untimed)
    },
    (draft) => {
      draft.take('protocol.ts')
      draft.take('server/routes/token.ts')
      const grant = refreshGrantWithoutEnd(draft.final(REFRESH_GRANT), { counted: false })
      draft.write(
        REFRESH_GRANT,
        change(REFRESH_GRANT, grant, [
          ["import { sameSecret } from '@oauth-lab/shared/secrets.ts'\n", ''],
          [part(grant, '  if (!sameSecret(', '  store.families.set('), ''],
        ]),
      )
    },
    (draft) => {
      const grant = refreshGrantWithoutEnd(draft.final(REFRESH_GRANT), { counted: false })
      draft.write(REFRESH_GRANT, grant)
    },
    (draft) => {
      draft.write(STORE, storeWithoutEnd(draft, { counted: true }))
      draft.write(CODE_GRANT, codeGrantWithoutEnd(draft.final(CODE_GRANT)))
      const grant = refreshGrantWithoutEnd(draft.final(REFRESH_GRANT), { counted: true })
      draft.write(REFRESH_GRANT, grant)
      draft.take(AUTHORIZE, ['    ended: false,\n', ''])
    },
    (draft) => {
      for (const path of [REFRESH_GRANT, AUTHORIZE]) draft.take(path)
      draft.take(CODE_GRANT, ...withoutCodeReuse(draft.final(CODE_GRANT)))
      draft.take(STORE, ...withoutUsedCodes(draft.final(STORE)), ['?? 300', '?? 3600'])
    },
    (draft) => {
      draft.take(CODE_GRANT)
      draft.take(STORE, ['?? 300', '?? 3600'])
    },
    (draft) => {
      for (const path of [STORE, API, CALLBACK, 'client/session.ts']) draft.take(path)
      draft.write(MANAGER, HOLDER)
    },
    (draft) => {
      draft.take('client/token-request.ts')
      draft.write(MANAGER, firstManager(draft.final(MANAGER)))
    },
    (draft) => draft.write(MANAGER, withoutClock(withoutRefusals(draft.final(MANAGER)))),
    (draft) => draft.write(MANAGER, withoutRefusals(draft.final(MANAGER))),
    (draft) => draft.take(MANAGER),
  ],

  mistakes: [
    {
      what: 'a refresh returns the old refresh token again',
      changes: {
        [REFRESH_GRANT]: [['const next = issueRefreshToken(family)', 'const next = refresh_token']],
      },
      tells: 'rotation',
    },
    {
      what: 'the old refresh token still works',
      changes: {
        [REFRESH_GRANT]: [[NOT_CURRENT, "refresh_token === ''"]],
      },
      tells: 'rotation',
    },
    {
      what: 'the server rejects a used refresh token, but revokes nothing',
      changes: { [REFRESH_GRANT]: [['    family.grant.ended = true\n', '']] },
      tells: 'reuse-ends-refresh',
    },
    {
      what: 'a reuse revokes the refresh tokens, but not the access tokens',
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
      what: 'a reuse revokes the access tokens, but not the refresh tokens',
      changes: {
        [STORE]: [
          [
            'families: new ExpiringMap(1_000_000, hasEnded)',
            'families: new ExpiringMap(1_000_000)',
          ],
        ],
      },
      tells: 'reuse-ends-refresh',
    },
    {
      what: 'the server rejects a used code, but revokes nothing',
      changes: { [CODE_GRANT]: [['    grant.ended = true\n', '']] },
      tells: 'code-reuse',
    },
    {
      what: 'the lifetime of a refresh token counts from the last refresh',
      changes: {
        [REFRESH_GRANT]: [
          [
            ISSUE_NEXT,
            `${ISSUE_NEXT}  family.expiresAt = performance.now() + store.refreshTokenTtl * 1000\n`,
          ],
        ],
      },
      tells: 'from-login',
    },
    {
      what: 'the lifetime of a refresh token counts from the exchange of the code',
      changes: {
        [CODE_GRANT]: [
          [
            'grant.authorizedAt + store.refreshTokenTtl',
            'performance.now() + store.refreshTokenTtl',
          ],
        ],
      },
      tells: 'from-login',
    },
    {
      what: 'a refresh token expires a thousand times too late',
      changes: {
        [REFRESH_GRANT]: [['>= family.expiresAt', '>= family.expiresAt * 1000']],
      },
      tells: 'from-login',
    },
    {
      what: 'the server marks a refresh token as used before it knows whose it is',
      changes: {
        [REFRESH_GRANT]: [
          [
            '  if (family === undefined ||',
            '  if (family !== undefined && family.grant.client_id !== client.client_id) issueRefreshToken(family)\n  if (family === undefined ||',
          ],
        ],
      },
      tells: 'refresh-by-other',
    },
    {
      what: "the server doesn't check which client the refresh token belongs to",
      changes: { [REFRESH_GRANT]: [[' || family.grant.client_id !== client.client_id', '']] },
      tells: 'refresh-refused',
    },
    {
      what: 'an access token still lives for an hour',
      changes: { [STORE]: [['?? 300', '?? 3600']] },
      tells: 'lifetime',
    },
    {
      what: 'each request causes its own refresh',
      changes: { [MANAGER]: [['this.#renewal ??= this', 'this.#renewal = this']] },
      tells: 'one-refresh',
    },
    {
      what: 'a late 401 causes another refresh',
      changes: { [MANAGER]: [['if (accessToken === this.#tokens.access_token) await', 'await']] },
      tells: 'late-401',
    },
    {
      what: "the client doesn't keep the new refresh token",
      changes: { [MANAGER]: [['{ refresh_token, ...tokens }', '{ ...tokens, refresh_token }']] },
      tells: 'keeps-new-tokens',
    },
    {
      what: 'the lead time is fixed, whatever the lifetime',
      changes: { [MANAGER]: [['Math.min(expires_in / 10, 30)', '30']] },
      tells: 'not-too-early',
    },
    {
      what: 'the client counts expires_in a thousand times too long',
      changes: { [MANAGER]: [['(expires_in - lead) * 1000', '(expires_in - lead) * 1_000_000']] },
      tells: 'in-time',
    },
    {
      what: 'the client renews halfway through the lifetime',
      changes: { [MANAGER]: [['Math.min(expires_in / 10, 30)', 'expires_in / 2']] },
      tells: 'in-time',
    },
    {
      what: 'the time to renew stays that of the first token',
      changes: { [MANAGER]: [['    this.#renewAt = renewalTime(this.#tokens)\n', '']] },
      tells: 'in-time',
    },
    {
      what: 'the client never forgets a failed renewal',
      changes: { [MANAGER]: [['.finally(', '.then(']] },
      tells: 'refresh-nonsense',
    },
    {
      what: 'the page for a rejected code hides the error',
      changes: {
        'client/token-request.ts': [['Refused(400, body.error,', "Refused(400, 'Refused',"]],
      },
      tells: 'refusal',
    },
    {
      what: 'the client refreshes only after a 401',
      changes: {
        [MANAGER]: [['      if (performance.now() >= this.#renewAt) await this.#renew()\n', '']],
      },
      tells: 'in-time',
    },
    {
      what: "the client doesn't handle a rejected refresh",
      changes: {
        [MANAGER]: [
          ['if (error instanceof TokenRequestRefused) return { status: 401, body: {} }', ''],
        ],
      },
      tells: 'refused-refresh',
    },
    {
      what: 'a refresh without a usable response ends the login',
      changes: {
        [API]: [
          [
            'await session.tokens.use(call)',
            'await session.tokens.use(call).catch((error: Error) => {\n    delete session.tokens\n    throw error\n  })',
          ],
        ],
      },
      tells: 'refresh-nonsense',
    },
    {
      what: 'the client refreshes more than once for one request',
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
      what: 'the redirect shows the token to the browser',
      changes: {
        [CALLBACK]: [
          [
            "reply.redirect('/profile', 303)",
            "reply.header('x-token', tokenResponse.access_token).redirect('/profile', 303)",
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
        [CALLBACK]: [
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
      what: 'the client sends the access token in place of the refresh token',
      changes: {
        [MANAGER]: [
          [
            '      refresh_token,\n    })',
            '      refresh_token: this.#tokens.access_token,\n    })',
          ],
        ],
      },
      tells: 'renews-after-401',
    },
    {
      what: 'a used refresh token from any client revokes the tokens',
      changes: {
        [REFRESH_GRANT]: [
          [
            '  if (family === undefined ||',
            `  if (family && ${NOT_CURRENT}) family.grant.ended = true\n  if (family === undefined ||`,
          ],
        ],
      },
      tells: 'refresh-by-other',
    },
    {
      what: "a login doesn't change the session ID",
      changes: {
        [CALLBACK]: [['    await request.session.regenerate()\n', '']],
      },
      tells: 'fresh-session',
    },
    {
      what: 'the server recognizes only the last used refresh token of a login',
      changes: {
        [REFRESH_GRANT]: [
          [
            '    family.grant.ended = true\n',
            '    if (lastUsed.get(family) === refresh_token) family.grant.ended = true\n',
          ],
          ['  return {\n', '  lastUsed.set(family, refresh_token)\n\n  return {\n'],
          [
            '/**\n * Exchanges',
            'const lastUsed = new WeakMap<object, string>()\n\n/**\n * Exchanges',
          ],
        ],
      },
      tells: 'reuse-ends-refresh',
    },
    {
      what: 'a used code revokes the tokens, even without the right verifier',
      changes: {
        [CODE_GRANT]: [
          [
            '  store.codes.delete(code)\n',
            '  store.codes.delete(code)\n  if (store.usedCodes.get(code) !== undefined) issuedCode.grant.ended = true\n',
          ],
        ],
      },
      tells: 'code-reuse',
    },
    {
      what: 'the client loses the old refresh token if a refresh returns no new one',
      changes: { [MANAGER]: [['{ refresh_token, ...tokens }', 'tokens']] },
      tells: 'keeps-new-tokens',
    },
    {
      what: 'a token without expires_in counts as expired',
      changes: { [MANAGER]: [['return Number.POSITIVE_INFINITY', 'return 0']] },
      tells: 'not-too-early',
    },
  ],
}

function refreshRequestIn(messages: string): string {
  return part(
    messages,
    '/** What the client sends to get new tokens',
    '/** RFC 6749 section 5.1 */',
  )
}

/** A store where nothing is revoked. `counted` says whether lifetimes already count from the login. */
function storeWithoutEnd(draft: Draft, { counted }: { counted: boolean }): string {
  const full = draft.final(STORE)
  const before = change(STORE, full, [
    ...withoutUsedCodes(full),
    [part(full, '  /** True once it was revoked', '}\n\n/** What the server'), ''],
    [part(full, '\nfunction hasEnded'), ''],
    [
      'accessTokens: new ExpiringMap(1_000_000, hasEnded)',
      'accessTokens: new ExpiringMap(1_000_000)',
    ],
    ['families: new ExpiringMap(1_000_000, hasEnded)', 'families: new ExpiringMap(1_000_000)'],
    ['?? 300', '?? 3600'],
  ])
  if (counted) return before
  return change(STORE, before, [
    [part(before, '  /** When the user authorized it', '}\n\n/** What the server'), ''],
    ['  /** In milliseconds of the monotonic clock. */\n  expiresAt: number\n', ''],
    ['  /** Counted from the authorization. */\n', ''],
  ])
}

function withoutUsedCodes(store: string): Change[] {
  return [
    [part(store, '  /** Codes that were exchanged', '}\n\nexport function'), ''],
    ['    usedCodes: new ExpiringMap(1_000_000, hasEnded),\n', ''],
  ]
}

/** A grant that issues both tokens, and doesn't recognize a used code yet. */
function codeGrantWithoutEnd(full: string): string {
  const before = change(CODE_GRANT, full, withoutCodeReuse(full))
  return change(CODE_GRANT, before, [
    [
      part(before, '  // The last refresh can', '  return {'),
      '  store.families.set(family.id, family, store.refreshTokenTtl)\n',
    ],
  ])
}

function withoutCodeReuse(codeGrant: string): Change[] {
  return [
    ['store.codes.get(code) ?? store.usedCodes.get(code)', 'store.codes.get(code)'],
    [part(codeGrant, '  // RFC 6749 section 4.1.2: a complete', '  const family'), ''],
    ['  store.usedCodes.set(code, issuedCode, timeLeft)\n', ''],
  ]
}

/** A refresh grant that revokes nothing yet. Without `counted`, each refresh extends the login. */
function refreshGrantWithoutEnd(full: string, { counted }: { counted: boolean }): string {
  const before = change(REFRESH_GRANT, full, [
    [part(full, '  // RFC 9700 section 4.14.2', '  if (!sameSecret('), ''],
    ['    family.grant.ended = true\n', ''],
    ['The refresh token was used before: the login has ended', 'The refresh token was used before'],
  ])
  if (counted) return before
  return change(REFRESH_GRANT, before, [
    [
      part(before, '  if (performance.now() >=', ISSUE_NEXT),
      '  store.families.set(family.id, family, store.refreshTokenTtl)\n',
    ],
  ])
}

/** A manager that doesn't handle a rejected refresh yet. */
function withoutRefusals(full: string): string {
  const body = part(full, '    try {\n', '  }\n\n  /** Requests that need')
  const inner = part(body, '      if (performance', '    } catch').replace(/^ {2}/gm, '')
  return change(MANAGER, full, [
    [body, inner.replace('return await call', 'return call')],
    [' Returns a 401 if the server also rejects the refresh.', ''],
  ])
}

/** A manager that refreshes only after a 401. */
function withoutClock(manager: string): string {
  return change(MANAGER, manager, [
    [part(manager, '  /** In milliseconds of the monotonic', '  #renewal:'), ''],
    ['    this.#renewAt = renewalTime(tokens)\n', ''],
    [part(manager, '    if (performance.now() >=', '    const accessToken'), ''],
    ['    this.#renewAt = renewalTime(this.#tokens)\n', ''],
    [part(manager, '\n/** In the last tenth'), ''],
    [
      "Renews the access token first if it's about to expire, and once more if",
      'Renews the access token and calls once more if',
    ],
  ])
}

/** A manager that expects one request at a time. */
function firstManager(full: string): string {
  const manager = withoutClock(withoutRefusals(full))
  return change(MANAGER, manager, [
    [part(manager, '  #renewal:', '\n  constructor'), ''],
    [part(manager, '  /** Requests that need', '  /** RFC 6749 section 6 */'), ''],
    [
      part(manager, '    const accessToken =', '    if (response.status'),
      '    const response = await call(this.#tokens.access_token)\n',
    ],
    [
      part(manager, '    // Another request may', '    return call('),
      '    await this.#requestTokens()\n',
    ],
    [
      part(manager, '/**\n * Holds the tokens of one login', 'export class'),
      '/** Holds the tokens of one login and renews them. */\n',
    ],
  ])
}
