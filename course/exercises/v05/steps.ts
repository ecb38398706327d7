import { type Change, drop, END } from '../copy-draft.ts'
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

const CODE_NOT_USED: Change[] = [
  ['store.codes.get(code) ?? store.usedCodes.get(code)', 'store.codes.get(code)'],
  drop('  // RFC 6749 section 4.1.2: a complete', '  const family'),
  drop('  store.usedCodes.set(code, issuedCode, timeLeft)\n'),
]
const NO_USED_CODES: Change[] = [
  drop('  /** Codes that were exchanged', '}\n\nexport function'),
  drop('    usedCodes: new ExpiringMap(1_000_000, hasEnded),\n'),
]
const AN_HOUR: Change = ['?? 300', '?? 3600']

/** A grant that issues both tokens, and doesn't recognize a used code yet. */
const CODE_WITHOUT_END: Change[] = [
  ...CODE_NOT_USED,
  [
    '  // The last refresh can',
    '  store.families.set(family.id, family, store.refreshTokenTtl)\n',
    '  return {',
  ],
]

/** A store where nothing is revoked. */
const STORE_WITHOUT_END: Change[] = [
  ...NO_USED_CODES,
  drop('  /** True once it was revoked', '}\n\n/** What the server'),
  drop('\nfunction hasEnded', END),
  [
    'accessTokens: new ExpiringMap(1_000_000, hasEnded)',
    'accessTokens: new ExpiringMap(1_000_000)',
  ],
  ['families: new ExpiringMap(1_000_000, hasEnded)', 'families: new ExpiringMap(1_000_000)'],
  AN_HOUR,
]
/** A store that counts no lifetime from the login. */
const STORE_UNCOUNTED: Change[] = [
  ...STORE_WITHOUT_END,
  drop('  /** When the user authorized it', '}\n\n/** What the server'),
  drop('  /** In milliseconds of the monotonic clock. */\n  expiresAt: number\n'),
  drop('  /** Counted from the authorization. */\n'),
]

/** A refresh grant that revokes nothing yet. */
const REFRESH_WITHOUT_END: Change[] = [
  drop('  // RFC 9700 section 4.14.2', '  if (!sameSecret('),
  drop('    family.grant.ended = true\n'),
  ['The refresh token was used before: the login has ended', 'The refresh token was used before'],
]
/** A refresh grant with which each refresh extends the login. */
const REFRESH_UNCOUNTED: Change[] = [
  ...REFRESH_WITHOUT_END,
  [
    '  if (performance.now() >=',
    '  store.families.set(family.id, family, store.refreshTokenTtl)\n',
    '  const next = issueRefreshToken(family)\n',
  ],
]

/** A manager that doesn't handle a rejected refresh yet. */
const WITHOUT_REJECTIONS: Change[] = [
  drop('    try {\n', '      if (performance'),
  ['      if (performance', (body) => body.replace(/^ {2}/gm, ''), '    } catch'],
  drop('    } catch', '  }\n\n  /** Requests that need'),
  ['return await call', 'return call'],
  drop(' Returns a 401 if the server also rejects the refresh.'),
]
/** A manager that refreshes only after a 401. */
const WITHOUT_CLOCK: Change[] = [
  ...WITHOUT_REJECTIONS,
  drop('  /** In milliseconds of the monotonic', '  #renewal:'),
  drop('    this.#renewAt = renewalTime(tokens)\n'),
  drop('    if (performance.now() >=', '    const accessToken'),
  drop('    this.#renewAt = renewalTime(this.#tokens)\n'),
  drop('\n/** In the last tenth', END),
  [
    "Renews the access token first if it's about to expire, and once more if",
    'Renews the access token and calls once more if',
  ],
]
/** A manager that expects one request at a time. */
const FIRST_MANAGER: Change[] = [
  ...WITHOUT_CLOCK,
  drop('  #renewal:', '\n  constructor'),
  drop('  /** Requests that need', '  /** RFC 6749 section 6 */'),
  [
    '    const accessToken =',
    '    const response = await call(this.#tokens.access_token)\n',
    '    if (response.status',
  ],
  ['    // Another request may', '    await this.#requestTokens()\n', '    return call('],
  [
    '/**\n * Holds the tokens of one login',
    '/** Holds the tokens of one login and renews them. */\n',
    'export class',
  ],
]

export const steps: ExerciseStep[] = [
  (draft) => {
    draft.take(
      'protocol.ts',
      drop('/** What the client sends to get new tokens', '/** RFC 6749 section 5.1 */'),
    )
    draft.take(STORE, ...STORE_UNCOUNTED)
    draft.take('server/tokens.ts')
    draft.take(CODE_GRANT, ...CODE_WITHOUT_END, drop('    expiresAt:', '  }\n'))
  },
  (draft) => {
    draft.takeAll('protocol.ts', 'server/routes/token.ts')
    draft.take(
      REFRESH_GRANT,
      ...REFRESH_UNCOUNTED,
      drop("import { sameSecret } from '@oauth-lab/shared/secrets.ts'\n"),
      drop('  if (!sameSecret(', '  store.families.set('),
    )
  },
  (draft) => draft.take(REFRESH_GRANT, ...REFRESH_UNCOUNTED),
  (draft) => {
    draft.take(STORE, ...STORE_WITHOUT_END)
    draft.take(CODE_GRANT, ...CODE_WITHOUT_END)
    draft.take(REFRESH_GRANT, ...REFRESH_WITHOUT_END)
    draft.take('server/routes/authorize.ts', drop('    ended: false,\n'))
  },
  (draft) => {
    draft.takeAll(REFRESH_GRANT, 'server/routes/authorize.ts')
    draft.take(CODE_GRANT, ...CODE_NOT_USED)
    draft.take(STORE, ...NO_USED_CODES, AN_HOUR)
  },
  (draft) => {
    draft.take(CODE_GRANT)
    draft.take(STORE, AN_HOUR)
  },
  (draft) => {
    draft.takeAll(STORE, 'client/api.ts', 'client/routes/callback.ts', 'client/session.ts')
    draft.write(MANAGER, HOLDER)
  },
  (draft) => {
    draft.take('client/token-request.ts')
    draft.take(MANAGER, ...FIRST_MANAGER)
  },
  (draft) => draft.take(MANAGER, ...WITHOUT_CLOCK),
  (draft) => draft.take(MANAGER, ...WITHOUT_REJECTIONS),
  (draft) => draft.take(MANAGER),
]
