import { type Change, drop } from '../copy-draft.ts'
import type { ExerciseStep } from '../exercise-start.ts'

const ACCESS_TOKEN = 'api/access-token.ts'
const KEYS = 'api/keys.ts'
const STORE = 'server/store.ts'
const IF_NO_TEXT = "if (typeof sub !== 'string' || typeof scope !== 'string') return undefined"
const FIND_KEY = 'const key = keys.get(kid)'
const LAST_FETCH =
  'keys = await lastFetch.catch((error) => (keys.size > 0 ? keys : Promise.reject(error)))'
const IF_NONSENSE = 'if (status !== 200 || keys.size === 0) throw badResponse(url, status)'
const IMPORT_KEY = "keys.set(jwk.kid, await findKey({ alg: 'ES256', kid: jwk.kid }))"

/** The key set before it is checked: the first response counts. */
const CREDULOUS: Change[] = [
  ['{ badResponse, callBackChannel }', '{ callBackChannel }'],
  ['const { status, body } = await', 'const { body } = await'],
  [
    '    try {',
    `    const findKey = createLocalJWKSet({ keys: [jwk] })\n    ${IMPORT_KEY}\n`,
    '  }\n  if (status',
  ],
  drop(`  ${IF_NONSENSE}\n`),
]

export const steps: ExerciseStep[] = [
  (draft) => {
    draft.takeAll('server/routes/jwks.ts', 'server/app.ts')
    draft.take(
      STORE,
      drop('  /** What every access token says', '  /** Signs'),
      drop('    issuer: config.authServerUrl,\n    audience: config.apiUrl,\n'),
    )
  },
  (draft) => draft.takeAll('package.json', STORE, 'server/tokens.ts'),
  (draft) => {
    draft.take('api/app.ts')
    draft.remove('api/introspection.ts')
    draft.take(
      ACCESS_TOKEN,
      drop("        typ: 'at+jwt',\n", '      })\n      const'),
      drop(`      ${IF_NO_TEXT}\n`),
      [
        "return { sub, scopes: scope.split(' ') }",
        "return { sub: String(sub), scopes: String(scope).split(' ') }",
      ],
    )
    draft.take(
      KEYS,
      ...CREDULOUS,
      drop('/** The shortest time', '/** Returns what finds'),
      ['If the kid is new, it asks the server.', 'It asks the server for them once.'],
      [
        '  let lastFetch',
        `\n  return async ({ kid }) => {\n    if (keys.size === 0) keys = await fetchKeys(\`${'$'}{authServerUrl}/jwks\`)\n`,
        `    ${FIND_KEY}`,
      ],
    )
  },
  (draft) => draft.take(ACCESS_TOKEN),
  (draft) =>
    draft.take(
      KEYS,
      ...CREDULOUS,
      drop('      // While the server is away, the API goes on with the keys it has.\n'),
      [LAST_FETCH, 'keys = await lastFetch'],
    ),
  (draft) => draft.take(KEYS),
]
