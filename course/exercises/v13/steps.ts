import { type Change, type Draft, part } from '../draft.ts'
import type { Exercise } from '../exercise-start.ts'

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
const FIND_KEY = 'return keys.get(kid) ?? Promise.reject(new errors.JWKSNoMatchingKey())'
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
    [
      "/** @throws {PageError} if the server can't be reached, or sends no usable key */",
      "/** @throws {PageError} if the server can't be reached */",
    ],
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
          part(draft.final(KEYS), '  let lastFetch', '    return keys.get'),
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
    {
      what: 'the keys are no set',
      changes: {
        [JWKS]: [
          ['return { keys: [{', 'return {'],
          ["use: 'sig' }] }", "use: 'sig' }"],
        ],
      },
      tells: 'jwks',
    },
    {
      what: 'the key has no name',
      changes: {
        [JWKS]: [
          ['kid, alg:', 'alg:'],
          ['{ kid, publicKey }', '{ publicKey }'],
        ],
      },
      tells: 'jwks',
    },
    {
      what: 'the key does not say what it is for',
      changes: { [JWKS]: [[", alg: 'ES256', use: 'sig'", '']] },
      tells: 'jwks',
    },
    {
      what: 'the keys are for the API alone',
      changes: {
        [JWKS]: [
          [
            'async (_request, reply) => {',
            'async (request, reply) => {\n    if (!request.headers.authorization) return reply.code(401).send({})',
          ],
        ],
      },
      tells: 'jwks',
    },
    {
      what: 'each request gets another key',
      changes: {
        [JWKS]: [
          [
            'const { kid, publicKey } = store.signingKey',
            "const { kid } = store.signingKey\n    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })",
          ],
          [
            "import type { FastifyInstance } from 'fastify'",
            "import { generateKeyPairSync } from 'node:crypto'\nimport type { FastifyInstance } from 'fastify'",
          ],
        ],
      },
      tells: 'jwks',
    },
    {
      what: 'the private key is in the set',
      changes: {
        [JWKS]: [
          [PUBLIC_JWK, "...privateKey.export({ format: 'jwk' })"],
          ['{ kid, publicKey }', '{ kid, privateKey }'],
        ],
      },
      tells: 'jwks-public',
    },
    {
      what: 'nobody may keep the keys',
      changes: { [JWKS]: [[CACHE, '']] },
      tells: 'jwks-cached',
    },
    {
      what: 'Pragma stays',
      changes: { [JWKS]: [[".removeHeader('pragma')", '']] },
      tells: 'jwks-cached',
    },
    {
      what: 'the route counts as one for browsers',
      changes: { [JWKS]: [['{ config: { backChannel: true } }', '{}']] },
      tells: 'jwks-method',
    },
    {
      what: 'everyone may write to /jwks',
      changes: {
        [JWKS]: [
          [
            "app.get('/jwks', { config",
            "app.route({ method: ['GET', 'POST'], url: '/jwks', config",
          ],
          ['backChannel: true } }, async', 'backChannel: true }, handler: async'],
          ["use: 'sig' }] }\n  })", "use: 'sig' }] }\n  } })"],
        ],
      },
      tells: 'jwks-method',
    },
    {
      what: 'the kid is always the same',
      changes: {
        [STORE]: [
          ['kid: randomUUID()', "kid: 'lab-key'"],
          [', randomUUID }', ' }'],
        ],
      },
      tells: 'jwks-own',
    },
    {
      what: 'the key is written into the code',
      changes: {
        [STORE]: [
          [
            KEY_PAIR,
            "signingKey: { kid: randomUUID(), privateKey: createPrivateKey({ key: JWK, format: 'jwk' }), publicKey: createPublicKey({ key: JWK, format: 'jwk' }) }",
          ],
          ['{ generateKeyPairSync,', '{ createPrivateKey, createPublicKey,'],
          [
            'export function createStore',
            "const JWK = {\n  kty: 'EC',\n  crv: 'P-256',\n  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',\n  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',\n  d: 'jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI',\n}\n\nexport function createStore",
          ],
        ],
      },
      tells: 'jwks-own',
    },
    {
      what: 'an access token is a JWT of any kind',
      changes: { [TOKENS]: [["typ: 'at+jwt'", "typ: 'JWT'"]] },
      tells: 'jwt-header',
    },
    {
      what: 'the header names no key',
      changes: { [TOKENS]: [[', kid: store.signingKey.kid', '']] },
      tells: 'jwt-header',
    },
    {
      what: 'the token is signed with a secret',
      changes: {
        [TOKENS]: [
          ["alg: 'ES256'", "alg: 'HS256'"],
          ['.sign(store.signingKey.privateKey)', '.sign(Buffer.alloc(32))'],
        ],
      },
      tells: 'jwt-header',
    },
    {
      what: 'sub is a name to read',
      changes: { [TOKENS]: [['user?.user_id', 'user?.username']] },
      tells: 'jwt-claims',
    },
    {
      what: 'the token is for the server',
      changes: { [TOKENS]: [['aud: store.audience', 'aud: store.issuer']] },
      tells: 'jwt-claims',
    },
    {
      what: 'nobody is said to have issued the token',
      changes: { [TOKENS]: [['    iss: store.issuer,\n', '']] },
      tells: 'jwt-claims',
    },
    {
      what: 'the scope is a list',
      changes: {
        [TOKENS]: [["scope: token.scopes.join(' '),\n    iat", 'scope: token.scopes,\n    iat']],
      },
      tells: 'jwt-claims',
    },
    {
      what: 'the scope is that of the login',
      changes: {
        [TOKENS]: [
          [
            "scope: token.scopes.join(' '),\n    iat",
            "scope: (token.grant.user ? [...token.grant.allowed] : token.scopes).join(' '),\n    iat",
          ],
        ],
      },
      tells: 'jwt-claims',
    },
    {
      what: 'the email address is in the token',
      changes: { [TOKENS]: [[JTI, `${JTI}\n    email: token.grant.user?.email,`]] },
      tells: 'jwt-claims',
    },
    {
      what: 'each token is signed with a key of its own',
      changes: {
        [TOKENS]: [
          [
            '.sign(store.signingKey.privateKey)',
            ".sign(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)",
          ],
          [
            'import { randomToken }',
            "import { generateKeyPairSync } from 'node:crypto'\nimport { randomToken }",
          ],
        ],
      },
      tells: 'jwt-signed',
    },
    {
      what: 'a token expires in milliseconds',
      changes: { [TOKENS]: [[EXP, 'exp: issuedAt + store.accessTokenTtl * 1000']] },
      tells: 'jwt-times',
    },
    {
      what: 'a token expires before its time',
      changes: { [TOKENS]: [['exp: Math.ceil', 'exp: Math.floor']] },
      tells: 'jwt-times',
    },
    {
      what: 'every token lives for five minutes',
      changes: { [TOKENS]: [[EXP, 'exp: Math.ceil(issuedAt / 1000 + 300)']] },
      tells: 'jwt-times',
    },
    {
      what: 'a token never expires',
      changes: { [TOKENS]: [[`    ${EXP},\n`, '']] },
      tells: 'jwt-times',
    },
    {
      what: 'a token of a program is for nobody',
      changes: { [TOKENS]: [[SUB, "sub: token.grant.user?.user_id ?? ''"]] },
      tells: 'jwt-machine',
    },
    {
      what: 'all tokens of a client have one name',
      changes: { [TOKENS]: [[JTI, 'jti: token.grant.client_id,']] },
      tells: 'jwt-jti',
    },
    {
      what: 'a token has no name',
      changes: { [TOKENS]: [[`    ${JTI}\n`, '']] },
      tells: 'jwt-jti',
    },
    {
      what: 'the server forgets the tokens that it signs',
      changes: { [TOKENS]: [[`  ${STORE_TOKEN}\n`, '']] },
      tells: 'introspect-still',
    },
    {
      what: 'a refresh token looks like a JWT, too',
      changes: {
        [TOKENS]: [['return family.id + family.secret', 'return `${family.id}.${family.secret}.`']],
      },
      tells: 'refresh-random',
    },
    {
      what: 'the API fetches the keys for each request',
      changes: {
        [KEYS]: [
          ['    if (!keys.has(kid)) {\n', '    {\n'],
          [IF_PAUSE, '{'],
          ['const PAUSE = 5_000', 'const PAUSE = 0'],
        ],
      },
      tells: 'api-asks-keys',
    },
    {
      what: 'the API asks about a signed token, too',
      changes: {
        [ACCESS_TOKEN]: [
          [
            RETURN,
            `await callBackChannel(\`${'$'}{config.authServerUrl}/introspect\`, { method: 'POST', headers: {} }).catch(() => undefined)\n      ${RETURN}`,
          ],
          [
            JOSE_IMPORT,
            `import { callBackChannel } from '@oauth-lab/shared/back-channel.ts'\n${JOSE_IMPORT}`,
          ],
        ],
      },
      tells: 'api-asks-keys',
    },
    {
      what: 'the keys are fetched at another address',
      changes: { [KEYS]: [['/jwks`', '/keys`']] },
      tells: 'api-asks-keys',
    },
    {
      what: 'whose token it is stands in client_id',
      changes: {
        [ACCESS_TOKEN]: [
          [RETURN, "return { sub: String(payload.client_id ?? sub), scopes: scope.split(' ') }"],
        ],
      },
      tells: 'api-asks-keys',
    },
    {
      what: 'the user is the one in username, if there is one',
      changes: {
        [ACCESS_TOKEN]: [
          [RETURN, "return { sub: String(payload.username ?? sub), scopes: scope.split(' ') }"],
        ],
      },
      tells: 'api-reads',
    },
    {
      what: 'without a scope the token covers the profile',
      changes: { [ACCESS_TOKEN]: [["scope = ''", "scope = 'profile'"]] },
      tells: 'api-reads',
    },
    {
      what: 'what jose says about a token is an accident',
      changes: {
        [ACCESS_TOKEN]: [
          [`      ${IF_JOSE}\n`, ''],
          [JOSE_IMPORT, "import { jwtVerify } from 'jose'"],
        ],
      },
      tells: 'api-garbage',
    },
    {
      what: 'only an expired token is no accident',
      changes: { [ACCESS_TOKEN]: [['errors.JOSEError', 'errors.JWTExpired']] },
      tells: 'api-garbage',
    },
    {
      what: 'jose decides which characters a token has',
      changes: { [ACCESS_TOKEN]: [[`    ${NO_TOKEN}\n`, '']] },
      tells: 'api-garbage',
    },
    {
      what: 'the token is decoded, not checked',
      changes: {
        [ACCESS_TOKEN]: [
          [JOSE_IMPORT, "import { decodeJwt, errors, jwtVerify } from 'jose'"],
          [
            `const { payload } = ${VERIFY}`,
            `const payload = decodeJwt(token)\n      jwtVerify(token, findKey, {`,
          ],
          [
            "requiredClaims: ['exp', 'sub'],\n      })",
            "requiredClaims: ['exp', 'sub'],\n      }).catch(() => undefined)",
          ],
        ],
      },
      tells: 'api-signature',
    },
    {
      what: 'a wrong signature is overlooked',
      changes: {
        [ACCESS_TOKEN]: [
          [JOSE_IMPORT, "import { decodeJwt, errors, jwtVerify } from 'jose'"],
          [
            "requiredClaims: ['exp', 'sub'],\n      })",
            "requiredClaims: ['exp', 'sub'],\n      }).catch((error) => {\n        if (error instanceof errors.JWSSignatureVerificationFailed) return { payload: decodeJwt(token) }\n        throw error\n      })",
          ],
        ],
      },
      tells: 'api-signature',
    },
    {
      what: 'any key will do',
      changes: {
        [KEYS]: [
          [
            FIND_KEY,
            'return keys.get(kid) ?? [...keys.values()][0] ?? Promise.reject(new errors.JWKSNoMatchingKey())',
          ],
        ],
      },
      tells: 'api-kid',
    },
    {
      what: 'the first key of the set is the key',
      changes: {
        [KEYS]: [
          [
            'Array.isArray(body.keys) ? body.keys : []',
            'Array.isArray(body.keys) ? body.keys.slice(0, 1) : []',
          ],
        ],
      },
      tells: 'api-kid',
    },
    {
      what: 'the token says how it is signed',
      changes: { [ACCESS_TOKEN]: [["        algorithms: ['ES256'],\n", '']] },
      tells: 'api-alg',
    },
    {
      what: 'the algorithm is taken from the token',
      changes: {
        [ACCESS_TOKEN]: [
          ["algorithms: ['ES256'],", 'algorithms: [String(decodeProtectedHeader(token).alg)],'],
          [JOSE_IMPORT, "import { decodeProtectedHeader, errors, jwtVerify } from 'jose'"],
        ],
      },
      tells: 'api-alg',
    },
    {
      what: 'a token without a signature needs no check',
      changes: {
        [ACCESS_TOKEN]: [
          [
            `const { payload } = ${VERIFY}`,
            `const isPlain = /none/i.test(String(decodeProtectedHeader(token).alg))\n      const { payload } = isPlain ? { payload: decodeJwt(token) } : ${VERIFY}`,
          ],
          [
            JOSE_IMPORT,
            "import { decodeJwt, decodeProtectedHeader, errors, jwtVerify } from 'jose'",
          ],
        ],
      },
      tells: 'api-alg',
    },
    {
      what: 'the public key is a secret, if the token wants one',
      changes: {
        [ACCESS_TOKEN]: [
          [
            `const { payload } = ${VERIFY}`,
            `const { alg, kid } = decodeProtectedHeader(token)\n      const isSecret = alg === 'HS256'\n      const pem = async () => new TextEncoder().encode(await exportSPKI((await findKey({ alg, kid }, { payload: '', signature: '' })) as CryptoKey))\n      const { payload } = ${VERIFY.replace('findKey', 'isSecret ? await pem() : (findKey as never)')}`,
          ],
          ["algorithms: ['ES256'],", "algorithms: ['ES256', 'HS256'],"],
          [
            JOSE_IMPORT,
            "import { type CryptoKey, decodeProtectedHeader, errors, exportSPKI, jwtVerify } from 'jose'",
          ],
        ],
        [KEYS]: [
          [
            "keys.set(jwk.kid, await findKey({ alg: 'ES256', kid: jwk.kid }))",
            "await findKey({ alg: 'ES256', kid: jwk.kid })\n      keys.set(jwk.kid, (await importJWK({ ...jwk, ext: true }, 'ES256')) as CryptoKey)",
          ],
          ['createLocalJWKSet, errors,', 'createLocalJWKSet, errors, importJWK,'],
        ],
      },
      tells: 'api-alg',
    },
    {
      what: 'a token may bring its own key',
      changes: {
        [ACCESS_TOKEN]: [
          [
            VERIFY,
            'await jwtVerify(token, async (head, jws) => (head?.jwk ? EmbeddedJWK(head, jws) : findKey(head, jws)), {',
          ],
          [JOSE_IMPORT, "import { EmbeddedJWK, errors, jwtVerify } from 'jose'"],
        ],
      },
      tells: 'api-own-key',
    },
    {
      what: 'a token may say where its key is',
      changes: {
        [ACCESS_TOKEN]: [
          [
            VERIFY,
            'await jwtVerify(token, async (head, jws) => (head?.jku ? createRemoteJWKSet(new URL(String(head.jku)))(head, jws) : findKey(head, jws)), {',
          ],
          [JOSE_IMPORT, "import { createRemoteJWKSet, errors, jwtVerify } from 'jose'"],
        ],
      },
      tells: 'api-own-key',
    },
    {
      what: 'whatever goes wrong, the token is bad',
      changes: {
        [ACCESS_TOKEN]: [
          [
            `catch (error) {\n      ${IF_JOSE}\n      throw error\n`,
            'catch {\n      return undefined\n',
          ],
          [JOSE_IMPORT, "import { jwtVerify } from 'jose'"],
        ],
      },
      tells: 'away-first',
    },
    {
      what: 'every JWT of the server is an access token',
      changes: { [ACCESS_TOKEN]: [[OPTIONS, '']] },
      tells: 'claim-typ',
    },
    {
      what: 'typ has one spelling',
      changes: {
        [ACCESS_TOKEN]: [
          [OPTIONS, ''],
          ['const { payload } = await', 'const { payload, protectedHeader } = await'],
          [READ, `if (protectedHeader.typ !== 'at+jwt') return undefined\n      ${READ}`],
        ],
      },
      tells: 'claim-typ',
    },
    {
      what: 'any server may issue tokens',
      changes: { [ACCESS_TOKEN]: [['        issuer: config.authServerUrl,\n', '']] },
      tells: 'claim-iss',
    },
    {
      what: 'a token without iss is of every server',
      changes: {
        [ACCESS_TOKEN]: [
          ['        issuer: config.authServerUrl,\n', ''],
          [
            READ,
            `if ((payload.iss ?? config.authServerUrl) !== config.authServerUrl) return undefined\n      ${READ}`,
          ],
        ],
      },
      tells: 'claim-iss',
    },
    {
      what: 'a token is for every API',
      changes: { [ACCESS_TOKEN]: [['        audience: config.apiUrl,\n', '']] },
      tells: 'claim-aud',
    },
    {
      what: 'the audience is the server',
      changes: {
        [ACCESS_TOKEN]: [
          ['audience: config.apiUrl', 'audience: [config.apiUrl, config.authServerUrl]'],
        ],
      },
      tells: 'claim-aud',
    },
    {
      what: 'aud has to be a text',
      changes: {
        [ACCESS_TOKEN]: [
          ['        audience: config.apiUrl,\n', ''],
          [READ, `if (payload.aud !== config.apiUrl) return undefined\n      ${READ}`],
        ],
      },
      tells: 'claim-aud',
    },
    {
      what: 'aud may start with the address of the API',
      changes: {
        [ACCESS_TOKEN]: [
          ['        audience: config.apiUrl,\n', ''],
          [
            READ,
            `if (!String(payload.aud).includes(config.apiUrl)) return undefined\n      ${READ}`,
          ],
        ],
      },
      tells: 'claim-aud',
    },
    {
      what: 'a token without an end is welcome',
      changes: { [ACCESS_TOKEN]: [["requiredClaims: ['exp', 'sub']", "requiredClaims: ['sub']"]] },
      tells: 'claim-exp',
    },
    {
      what: 'an expired token is good for another day',
      changes: {
        [ACCESS_TOKEN]: [[OPTIONS, `${OPTIONS}        clockTolerance: '1 day',\n`]],
      },
      tells: 'claim-exp',
    },
    {
      what: 'sub may be anything',
      changes: {
        [ACCESS_TOKEN]: [
          ["typeof sub !== 'string' || ", ''],
          [RETURN, "return { sub: String(sub), scopes: scope.split(' ') }"],
        ],
      },
      tells: 'claim-odd',
    },
    {
      what: 'scope may be a list',
      changes: {
        [ACCESS_TOKEN]: [
          [" || typeof scope !== 'string'", ''],
          [
            RETURN,
            "return { sub, scopes: [scope].flat().flatMap((one) => String(one).split(' ')) }",
          ],
        ],
      },
      tells: 'claim-odd',
    },
    {
      what: 'the keys are fetched once and for all',
      changes: { [KEYS]: [['if (!keys.has(kid)) {', 'if (keys.size === 0) {']] },
      tells: 'keys-new',
    },
    {
      what: 'the API looks for new keys once a minute',
      changes: { [KEYS]: [['const PAUSE = 5_000', 'const PAUSE = 60_000']] },
      tells: 'keys-new',
    },
    {
      what: 'a key that was there once is good forever',
      changes: {
        [KEYS]: [
          [
            LAST_FETCH,
            `const before = keys\n      ${LAST_FETCH}\n      keys = new Map([...before, ...keys])`,
          ],
        ],
      },
      tells: 'keys-new',
    },
    {
      what: 'each unknown kid is worth a request',
      changes: {
        [KEYS]: [
          [IF_PAUSE, '{'],
          [`        ${SET_PAUSE}\n`, ''],
          ['  let nextFetchAt = 0\n', ''],
        ],
      },
      tells: 'keys-flood',
    },
    {
      what: 'three seconds are enough',
      changes: { [KEYS]: [['const PAUSE = 5_000', 'const PAUSE = 3_000']] },
      tells: 'keys-flood',
    },
    {
      what: 'the API remembers which kids are unknown, one by one',
      changes: {
        [KEYS]: [
          ['  let nextFetchAt = 0\n', '  const pauses = new Map<unknown, number>()\n'],
          [IF_PAUSE, 'if (performance.now() >= (pauses.get(kid) ?? 0)) {'],
          [SET_PAUSE, 'pauses.set(kid, performance.now() + PAUSE)'],
        ],
      },
      tells: 'keys-flood',
    },
    {
      what: 'everyone waits for the fetch',
      changes: {
        [KEYS]: [
          [
            '    return keys.get(kid)',
            '    await lastFetch.catch(() => undefined)\n    return keys.get(kid)',
          ],
        ],
      },
      tells: 'keys-known',
    },
    {
      what: 'a failed fetch does not count',
      changes: {
        [KEYS]: [
          [
            START_FETCH,
            `${START_FETCH}\n        lastFetch.catch(() => {\n          nextFetchAt = 0\n        })`,
          ],
        ],
      },
      tells: 'keys-failed',
    },
    {
      what: 'a response with any status counts',
      changes: { [KEYS]: [['status !== 200 || keys.size', 'keys.size']] },
      tells: 'keys-nonsense',
    },
    {
      what: 'a set without a useful key counts',
      changes: { [KEYS]: [[' || keys.size === 0', '']] },
      tells: 'keys-nonsense',
    },
    {
      what: 'a private key counts',
      changes: {
        [KEYS]: [
          [
            'const findKey = createLocalJWKSet({ keys: [jwk] })',
            'const findKey = createLocalJWKSet({ keys: [{ ...jwk, d: undefined }] })',
          ],
        ],
      },
      tells: 'keys-nonsense',
    },
    {
      what: 'each first request fetches for itself',
      changes: {
        [KEYS]: [
          [IF_PAUSE, 'if (performance.now() >= nextFetchAt || keys.size === 0) {'],
          [START_FETCH, `${START_FETCH}\n        lastFetch.catch(() => undefined)`],
        ],
      },
      tells: 'keys-failed',
    },
    {
      what: 'the pause starts when the fetch has ended',
      changes: {
        [KEYS]: [
          [`        ${SET_PAUSE}\n`, ''],
          [START_FETCH, `${START_FETCH}.finally(() => {\n          ${SET_PAUSE}\n        })`],
        ],
      },
      tells: 'keys-flood',
    },
    {
      what: 'while the first fetch runs, others start their own',
      changes: {
        [KEYS]: [
          ['  let nextFetchAt = 0\n', '  let nextFetchAt = 0\n  let ended = true\n'],
          [
            IF_PAUSE,
            'if (performance.now() >= nextFetchAt || (keys.size === 0 && !ended)) {\n        ended = false',
          ],
          [START_FETCH, `${START_FETCH}.finally(() => {\n          ended = true\n        })`],
        ],
      },
      tells: 'keys-shared',
    },
    {
      what: 'when the server is away, the API forgets the keys',
      changes: {
        [KEYS]: [[START_FETCH, `${START_FETCH}\n        lastFetch.catch(() => keys.clear())`]],
      },
      tells: 'away',
    },
    {
      what: 'when the server is away, an unknown kid is a 503',
      changes: { [KEYS]: [[LAST_FETCH, 'keys = await lastFetch']] },
      tells: 'away',
    },
    {
      what: 'one useless key spoils the set',
      changes: {
        [KEYS]: [
          [
            '    } catch {\n      // RFC 7517 section 5: keys of other kinds are ignored.\n    }',
            '    } catch {\n      throw badResponse(url, status)\n    }',
          ],
        ],
      },
      tells: 'keys-mixed',
    },
  ],
}
