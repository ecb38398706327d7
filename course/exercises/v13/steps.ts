import { type Change, type Draft, part } from '../draft.ts'
import { type Exercise, mistake } from '../exercise-start.ts'

const ACCESS_TOKEN = 'api/access-token.ts'
const API_APP = 'api/app.ts'
const JWKS = 'server/routes/jwks.ts'
const KEYS = 'api/keys.ts'
const PACKAGE = 'package.json'
const SERVER_APP = 'server/app.ts'
const STORE = 'server/store.ts'
const TOKENS = 'server/tokens.ts'

const OPTIONS = "        typ: 'at+jwt',\n"
const RETURN = "return { sub, scopes: scope.split(' ') }"
const IF_NO_TEXT = "if (typeof sub !== 'string' || typeof scope !== 'string') return undefined"
const READ = "const { sub, scope = '' } = payload"
const VERIFY = 'await jwtVerify(token, findKey, {'
const JOSE_IMPORT = "import { errors, jwtVerify } from 'jose'"
const IF_JOSE = 'if (error instanceof errors.JOSEError) return undefined'
const NO_TOKEN = 'if (/[^\\w.-]/.test(token)) return undefined'
/** The header that a token claims to have. */
const READ_HEADER = `${NO_TOKEN}
    let head: { alg?: string; kid?: string }
    try {
      head = decodeProtectedHeader(token)
    } catch {
      return undefined
    }`
const FIND_KEY = 'const key = keys.get(kid)'
const LAST_FETCH =
  'keys = await lastFetch.catch((error) => (keys.size > 0 ? keys : Promise.reject(error)))'
const START_FETCH = `lastFetch = fetchKeys(\`${'$'}{authServerUrl}/jwks\`)`
const SET_PAUSE = 'nextFetchAt = performance.now() + PAUSE'
const IF_PAUSE = 'if (performance.now() >= nextFetchAt) {'
const IF_NONSENSE = 'if (status !== 200 || keys.size === 0) throw badResponse(url, status)'
const IMPORT_KEY = "keys.set(jwk.kid, await findKey({ alg: 'ES256', kid: jwk.kid }))"
const KEY_PAIR =
  "signingKey: { kid: randomUUID(), ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) }"
const STORE_TOKEN =
  'store.accessTokens.set(access_token, { ...token, issuedAt }, store.accessTokenTtl)'
const SUB = 'sub: token.grant.user?.user_id ?? token.grant.client_id'
const EXP = 'exp: Math.ceil(issuedAt / 1000 + store.accessTokenTtl)'
const JTI = 'jti: randomToken(),'
const CACHE = ".header('cache-control', 'public, max-age=60')"
const PUBLIC_JWK = "...publicKey.export({ format: 'jwk' })"

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

