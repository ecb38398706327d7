import { type Change, type Draft, part } from '../draft.ts'
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
function credulous(draft: Draft): Change[] {
  const text = draft.final(KEYS)
  return [
    ['{ badResponse, callBackChannel }', '{ callBackChannel }'],
    ['const { status, body } = await', 'const { body } = await'],
    [
      part(text, '    try {', '  }\n  if (status'),
      `    const findKey = createLocalJWKSet({ keys: [jwk] })\n    ${IMPORT_KEY}\n`,
    ],
    [`  ${IF_NONSENSE}\n`, ''],
  ]
}

export const steps: ExerciseStep[] = [
  (draft) => {
    draft.takeAll('server/routes/jwks.ts', 'server/app.ts')
    draft.take(
      STORE,
      [part(draft.final(STORE), '  /** What every access token says', '  /** Signs'), ''],
      ['    issuer: config.authServerUrl,\n    audience: config.apiUrl,\n', ''],
    )
  },
  (draft) => draft.takeAll('package.json', STORE, 'server/tokens.ts'),
  (draft) => {
    draft.take('api/app.ts')
    draft.remove('api/introspection.ts')
    const text = draft.final(ACCESS_TOKEN)
    draft.take(
      ACCESS_TOKEN,
      [part(text, "        typ: 'at+jwt',\n", '      })\n      const'), ''],
      [`      ${IF_NO_TEXT}\n`, ''],
      [
        "return { sub, scopes: scope.split(' ') }",
        "return { sub: String(sub), scopes: String(scope).split(' ') }",
      ],
    )
    draft.take(
      KEYS,
      ...credulous(draft),
      [part(draft.final(KEYS), '/** The shortest time', '/** Returns what finds'), ''],
      ['If the kid is new, it asks the server.', 'It asks the server for them once.'],
      [
        part(draft.final(KEYS), '  let lastFetch', `    ${FIND_KEY}`),
        `\n  return async ({ kid }) => {\n    if (keys.size === 0) keys = await fetchKeys(\`${'$'}{authServerUrl}/jwks\`)\n`,
      ],
    )
  },
  (draft) => draft.take(ACCESS_TOKEN),
  (draft) =>
    draft.take(
      KEYS,
      ...credulous(draft),
      ['      // While the server is away, the API goes on with the keys it has.\n', ''],
      [LAST_FETCH, 'keys = await lastFetch'],
    ),
  (draft) => draft.take(KEYS),
]
