import { type Change, change, type Draft, part } from '../draft.ts'
import type { ExerciseStep } from '../exercise-start.ts'

const CODE_GRANT = 'server/grants/authorization-code.ts'
const MANAGER = 'client/token-manager.ts'
const REFRESH_GRANT = 'server/grants/refresh-token.ts'
const STORE = 'server/store.ts'

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

export const steps: ExerciseStep[] = [
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
    draft.take('server/routes/authorize.ts', ['    ended: false,\n', ''])
  },
  (draft) => {
    draft.takeAll(REFRESH_GRANT, 'server/routes/authorize.ts')
    draft.take(CODE_GRANT, ...withoutCodeReuse(draft.final(CODE_GRANT)))
    draft.take(STORE, ...withoutUsedCodes(draft.final(STORE)), ['?? 300', '?? 3600'])
  },
  (draft) => {
    draft.take(CODE_GRANT)
    draft.take(STORE, ['?? 300', '?? 3600'])
  },
  (draft) => {
    draft.takeAll(STORE, 'client/api.ts', 'client/routes/callback.ts', 'client/session.ts')
    draft.write(MANAGER, HOLDER)
  },
  (draft) => {
    draft.take('client/token-request.ts')
    draft.write(MANAGER, firstManager(draft.final(MANAGER)))
  },
  (draft) => draft.write(MANAGER, withoutClock(withoutRefusals(draft.final(MANAGER)))),
  (draft) => draft.write(MANAGER, withoutRefusals(draft.final(MANAGER))),
  (draft) => draft.take(MANAGER),
]

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
      part(before, '  if (performance.now() >=', '  const next = issueRefreshToken(family)\n'),
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