export const v13: Exercise = {
  steps: [
    (draft) => {
      for (const path of [JWKS, SERVER_APP]) draft.take(path)
      draft.take(
        STORE,
        [part(draft.final(STORE), '  /** What every access token says', '  /** Signs'), ''],
        ['    issuer: config.authServerUrl,\n    audience: config.apiUrl,\n', ''],
      )
    },
    (draft) => {
      for (const path of [PACKAGE, STORE, TOKENS]) draft.take(path)
    },
    (draft) => {
      draft.take(API_APP)
      draft.remove('api/introspection.ts')
      const text = draft.final(ACCESS_TOKEN)
      draft.take(
        ACCESS_TOKEN,
        [part(text, OPTIONS, '      })\n      const'), ''],
        [`      ${IF_NO_TEXT}\n`, ''],
        [RETURN, "return { sub: String(sub), scopes: String(scope).split(' ') }"],
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
  ],

  mistakes: [
    mistake(
      'jwks',
      'the keys are no set',
      [JWKS, 'return { keys: [{', 'return {'],
      [JWKS, "use: 'sig' }] }", "use: 'sig' }"],
    ),
    mistake(
      'jwks',
      'the key has no name',
      [JWKS, 'kid, alg:', 'alg:'],
      [JWKS, '{ kid, publicKey }', '{ publicKey }'],
    ),
    mistake('jwks', 'the key does not say what it is for', [
      JWKS,
      ", alg: 'ES256', use: 'sig'",
      '',
    ]),
    mistake('jwks', 'the keys are for the API alone', [
      JWKS,
      'async (_request, reply) => {',
      'async (request, reply) => {\n    if (!request.headers.authorization) return reply.code(401).send({})',
    ]),
    mistake(
      'jwks',
      'each request gets another key',
      [
        JWKS,
        'const { kid, publicKey } = store.signingKey',
        "const { kid } = store.signingKey\n    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })",
      ],
      [
        JWKS,
        "import type { FastifyInstance } from 'fastify'",
        "import { generateKeyPairSync } from 'node:crypto'\nimport type { FastifyInstance } from 'fastify'",
      ],
    ),
    mistake(
      'jwks-public',
      'the private key is in the set',
      [JWKS, PUBLIC_JWK, "...privateKey.export({ format: 'jwk' })"],
      [JWKS, '{ kid, publicKey }', '{ kid, privateKey }'],
    ),
    mistake('jwks-cached', 'nobody may keep the keys', [JWKS, CACHE, '']),
    mistake('jwks-cached', 'Pragma stays', [JWKS, ".removeHeader('pragma')", '']),
    mistake('jwks-method', 'the route counts as one for browsers', [
      JWKS,
      '{ config: { backChannel: true } }',
      '{}',
    ]),
    mistake(
      'jwks-method',
      'everyone may write to /jwks',
      [
        JWKS,
        "app.get('/jwks', { config",
        "app.route({ method: ['GET', 'POST'], url: '/jwks', config",
      ],
      [JWKS, 'backChannel: true } }, async', 'backChannel: true }, handler: async'],
      [JWKS, "use: 'sig' }] }\n  })", "use: 'sig' }] }\n  } })"],
    ),
    mistake(
      'jwks-own',
      'the kid is always the same',
      [STORE, 'kid: randomUUID()', "kid: 'lab-key'"],
      [STORE, ', randomUUID }', ' }'],
    ),
    mistake(
      'jwks-own',
      'the key is written into the code',
      [
        STORE,
        KEY_PAIR,
        "signingKey: { kid: randomUUID(), privateKey: createPrivateKey({ key: JWK, format: 'jwk' }), publicKey: createPublicKey({ key: JWK, format: 'jwk' }) }",
      ],
      [STORE, '{ generateKeyPairSync,', '{ createPrivateKey, createPublicKey,'],
      [
        STORE,
        'export function createStore',
        "const JWK = {\n  kty: 'EC',\n  crv: 'P-256',\n  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',\n  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',\n  d: 'jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI',\n}\n\nexport function createStore",
      ],
    ),
    mistake('jwt-header', 'an access token is a JWT of any kind', [
      TOKENS,
      "typ: 'at+jwt'",
      "typ: 'JWT'",
    ]),
    mistake('jwt-header', 'the header names no key', [TOKENS, ', kid: store.signingKey.kid', '']),
    mistake(
      'jwt-header',
      'the token is signed with a secret',
      [TOKENS, "alg: 'ES256'", "alg: 'HS256'"],
      [TOKENS, '.sign(store.signingKey.privateKey)', '.sign(Buffer.alloc(32))'],
    ),
    mistake('jwt-claims', 'sub is a name to read', [TOKENS, 'user?.user_id', 'user?.username']),
    mistake('jwt-claims', 'the token is for the server', [
      TOKENS,
      'aud: store.audience',
      'aud: store.issuer',
    ]),
    mistake('jwt-claims', 'nobody is said to have issued the token', [
      TOKENS,
      '    iss: store.issuer,\n',
      '',
    ]),
    mistake('jwt-claims', 'the scope is a list', [
      TOKENS,
      "scope: token.scopes.join(' '),\n    iat",
      'scope: token.scopes,\n    iat',
    ]),
    mistake('jwt-claims', 'the scope is that of the login', [
      TOKENS,
      "scope: token.scopes.join(' '),\n    iat",
      "scope: (token.grant.user ? [...token.grant.allowed] : token.scopes).join(' '),\n    iat",
    ]),
    mistake('jwt-claims', 'the email address is in the token', [
      TOKENS,
      JTI,
      `${JTI}\n    email: token.grant.user?.email,`,
    ]),
    mistake(
      'jwt-signed',
      'each token is signed with a key of its own',
      [
        TOKENS,
        '.sign(store.signingKey.privateKey)',
        ".sign(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)",
      ],
      [
        TOKENS,
        'import { randomToken }',
        "import { generateKeyPairSync } from 'node:crypto'\nimport { randomToken }",
      ],
    ),
    mistake('jwt-times', 'a token expires in milliseconds', [
      TOKENS,
      EXP,
      'exp: issuedAt + store.accessTokenTtl * 1000',
    ]),
    mistake('jwt-times', 'a token expires before its time', [
      TOKENS,
      'exp: Math.ceil',
      'exp: Math.floor',
    ]),
    mistake('jwt-times', 'every token lives for five minutes', [
      TOKENS,
      EXP,
      'exp: Math.ceil(issuedAt / 1000 + 300)',
    ]),
    mistake('jwt-times', 'a token never expires', [TOKENS, `    ${EXP},\n`, '']),
    mistake('jwt-machine', 'a token of a program is for nobody', [
      TOKENS,
      SUB,
      "sub: token.grant.user?.user_id ?? ''",
    ]),
    mistake('jwt-jti', 'all tokens of a client have one name', [
      TOKENS,
      JTI,
      'jti: token.grant.client_id,',
    ]),
    mistake('jwt-jti', 'a token has no name', [TOKENS, `    ${JTI}\n`, '']),
    mistake('introspect-still', 'the server forgets the tokens that it signs', [
      TOKENS,
      `  ${STORE_TOKEN}\n`,
      '',
    ]),
    mistake('refresh-random', 'a refresh token looks like a JWT, too', [
      TOKENS,
      'return family.id + family.secret',
      "return [family.id, family.secret, ''].join('.')",
    ]),
    mistake(
      'api-asks-keys',
      'the API fetches the keys for each request',
      [KEYS, '    if (!keys.has(kid)) {\n', '    {\n'],
      [KEYS, IF_PAUSE, '{'],
      [KEYS, 'const PAUSE = 5_000', 'const PAUSE = 0'],
    ),
    mistake(
      'api-asks-keys',
      'the API asks about a signed token, too',
      [
        ACCESS_TOKEN,
        RETURN,
        `await callBackChannel(\`${'$'}{config.authServerUrl}/introspect\`, { method: 'POST', headers: {} }).catch(() => undefined)\n      ${RETURN}`,
      ],
      [
        ACCESS_TOKEN,
        JOSE_IMPORT,
        `import { callBackChannel } from '@oauth-lab/shared/back-channel.ts'\n${JOSE_IMPORT}`,
      ],
    ),
    mistake('api-asks-keys', 'the API borrows a type of the server', [
      ACCESS_TOKEN,
      JOSE_IMPORT,
      `import type { Store } from '../server/store.ts'\n${JOSE_IMPORT}`,
    ]),
    mistake('api-asks-keys', 'the keys are fetched at another address', [KEYS, '/jwks`', '/keys`']),
    mistake('api-asks-keys', 'whose token it is stands in client_id', [
      ACCESS_TOKEN,
      RETURN,
      "return { sub: String(payload.client_id ?? sub), scopes: scope.split(' ') }",
    ]),
    mistake('api-reads', 'the user is the one in username, if there is one', [
      ACCESS_TOKEN,
      RETURN,
      "return { sub: String(payload.username ?? sub), scopes: scope.split(' ') }",
    ]),
    mistake('api-reads', 'without a scope the token covers the profile', [
      ACCESS_TOKEN,
      "scope = ''",
      "scope = 'profile'",
    ]),
    mistake(
      'api-garbage',
      'what jose says about a token is an accident',
      [ACCESS_TOKEN, `      ${IF_JOSE}\n`, ''],
      [ACCESS_TOKEN, JOSE_IMPORT, "import { jwtVerify } from 'jose'"],
    ),
    mistake(
      'api-garbage',
      'the API asks about what it cannot check',
      [
        ACCESS_TOKEN,
        JOSE_IMPORT,
        `import { postForm } from '@oauth-lab/shared/back-channel.ts'\n${JOSE_IMPORT}`,
      ],
      [
        ACCESS_TOKEN,
        IF_JOSE,
        `if (error instanceof errors.JOSEError) {
        await postForm(\`${'$'}{config.authServerUrl}/introspect\`, { token }).catch(() => undefined)
        return undefined
      }`,
      ],
    ),
    mistake('api-garbage', 'only an expired token is no accident', [
      ACCESS_TOKEN,
      'errors.JOSEError',
      'errors.JWTExpired',
    ]),
    mistake('api-garbage', 'jose decides which characters a token has', [
      ACCESS_TOKEN,
      `    ${NO_TOKEN}\n`,
      '',
    ]),
    mistake(
      'api-signature',
      'the token is decoded, not checked',
      [ACCESS_TOKEN, JOSE_IMPORT, "import { decodeJwt, errors, jwtVerify } from 'jose'"],
      [
        ACCESS_TOKEN,
        `const { payload } = ${VERIFY}`,
        `const payload = decodeJwt(token)\n      jwtVerify(token, findKey, {`,
      ],
      [
        ACCESS_TOKEN,
        "requiredClaims: ['exp', 'sub'],\n      })",
        "requiredClaims: ['exp', 'sub'],\n      }).catch(() => undefined)",
      ],
    ),
    mistake(
      'api-signature',
      'a wrong signature is overlooked',
      [ACCESS_TOKEN, JOSE_IMPORT, "import { decodeJwt, errors, jwtVerify } from 'jose'"],
      [
        ACCESS_TOKEN,
        "requiredClaims: ['exp', 'sub'],\n      })",
        "requiredClaims: ['exp', 'sub'],\n      }).catch((error) => {\n        if (error instanceof errors.JWSSignatureVerificationFailed) return { payload: decodeJwt(token) }\n        throw error\n      })",
      ],
    ),
    mistake('api-kid', 'any key will do', [
      KEYS,
      FIND_KEY,
      'const key = keys.get(kid) ?? [...keys.values()][0]',
    ]),
    mistake('api-kid', 'the first key of the set is the key', [
      KEYS,
      'Array.isArray(body.keys) ? body.keys : []',
      'Array.isArray(body.keys) ? body.keys.slice(0, 1) : []',
    ]),
    mistake('api-alg', 'the token says how it is signed', [
      ACCESS_TOKEN,
      "        algorithms: ['ES256'],\n",
      '',
    ]),
    mistake(
      'api-alg',
      'the algorithm is taken from the token',
      [ACCESS_TOKEN, NO_TOKEN, READ_HEADER],
      [ACCESS_TOKEN, "algorithms: ['ES256'],", 'algorithms: [String(head.alg)],'],
      [
        ACCESS_TOKEN,
        JOSE_IMPORT,
        "import { decodeProtectedHeader, errors, jwtVerify } from 'jose'",
      ],
    ),
    mistake(
      'api-alg',
      'a token without a signature needs no check',
      [ACCESS_TOKEN, NO_TOKEN, READ_HEADER],
      [
        ACCESS_TOKEN,
        `const { payload } = ${VERIFY}`,
        `const isPlain = /none/i.test(String(head.alg))\n      const { payload } = isPlain ? { payload: decodeJwt(token) } : ${VERIFY}`,
      ],
      [
        ACCESS_TOKEN,
        JOSE_IMPORT,
        "import { decodeJwt, decodeProtectedHeader, errors, jwtVerify } from 'jose'",
      ],
    ),
    mistake(
      'api-alg',
      'the public key is a secret, if the token wants one',
      [ACCESS_TOKEN, NO_TOKEN, READ_HEADER],
      [
        ACCESS_TOKEN,
        `const { payload } = ${VERIFY}`,
        `const { alg = '', kid } = head\n      const pem = async () => new TextEncoder().encode(await exportSPKI((await findKey({ alg, kid }, { payload: '', signature: '' })) as CryptoKey))\n      const { payload } = ${VERIFY.replace('findKey', "alg === 'HS256' ? await pem() : (findKey as never)")}`,
      ],
      [ACCESS_TOKEN, "algorithms: ['ES256'],", "algorithms: ['ES256', 'HS256'],"],
      [
        ACCESS_TOKEN,
        JOSE_IMPORT,
        "import { type CryptoKey, decodeProtectedHeader, errors, exportSPKI, jwtVerify } from 'jose'",
      ],
      [
        KEYS,
        "keys.set(jwk.kid, await findKey({ alg: 'ES256', kid: jwk.kid }))",
        "await findKey({ alg: 'ES256', kid: jwk.kid })\n      keys.set(jwk.kid, (await importJWK({ ...jwk, ext: true }, 'ES256')) as CryptoKey)",
      ],
      [KEYS, 'createLocalJWKSet, errors,', 'createLocalJWKSet, errors, importJWK,'],
    ),
    mistake(
      'api-own-key',
      'a token may bring its own key',
      [
        ACCESS_TOKEN,
        VERIFY,
        'await jwtVerify(token, async (head, jws) => (head?.jwk ? EmbeddedJWK(head, jws) : findKey(head, jws)), {',
      ],
      [ACCESS_TOKEN, JOSE_IMPORT, "import { EmbeddedJWK, errors, jwtVerify } from 'jose'"],
    ),
    mistake(
      'api-own-key',
      'a token may say where its key is',
      [
        ACCESS_TOKEN,
        VERIFY,
        'await jwtVerify(token, async (head, jws) => (head?.jku ? createRemoteJWKSet(new URL(String(head.jku)))(head, jws) : findKey(head, jws)), {',
      ],
      [ACCESS_TOKEN, JOSE_IMPORT, "import { createRemoteJWKSet, errors, jwtVerify } from 'jose'"],
    ),
    mistake(
      'away-first',
      'whatever goes wrong, the token is bad',
      [
        ACCESS_TOKEN,
        `catch (error) {\n      ${IF_JOSE}\n      throw error\n`,
        'catch {\n      return undefined\n',
      ],
      [ACCESS_TOKEN, JOSE_IMPORT, "import { jwtVerify } from 'jose'"],
    ),
    mistake('claim-typ', 'every JWT of the server is an access token', [ACCESS_TOKEN, OPTIONS, '']),
    mistake(
      'claim-typ',
      'typ has one spelling',
      [ACCESS_TOKEN, OPTIONS, ''],
      [ACCESS_TOKEN, 'const { payload } = await', 'const { payload, protectedHeader } = await'],
      [ACCESS_TOKEN, READ, `if (protectedHeader.typ !== 'at+jwt') return undefined\n      ${READ}`],
    ),
    mistake('claim-iss', 'any server may issue tokens', [
      ACCESS_TOKEN,
      '        issuer: config.authServerUrl,\n',
      '',
    ]),
    mistake(
      'claim-iss',
      'a token without iss is of every server',
      [ACCESS_TOKEN, '        issuer: config.authServerUrl,\n', ''],
      [
        ACCESS_TOKEN,
        READ,
        `if ((payload.iss ?? config.authServerUrl) !== config.authServerUrl) return undefined\n      ${READ}`,
      ],
    ),
    mistake('claim-aud', 'a token is for every API', [
      ACCESS_TOKEN,
      '        audience: config.apiUrl,\n',
      '',
    ]),
    mistake('claim-aud', 'the audience is the server', [
      ACCESS_TOKEN,
      'audience: config.apiUrl',
      'audience: [config.apiUrl, config.authServerUrl]',
    ]),
    mistake(
      'claim-aud',
      'aud has to be a text',
      [ACCESS_TOKEN, '        audience: config.apiUrl,\n', ''],
      [ACCESS_TOKEN, READ, `if (payload.aud !== config.apiUrl) return undefined\n      ${READ}`],
    ),
    mistake(
      'claim-aud',
      'aud may start with the address of the API',
      [ACCESS_TOKEN, '        audience: config.apiUrl,\n', ''],
      [
        ACCESS_TOKEN,
        READ,
        `if (!String(payload.aud).includes(config.apiUrl)) return undefined\n      ${READ}`,
      ],
    ),
    mistake('claim-exp', 'a token without an end is welcome', [
      ACCESS_TOKEN,
      "requiredClaims: ['exp', 'sub']",
      "requiredClaims: ['sub']",
    ]),
    mistake('claim-exp', 'an expired token is good for another quarter of an hour', [
      ACCESS_TOKEN,
      OPTIONS,
      `${OPTIONS}        clockTolerance: '15 minutes',\n`,
    ]),
    mistake('claim-exp', 'an expired token is good for another day', [
      ACCESS_TOKEN,
      OPTIONS,
      `${OPTIONS}        clockTolerance: '1 day',\n`,
    ]),
    mistake(
      'claim-odd',
      'sub may be anything',
      [ACCESS_TOKEN, "typeof sub !== 'string' || ", ''],
      [ACCESS_TOKEN, RETURN, "return { sub: String(sub), scopes: scope.split(' ') }"],
    ),
    mistake(
      'claim-odd',
      'scope may be a list',
      [ACCESS_TOKEN, " || typeof scope !== 'string'", ''],
      [
        ACCESS_TOKEN,
        RETURN,
        "return { sub, scopes: [scope].flat().flatMap((one) => String(one).split(' ')) }",
      ],
    ),
    mistake('keys-new', 'the keys are fetched once and for all', [
      KEYS,
      'if (!keys.has(kid)) {',
      'if (keys.size === 0) {',
    ]),
    mistake(
      'keys-new',
      'the API remembers which tokens were right',
      [
        ACCESS_TOKEN,
        'return async (token) => {',
        'const right = new Map<string, { sub: string; scopes: string[] }>()\n  return async (token) => {\n    if (right.has(token)) return right.get(token)',
      ],
      [
        ACCESS_TOKEN,
        RETURN,
        `right.set(token, { sub, scopes: scope.split(' ') })\n      ${RETURN}`,
      ],
    ),
    mistake('keys-new', 'the API looks for new keys once a minute', [
      KEYS,
      'const PAUSE = 5_000',
      'const PAUSE = 60_000',
    ]),
    mistake('keys-new', 'a key that was there once is good forever', [
      KEYS,
      LAST_FETCH,
      `const before = keys\n      ${LAST_FETCH}\n      keys = new Map([...before, ...keys])`,
    ]),
    mistake(
      'keys-flood',
      'each unknown kid is worth a request',
      [KEYS, IF_PAUSE, '{'],
      [KEYS, `        ${SET_PAUSE}\n`, ''],
      [KEYS, '  let nextFetchAt = 0\n', ''],
    ),
    mistake('keys-flood', 'three seconds are enough', [
      KEYS,
      'const PAUSE = 5_000',
      'const PAUSE = 3_000',
    ]),
    mistake(
      'keys-flood',
      'the API remembers which kids are unknown, one by one',
      [KEYS, '  let nextFetchAt = 0\n', '  const pauses = new Map<unknown, number>()\n'],
      [KEYS, IF_PAUSE, 'if (performance.now() >= (pauses.get(kid) ?? 0)) {'],
      [KEYS, SET_PAUSE, 'pauses.set(kid, performance.now() + PAUSE)'],
    ),
    mistake('keys-known', 'everyone waits for the fetch', [
      KEYS,
      FIND_KEY,
      `await lastFetch.catch(() => undefined)\n    ${FIND_KEY}`,
    ]),
    mistake('keys-failed', 'a failed fetch does not count', [
      KEYS,
      START_FETCH,
      `${START_FETCH}\n        lastFetch.catch(() => {\n          nextFetchAt = 0\n        })`,
    ]),
    mistake('keys-nonsense', 'a response with any status counts', [
      KEYS,
      'status !== 200 || keys.size',
      'keys.size',
    ]),
    mistake('keys-nonsense', 'a set without a useful key counts', [
      KEYS,
      ' || keys.size === 0',
      '',
    ]),
    mistake('keys-nonsense', 'a private key counts', [
      KEYS,
      'const findKey = createLocalJWKSet({ keys: [jwk] })',
      'const findKey = createLocalJWKSet({ keys: [{ ...jwk, d: undefined }] })',
    ]),
    mistake(
      'keys-failed',
      'each first request fetches for itself',
      [KEYS, IF_PAUSE, 'if (performance.now() >= nextFetchAt || keys.size === 0) {'],
      [KEYS, START_FETCH, `${START_FETCH}\n        lastFetch.catch(() => undefined)`],
    ),
    mistake(
      'keys-flood',
      'the pause starts when the fetch has ended',
      [KEYS, `        ${SET_PAUSE}\n`, ''],
      [KEYS, START_FETCH, `${START_FETCH}.finally(() => {\n          ${SET_PAUSE}\n        })`],
    ),
    mistake(
      'keys-shared',
      'while the first fetch runs, others start their own',
      [KEYS, '  let nextFetchAt = 0\n', '  let nextFetchAt = 0\n  let ended = true\n'],
      [
        KEYS,
        IF_PAUSE,
        'if (performance.now() >= nextFetchAt || (keys.size === 0 && !ended)) {\n        ended = false',
      ],
      [KEYS, START_FETCH, `${START_FETCH}.finally(() => {\n          ended = true\n        })`],
    ),
    mistake('away', 'when the server is away, the API forgets the keys', [
      KEYS,
      START_FETCH,
      `${START_FETCH}\n        lastFetch.catch(() => keys.clear())`,
    ]),
    mistake('away', 'when the server is away, an unknown kid is a 503', [
      KEYS,
      LAST_FETCH,
      'keys = await lastFetch',
    ]),
    mistake('keys-mixed', 'one useless key spoils the set', [
      KEYS,
      '    } catch {\n      // RFC 7517 section 5: keys of other kinds are ignored.\n    }',
      '    } catch {\n      throw badResponse(url, status)\n    }',
    ]),
  ],
}
