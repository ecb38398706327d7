import { type Change, change, type Draft, part } from '../draft.ts'
import { type Exercise, mistake } from '../exercise-start.ts'

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
    mistake('rotation', 'a refresh returns the old refresh token again', [
      REFRESH_GRANT,
      'const next = issueRefreshToken(family)',
      'const next = refresh_token',
    ]),
    mistake('rotation', 'the old refresh token still works', [
      REFRESH_GRANT,
      NOT_CURRENT,
      "refresh_token === ''",
    ]),
    mistake('reuse-ends-refresh', 'the server rejects a used refresh token, but revokes nothing', [
      REFRESH_GRANT,
      '    family.grant.ended = true\n',
      '',
    ]),
    mistake('reuse-ends-access', 'a reuse revokes the refresh tokens, but not the access tokens', [
      STORE,
      'accessTokens: new ExpiringMap(1_000_000, hasEnded)',
      'accessTokens: new ExpiringMap(1_000_000)',
    ]),
    mistake('reuse-ends-refresh', 'a reuse revokes the access tokens, but not the refresh tokens', [
      STORE,
      'families: new ExpiringMap(1_000_000, hasEnded)',
      'families: new ExpiringMap(1_000_000)',
    ]),
    mistake('code-reuse', 'the server rejects a used code, but revokes nothing', [
      CODE_GRANT,
      '    grant.ended = true\n',
      '',
    ]),
    mistake('from-login', 'the lifetime of a refresh token counts from the last refresh', [
      REFRESH_GRANT,
      ISSUE_NEXT,
      `${ISSUE_NEXT}  family.expiresAt = performance.now() + store.refreshTokenTtl * 1000\n`,
    ]),
    mistake('from-login', 'the lifetime of a refresh token counts from the exchange of the code', [
      CODE_GRANT,
      'grant.authorizedAt + store.refreshTokenTtl',
      'performance.now() + store.refreshTokenTtl',
    ]),
    mistake('from-login', 'a refresh token expires a thousand times too late', [
      REFRESH_GRANT,
      '>= family.expiresAt',
      '>= family.expiresAt * 1000',
    ]),
    mistake(
      'refresh-by-other',
      'the server marks a refresh token as used before it knows whose it is',
      [
        REFRESH_GRANT,
        '  if (family === undefined ||',
        '  if (family !== undefined && family.grant.client_id !== client.client_id) issueRefreshToken(family)\n  if (family === undefined ||',
      ],
    ),
    mistake(
      'refresh-refused',
      "the server doesn't check which client the refresh token belongs to",
      [REFRESH_GRANT, ' || family.grant.client_id !== client.client_id', ''],
    ),
    mistake('lifetime', 'an access token still lives for an hour', [STORE, '?? 300', '?? 3600']),
    mistake('one-refresh', 'each request causes its own refresh', [
      MANAGER,
      'this.#renewal ??= this',
      'this.#renewal = this',
    ]),
    mistake('late-401', 'a late 401 causes another refresh', [
      MANAGER,
      'if (accessToken === this.#tokens.access_token) await',
      'await',
    ]),
    mistake('keeps-new-tokens', "the client doesn't keep the new refresh token", [
      MANAGER,
      '{ refresh_token, ...tokens }',
      '{ ...tokens, refresh_token }',
    ]),
    mistake('not-too-early', 'the lead time is fixed, whatever the lifetime', [
      MANAGER,
      'Math.min(expires_in / 10, 30)',
      '30',
    ]),
    mistake('in-time', 'the client counts expires_in a thousand times too long', [
      MANAGER,
      '(expires_in - lead) * 1000',
      '(expires_in - lead) * 1_000_000',
    ]),
    mistake('in-time', 'the client renews halfway through the lifetime', [
      MANAGER,
      'Math.min(expires_in / 10, 30)',
      'expires_in / 2',
    ]),
    mistake('in-time', 'the time to renew stays that of the first token', [
      MANAGER,
      '    this.#renewAt = renewalTime(this.#tokens)\n',
      '',
    ]),
    mistake('refresh-nonsense', 'the client never forgets a failed renewal', [
      MANAGER,
      '.finally(',
      '.then(',
    ]),
    mistake('refusal', 'the page for a rejected code hides the error', [
      'client/token-request.ts',
      'Refused(400, body.error,',
      "Refused(400, 'Refused',",
    ]),
    mistake('in-time', 'the client refreshes only after a 401', [
      MANAGER,
      '      if (performance.now() >= this.#renewAt) await this.#renew()\n',
      '',
    ]),
    mistake('refused-refresh', "the client doesn't handle a rejected refresh", [
      MANAGER,
      'if (error instanceof TokenRequestRefused) return { status: 401, body: {} }',
      '',
    ]),
    mistake('refresh-nonsense', 'a refresh without a usable response ends the login', [
      API,
      'await session.tokens.use(call)',
      'await session.tokens.use(call).catch((error: Error) => {\n    delete session.tokens\n    throw error\n  })',
    ]),
    mistake('one-retry', 'the client refreshes more than once for one request', [
      MANAGER,
      'return await call(this.#tokens.access_token)',
      'if ((await call(this.#tokens.access_token)).status === 401) await this.#renew()\n      return await call(this.#tokens.access_token)',
    ]),
    mistake('tokens-hidden', 'the redirect shows the token to the browser', [
      CALLBACK,
      "reply.redirect('/profile', 303)",
      "reply.header('x-token', tokenResponse.access_token).redirect('/profile', 303)",
    ]),
    mistake('renews-after-401', 'the token request has no content type', [
      'client/token-request.ts',
      "      'content-type': 'application/x-www-form-urlencoded',\n",
      '',
    ]),
    mistake(
      'renews-after-401',
      'the tokens are stored in the session that regenerate() ends',
      [CALLBACK, '    await request.session.regenerate()\n', ''],
      [
        CALLBACK,
        '    return reply.redirect(',
        '    await request.session.regenerate()\n    return reply.redirect(',
      ],
    ),
    mistake('renews-after-401', 'the client sends the access token in place of the refresh token', [
      MANAGER,
      '      refresh_token,\n    })',
      '      refresh_token: this.#tokens.access_token,\n    })',
    ]),
    mistake('refresh-by-other', 'a used refresh token from any client revokes the tokens', [
      REFRESH_GRANT,
      '  if (family === undefined ||',
      `  if (family && ${NOT_CURRENT}) family.grant.ended = true\n  if (family === undefined ||`,
    ]),
    mistake('fresh-session', "a login doesn't change the session ID", [
      CALLBACK,
      '    await request.session.regenerate()\n',
      '',
    ]),
    mistake(
      'reuse-ends-refresh',
      'the server recognizes only the last used refresh token of a login',
      [
        REFRESH_GRANT,
        '    family.grant.ended = true\n',
        '    if (lastUsed.get(family) === refresh_token) family.grant.ended = true\n',
      ],
      [REFRESH_GRANT, '  return {\n', '  lastUsed.set(family, refresh_token)\n\n  return {\n'],
      [
        REFRESH_GRANT,
        '/**\n * Exchanges',
        'const lastUsed = new WeakMap<object, string>()\n\n/**\n * Exchanges',
      ],
    ),
    mistake('code-reuse', 'a used code revokes the tokens, even without the right verifier', [
      CODE_GRANT,
      '  store.codes.delete(code)\n',
      '  store.codes.delete(code)\n  if (store.usedCodes.get(code) !== undefined) issuedCode.grant.ended = true\n',
    ]),
    mistake(
      'keeps-new-tokens',
      'the client loses the old refresh token if a refresh returns no new one',
      [MANAGER, '{ refresh_token, ...tokens }', 'tokens'],
    ),
    mistake('not-too-early', 'a token without expires_in counts as expired', [
      MANAGER,
      'return Number.POSITIVE_INFINITY',
      'return 0',
    ]),
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
