import {
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  randomUUID,
  sign,
  verify,
} from 'node:crypto'
import type { Page } from '@oauth-lab/shared/testing/browser.ts'
import type { JsonAnswer } from '@oauth-lab/shared/testing/driver.ts'
import { HoldingGate } from '@oauth-lab/shared/testing/hooks.ts'
import {
  ALL_SCOPES,
  AS_API,
  AS_WORKER,
  codeOf,
  expectFound,
  expectInvalid,
  expectUnavailable,
  loginForApi,
  PATHS,
  RESOURCES,
  tokenOf,
  workerToken,
} from '../api-checks.ts'
import {
  answered,
  type CheckDriver,
  expectValues,
  must,
  type Stage,
  WORKER,
} from '../check-stage.ts'
import { within } from '../patience.ts'
import type { CheckSettings, Sentence } from '../sentence.ts'
import { hangUp, ok, randomValue, type StandInAnswer } from '../stand-in.ts'
import { BOTH } from '../v06/checks.ts'

const ACCESS_TOKEN = 'api/access-token.ts'
const KEYS = 'api/keys.ts'
const TOKENS = 'server/tokens.ts'

/** How long access tokens live on the server with short lifetimes, in seconds. */
const LIFETIME = 100
/** The shortest time between two fetches of the keys, in milliseconds. */
const PAUSE = 5_000
/** How long a token whose key is there may take, in milliseconds, on an idle machine. */
const NOTICE = 2_000

/** A key pair for ES256, and its name. */
interface Key {
  kid: string
  privateKey: KeyObject
  publicKey: KeyObject
}

const KEY = newKey()
const SECOND_KEY = newKey()
/** A key that no server publishes. */
const FOREIGN_KEY = newKey()

export const settings: CheckSettings = {
  scopes: ['profile', 'email'],
  short: { ACCESS_TOKEN_TTL: String(LIFETIME) },
}

export const sentences: Sentence[] = [
  {
    id: 'introspect-still',
    text: 'POST /introspect still knows each access token',
    file: 'server/tokens.ts',
    async probe({ server }) {
      for (const token of [await tokenOf(server), await workerToken(server, TOKENS)]) {
        const said = await introspect(server, token)
        must(
          said.active === true,
          `about an access token, POST /introspect says ${JSON.stringify(said)}: keep each token that you issue`,
        )
      }
    },
  },
  {
    id: 'revoke-still',
    text: 'POST /revoke still ends an access token: from then on, /introspect says {"active":false}',
    file: 'server/tokens.ts',
    needs: ['introspect-still'],
    async probe({ server }) {
      const one = await server.tokens({ scope: BOTH })
      const other = await server.tokens({ scope: BOTH })
      for (const [token, ended, what] of [
        [one.access_token, one.access_token, 'an access token'],
        [other.refresh_token, other.access_token, 'the refresh token of its login'],
      ] as const) {
        await server.post('/revoke', { token })
        const said = await introspect(server, ended)
        must(
          said.active === false,
          `after POST /revoke with ${what}, POST /introspect says that the access token is active`,
        )
      }
    },
  },
  {
    id: 'refresh-random',
    text: 'Codes and refresh tokens are random values, which say nothing',
    file: 'server/tokens.ts',
    async probe({ server }) {
      const code = await server.code()
      const { refresh_token } = await server.tokens()
      for (const [what, value] of Object.entries({ code, 'refresh token': refresh_token })) {
        must(
          /^[\w-]+$/.test(value),
          `a ${what} is ${JSON.stringify(`${value.slice(0, 40)}...`)}: only access tokens are JWTs`,
        )
      }
    },
  },
  {
    id: 'jwks',
    text: 'GET /jwks has one key for ES256: kty, crv, x, y, kid, alg and use',
    file: 'server/routes/jwks.ts',
    async probe({ server }) {
      const { keys, page } = await jwksOf(server.serverUrl, server)
      const type = String(page.headers['content-type'])
      must(type.startsWith('application/json'), `GET /jwks has Content-Type ${type}`)
      must(keys.length === 1, `GET /jwks has ${keys.length} keys, not one`)
      const [key = {}] = keys
      const fixed = { kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' }
      expectValues(key, fixed, 'the key of GET /jwks')
      for (const name of ['kid', 'x', 'y']) {
        must(
          typeof key[name] === 'string' && key[name] !== '',
          `the key of GET /jwks has ${name} ${JSON.stringify(key[name])}, not a text`,
        )
      }
      const again = await jwksOf(server.serverUrl, server)
      must(
        again.page.body === page.body,
        'the second GET /jwks has another key: make one when the server starts',
      )
    },
  },
  {
    id: 'jwks-public',
    text: 'It has the public half alone, for everyone',
    file: 'server/routes/jwks.ts',
    needs: ['jwks'],
    async probe({ server }) {
      for (const authorization of [undefined, 'Bearer x', AS_WORKER.authorization]) {
        const { keys } = await jwksOf(server.serverUrl, server, authorization)
        const member = ['d', 'k', 'p', 'q'].find((name) => name in (keys[0] ?? {}))
        must(
          member === undefined,
          `the key of GET /jwks has ${member}, which makes it a private key: everyone can sign tokens with it`,
        )
      }
    },
  },
  {
    id: 'jwks-cached',
    text: 'It may be cached for a minute: Cache-Control: public, max-age=60, and no Pragma',
    file: 'server/routes/jwks.ts',
    needs: ['jwks'],
    async probe({ server }) {
      const { headers } = (await jwksOf(server.serverUrl, server)).page
      must(
        headers['cache-control'] === 'public, max-age=60',
        `GET /jwks has Cache-Control: ${headers['cache-control']}`,
      )
      must(
        headers.pragma === undefined,
        `GET /jwks has Pragma: ${headers.pragma}, which says the opposite of its Cache-Control`,
      )
    },
  },
  {
    id: 'jwks-method',
    text: 'Other methods get 405 in JSON',
    file: 'server/routes/jwks.ts',
    needs: ['jwks'],
    async probe({ server }) {
      await jwksOf(server.serverUrl, server)
      for (const method of ['POST', 'PUT', 'DELETE']) {
        const page = await server.browser().open(`${server.serverUrl}/jwks`, { method })
        must(page.status === 405, `${method} /jwks gets ${page.status}, not 405`)
        must(
          /json/.test(String(page.headers['content-type'])),
          `${method} /jwks gets a 405 for browsers: say that programs call this route`,
        )
      }
    },
  },
  {
    id: 'jwks-own',
    text: 'Each server has its own key, with its own kid, so an API notices a new one',
    on: 'short server',
    file: 'server/store.ts',
    needs: ['jwks'],
    async probe({ server, otherServerUrl }) {
      const [one = {}] = (await jwksOf(server.serverUrl, server)).keys
      const [other = {}] = (await jwksOf(otherServerUrl, server)).keys
      must(one.x !== other.x, 'two servers have the same key: each has to make its own')
      must(
        one.kid !== other.kid,
        `two servers have different keys, both with the kid ${JSON.stringify(one.kid)}: after a restart, an API that knows this kid looks for no new key`,
      )
    },
  },
  {
    id: 'jwt-header',
    text: 'An access token is a JWT. Its header says alg ES256, typ at+jwt, and the kid of the key at /jwks',
    file: 'server/tokens.ts',
    needs: ['jwks'],
    async probe({ server }) {
      for (const token of [await tokenOf(server), await workerToken(server, TOKENS)]) {
        const { header } = partsOf(token)
        const [key] = (await jwksOf(server.serverUrl, server)).keys
        const expected = { alg: 'ES256', typ: 'at+jwt', kid: key?.kid }
        expectValues(header, expected, 'the header of an access token')
      }
    },
  },
  {
    id: 'jwt-claims',
    text: 'Its claims say who issued it, for which API, for whom, to which client and for what: iss, aud, sub, client_id and scope',
    file: 'server/tokens.ts',
    needs: ['jwt-header', 'refresh-random'],
    async probe(stage) {
      const { server } = stage
      for (const user of ['user0', 'user1']) {
        const { body } = await server.redeem(await codeOf(stage, user))
        expectClaims(stage, String(body.access_token), `a token of ${user}`, {
          sub: user,
          client_id: 'lab-client',
          scope: BOTH,
        })
      }
      const { refresh_token } = await server.tokens({ scope: BOTH })
      const form = { grant_type: 'refresh_token', refresh_token, scope: 'email' }
      const { body } = await server.token(form)
      expectClaims(stage, String(body.access_token), 'a token for email alone', {
        sub: 'user0',
        client_id: 'lab-client',
        scope: 'email',
      })
    },
  },
  {
    id: 'jwt-signed',
    text: 'The key at /jwks matches its signature',
    file: 'server/tokens.ts',
    needs: ['jwt-header'],
    async probe({ server }) {
      for (const token of [await tokenOf(server), await workerToken(server, TOKENS)]) {
        const { input, signature } = partsOf(token)
        const [jwk = {}] = (await jwksOf(server.serverUrl, server)).keys
        const key = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' })
        must(
          verify('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }, signature),
          "the signature of an access token doesn't match the key at GET /jwks: sign with the private half of that one",
        )
      }
    },
  },
  {
    id: 'jwt-times',
    text: 'Its iat and exp are those of /introspect, in whole seconds',
    on: 'short server',
    file: 'server/tokens.ts',
    needs: ['jwt-header', 'introspect-still'],
    async probe({ server }) {
      // Rounded up or down makes no difference in the one millisecond at which a second starts.
      for (const token of [await tokenOf(server), await tokenOf(server)]) {
        const { claims } = partsOf(token)
        const said = await introspect(server, token)
        for (const name of ['iat', 'exp']) {
          must(
            claims[name] === said[name],
            `with ACCESS_TOKEN_TTL=${LIFETIME}, an access token has ${name} ${JSON.stringify(claims[name])}, but POST /introspect says ${JSON.stringify(said[name])}`,
          )
        }
      }
    },
  },
  {
    id: 'jwt-machine',
    text: 'A token of the worker stands for the worker: its name is client_id and sub',
    file: 'server/tokens.ts',
    needs: ['jwt-claims'],
    async probe(stage) {
      const token = await workerToken(stage.server, TOKENS)
      expectClaims(stage, token, "the worker's token", {
        sub: WORKER.id,
        client_id: WORKER.id,
        scope: 'stats:read',
      })
    },
  },
  {
    id: 'jwt-jti',
    text: 'Each token has a name of its own, jti',
    file: 'server/tokens.ts',
    needs: ['jwt-header'],
    async probe({ server }) {
      const tokens = await Promise.all([1, 2, 3].map(() => workerToken(server, TOKENS)))
      const names = tokens.map((token) => partsOf(token).claims.jti)
      const wrong = names.findIndex((name) => typeof name !== 'string' || name === '')
      must(wrong === -1, `an access token has jti ${JSON.stringify(names[wrong])}, not a text`)
      must(
        new Set(names).size === names.length,
        `${names.length} access tokens have the jti ${JSON.stringify(names[0])}: give each another one`,
      )
    },
  },
  {
    id: 'api-asks-keys',
    text: 'The API checks tokens with the keys of GET /jwks, which it fetches once, and asks nothing else',
    file: 'api/access-token.ts',
    async probe(stage) {
      stage.expectOwnCode('api')
      const { standIn } = stage
      publish(stage)
      for (const path of [...PATHS, ...PATHS]) {
        const answer = await askApi(stage, sealed(stage), path)
        expectNoQuestion(stage)
        expectFound(answer, path, 'with a valid token,')
      }
      must(
        standIn.keyRequests <= 1,
        `for ${2 * PATHS.length} tokens, the API fetches the keys ${standIn.keyRequests} times: keep them`,
        KEYS,
      )
    },
  },
  {
    id: 'api-reads',
    text: 'It answers what the token says: whose it is (sub), and what it covers (scope)',
    file: 'api/access-token.ts',
    needs: ['api-asks-keys'],
    async probe(stage) {
      await ready(stage)
      for (const [path, expected] of [
        ['/api/me', { user_id: 'user1', username: 'User Number 1' }],
        ['/api/email', { email: 'user1@oauth-lab.me' }],
      ] as const) {
        const claims = { sub: 'user1', username: 'user0', client_id: 'user0' }
        const { body } = await askApi(stage, sealed(stage, { claims }), path)
        must(
          JSON.stringify(body) === JSON.stringify(expected),
          `with sub "user1", GET ${path} returns ${JSON.stringify(body)}, not ${JSON.stringify(expected)}`,
        )
      }
      for (const sub of [WORKER.id, 'nobody', '__proto__', '']) {
        for (const path of ['/api/me', '/api/email']) {
          const answer = await askApi(stage, sealed(stage, { claims: { sub } }), path)
          expectInvalid(answer, path, `with sub ${JSON.stringify(sub)}, which is no user,`)
        }
        const open = await askApi(stage, sealed(stage, { claims: { sub } }), '/api/stats')
        expectFound(open, '/api/stats', `with sub ${JSON.stringify(sub)},`)
      }
      for (const scope of [...Object.values(RESOURCES), 'profiles Email', '', undefined]) {
        for (const [path, needed] of Object.entries(RESOURCES)) {
          const answer = await askApi(stage, sealed(stage, { claims: { scope } }), path)
          const wanted = scope === needed ? '200' : '403 insufficient_scope'
          const { status, body } = answer
          must(
            answered(status, body) === wanted,
            `with ${scope === undefined ? 'no scope' : `scope "${scope}"`}, GET ${path} returns ${answered(status, body)}, not ${wanted}`,
          )
        }
      }
    },
  },
  {
    id: 'api-garbage',
    text: 'What is no JWT of this form gets 401 invalid_token, and breaks nothing',
    file: 'api/access-token.ts',
    needs: ['api-asks-keys'],
    async probe(stage) {
      await ready(stage)
      const [header, payload, signature] = sealed(stage).split('.') as [string, string, string]
      const texts = ['', 'x', '{', 'null', '[]', '"x"']
      const garbage = [
        ...['', 'x', '.', '..', '...', 'a.b.c', 'a.b.c.d.e', '{}', 'user0', 'x'.repeat(9_000)],
        randomValue(),
      ]
      for (const token of garbage) {
        const answer = await askApi(stage, token)
        expectNoQuestion(stage)
        expectInvalid(answer, '/api/me', `with the token ${JSON.stringify(token.slice(0, 40))},`)
      }
      for (const text of texts) {
        const answer = await askApi(stage, sealed(stage, { payload: text }))
        expectInvalid(answer, '/api/me', `with a JWT that says ${JSON.stringify(text)},`)
      }
      for (const [token, what] of [
        [`${header}.${payload}.${signature}==`, 'with "==" behind a valid token,'],
        [`${header}.${payload}. ${signature}`, 'with a space in a valid token,'],
      ] as const) {
        const answer = await askApi(stage, token)
        must(
          answer.status !== 200,
          `${what} GET /api/me returns 200: jose skips such characters, but a JWT has none (RFC 7515 section 5.2)`,
        )
        expectInvalid(answer, '/api/me', what)
      }
      expectFound(await askApi(stage, sealed(stage)), '/api/me', 'after that, with a valid token,')
    },
  },
  {
    id: 'api-signature',
    text: 'A token that someone changed, or signed with another key, gets 401',
    file: 'api/access-token.ts',
    needs: ['api-garbage'],
    async probe(stage) {
      await ready(stage)
      const [header, payload, signature] = sealed(stage).split('.') as [string, string, string]
      const forged = sealed(stage, { key: FOREIGN_KEY, header: { kid: KEY.kid } })
      const other = sealed(stage, { claims: { sub: 'user1' } }).split('.')[1]
      const zeros = Buffer.alloc(64).toString('base64url')
      for (const [token, what] of [
        [forged, 'a token that is signed with another key'],
        [`${header}.${other}.${signature}`, 'a token with another sub behind the same signature'],
        [`${header}.${payload}.${zeros}`, 'a token with a signature of zeros'],
        [`${header}.${payload}.`, 'a token without a signature'],
        [`${header}.${payload}`, 'a token without its third part'],
        [`${encode({})}.${payload}.${signature}`, 'a token with an empty header'],
        [`${encode('x')}.${payload}.${signature}`, 'a token with a header that is no JSON'],
        [
          `${encode({ alg: 'ES256', typ: 'at+jwt', kid: KEY.kid, x: 1 })}.${payload}.${signature}`,
          'a token with another header in front of the same signature',
        ],
      ] as const) {
        expectInvalid(await askApi(stage, token), '/api/me', `with ${what},`)
      }
    },
  },
  {
    id: 'api-kid',
    text: 'The key is the one that kid names',
    file: 'api/keys.ts',
    needs: ['api-signature'],
    async probe(stage) {
      await ready(stage)
      const second = await askApi(stage, sealed(stage, { key: SECOND_KEY }))
      expectFound(second, '/api/me', 'with a token of the second key at /jwks,')
      const wrongKid = sealed(stage, { header: { kid: SECOND_KEY.kid } })
      expectInvalid(
        await askApi(stage, wrongKid),
        '/api/me',
        'with a token that is signed with one key and names the other one,',
      )
      for (const kid of [randomUUID(), '', '0', '__proto__', KEY.kid.toUpperCase()]) {
        expectInvalid(
          await askApi(stage, sealed(stage, { header: { kid } })),
          '/api/me',
          'with a kid that no key has, and a signature of a known key,',
        )
      }
    },
  },
  {
    id: 'api-alg',
    text: 'The API accepts ES256 alone, whatever the token says: no "none", no HS256 with the public key',
    file: 'api/access-token.ts',
    needs: ['api-signature'],
    async probe(stage) {
      await ready(stage)
      for (const alg of ['none', 'None', 'NONE']) {
        const token = `${sealed(stage, { header: { alg } }).split('.', 2).join('.')}.`
        expectInvalid(await askApi(stage, token), '/api/me', `with alg "${alg}" and no signature,`)
      }
      const jwk = publicJwk(KEY)
      const pem = String(KEY.publicKey.export({ format: 'pem', type: 'spki' }))
      const secrets = [pem, pem.trim(), JSON.stringify(jwk), JSON.stringify({ keys: [jwk] }), '']
      for (const secret of secrets) {
        const [header, payload] = sealed(stage, { header: { alg: 'HS256' } }).split('.')
        const input = `${header}.${payload}`
        const signature = createHmac('sha256', secret).update(input).digest('base64url')
        expectInvalid(
          await askApi(stage, `${input}.${signature}`),
          '/api/me',
          'with alg "HS256" and the public key as the secret,',
        )
      }
      for (const alg of ['RS256', 'PS256', 'ES384', 'EdDSA', 'es256', '', null, undefined]) {
        expectInvalid(
          await askApi(stage, sealed(stage, { header: { alg } })),
          '/api/me',
          `with alg ${JSON.stringify(alg)},`,
        )
      }
    },
  },
  {
    id: 'api-own-key',
    text: 'It takes no key from a token, and no address of one',
    file: 'api/access-token.ts',
    needs: ['api-signature'],
    async probe(stage) {
      await ready(stage)
      const jwk = publicJwk(FOREIGN_KEY)
      const jku = `${stage.standIn.url}/foreign-jwks`
      const named = [{ jwk }, { jku }, { x5u: jku }, { jwk, jku, kid: FOREIGN_KEY.kid }]
      for (const header of [...named, { jwk, kid: undefined }]) {
        const signed = { key: FOREIGN_KEY, header: { kid: KEY.kid, ...header } }
        const what = `with a token that brings its own key in ${Object.keys(header)[0]},`
        expectInvalid(await askApi(stage, sealed(stage, signed)), '/api/me', what)
        must(
          stage.standIn.notFound === undefined,
          `${what} the API sends ${stage.standIn.notFound}: anyone could make it send requests`,
        )
      }
    },
  },
  {
    id: 'away-first',
    text: "Without any key, and while the server doesn't respond, nobody knows: 503 with Retry-After, and no challenge",
    on: 'new api',
    file: 'api/access-token.ts',
    needs: ['api-signature'],
    async probe(stage) {
      stage.standIn.onKeys = hangUp
      for (const path of PATHS) {
        const answer = await askApi(stage, sealed(stage), path)
        expectNoQuestion(stage)
        expectUnavailable(answer, path, 'the API has no key and the server hangs up')
      }
      const { status } = await stage.server.me(undefined)
      must(status === 401, `without a token, GET /api/me returns ${status}, not 401`)
    },
  },
  {
    id: 'claim-typ',
    text: 'A token is an access token: its typ is at+jwt or application/at+jwt',
    file: 'api/access-token.ts',
    needs: ['api-signature'],
    async probe(stage) {
      await ready(stage)
      for (const typ of ['JWT', undefined, 'id+jwt', 'logout+jwt', '', 'text/at+jwt', 1]) {
        const answer = await askApi(stage, sealed(stage, { header: { typ } }))
        expectInvalid(answer, '/api/me', `with typ ${JSON.stringify(typ)},`)
      }
      const answer = await askApi(stage, sealed(stage, { header: { typ: 'application/at+jwt' } }))
      expectFound(answer, '/api/me', 'with typ "application/at+jwt",')
    },
  },
  {
    id: 'claim-iss',
    text: 'It is of this server: iss is the address of the server',
    file: 'api/access-token.ts',
    needs: ['api-signature'],
    async probe(stage) {
      await ready(stage)
      const { apiUrl, standIn } = stage
      const others = ['http://localhost:25999', `${standIn.url}/`, apiUrl, '', null, undefined]
      for (const iss of others) await expectClaimMatters(stage, { iss })
    },
  },
  {
    id: 'claim-aud',
    text: 'It is for this API: aud is the address of the API, or a list with it',
    file: 'api/access-token.ts',
    needs: ['api-signature'],
    async probe(stage) {
      await ready(stage)
      const { apiUrl, standIn } = stage
      const other = 'http://localhost:25999'
      for (const aud of [[apiUrl], [other, apiUrl]]) {
        const answer = await askApi(stage, sealed(stage, { claims: { aud } }))
        expectFound(answer, '/api/me', `with aud ${JSON.stringify(aud)},`)
      }
      const texts = [other, standIn.url, `${apiUrl}/`, `${apiUrl}0`, apiUrl.slice(0, -1), '']
      for (const aud of [...texts, [], [other], [`${apiUrl}.example`], null, undefined]) {
        await expectClaimMatters(stage, { aud })
      }
    },
  },
  {
    id: 'claim-exp',
    text: 'It has an end, which is in the future: exp',
    file: 'api/access-token.ts',
    needs: ['api-signature'],
    async probe(stage) {
      await ready(stage)
      const now = Math.floor(Date.now() / 1000)
      for (const exp of [now - 10 * 60, 1_300_819_380, 0, undefined, null, '', `${now + HOUR}`]) {
        await expectClaimMatters(stage, { exp })
      }
    },
  },
  {
    id: 'claim-odd',
    text: 'A sub or scope that is no text is a 401',
    file: 'api/access-token.ts',
    needs: ['api-signature'],
    async probe(stage) {
      await ready(stage)
      for (const claims of [
        ...[undefined, null, 0, true, ['user0'], {}].map((sub) => ({ sub })),
        ...[null, 0, true, [...Object.values(RESOURCES)], {}].map((scope) => ({ scope })),
      ]) {
        for (const path of PATHS) await expectClaimMatters(stage, claims, path)
      }
    },
  },
  {
    id: 'keys-new',
    text: 'A token with a new kid makes the API fetch the keys again, and what is no longer there ends',
    file: 'api/keys.ts',
    needs: ['api-signature'],
    async probe(stage) {
      await ready(stage)
      const known = sealed(stage)
      expectFound(await askApi(stage, known), '/api/me', 'with a valid token,')
      for (let change = 0; change < 2; change += 1) {
        const key = newKey()
        publish(stage, key)
        await stage.passTime(PAUSE)
        const answer = await askApi(stage, sealed(stage, { key }))
        expectFetched(stage, 'with a new kid, five seconds after the last fetch,')
        expectFound(answer, '/api/me', 'when the server has a new key, with a token of it,')
      }
      const old = await askApi(stage, sealed(stage))
      expectInvalid(old, '/api/me', 'with a key that is no longer at /jwks,')
      expectInvalid(
        await askApi(stage, known),
        '/api/me',
        'with a token that worked until its key was no longer at /jwks,',
        ACCESS_TOKEN,
      )
    },
  },
  {
    id: 'keys-flood',
    text: 'But not within five seconds of the last fetch, however many tokens name unknown keys',
    file: 'api/keys.ts',
    needs: ['keys-new'],
    async probe(stage) {
      await ready(stage)
      await stage.passTime(PAUSE)
      const before = stage.standIn.keyRequests
      const flood = async (what: string, expected: number) => {
        const all = Array.from({ length: 20 }, () => askApi(stage, unknown(stage)))
        for (const answer of [...(await Promise.all(all)), await askApi(stage, unknown(stage))]) {
          expectInvalid(answer, '/api/me', 'with a kid that no key has,')
        }
        expectRequests(stage, what, stage.standIn.keyRequests - before, expected)
      }
      await flood('for 21 tokens with unknown kids', 1)
      await stage.passTime(PAUSE - 1)
      await flood('for 42 such tokens within five seconds', 1)
      await stage.passTime(1)
      await flood('for 21 more of them after five seconds', 2)
    },
  },
  {
    id: 'keys-known',
    text: 'A token whose key is there never waits for a fetch',
    file: 'api/keys.ts',
    needs: ['keys-flood'],
    async probe(stage) {
      await ready(stage)
      await stage.passTime(PAUSE)
      const gate = holdKeys(stage)
      const slow = askApi(stage, unknown(stage))
      await Promise.race([gate.arrived.opened, slow])
      expectFetched(stage, 'with an unknown kid, five seconds after the last fetch,')
      const known = askApi(stage, sealed(stage))
      const first = await within(NOTICE, known)
      gate.open()
      await Promise.all([known, slow])
      must(
        first !== undefined,
        'while the API fetches the keys for another token, a token whose key it has waits, too',
      )
      expectFound(
        first,
        '/api/me',
        'while the API fetches the keys, with a token whose key it has,',
      )
    },
  },
  {
    id: 'keys-failed',
    text: 'The same when the fetch failed: one request in five seconds',
    on: 'new api',
    file: 'api/keys.ts',
    needs: ['keys-flood', 'away-first'],
    async probe(stage) {
      stage.standIn.onKeys = hangUp
      await stage.passTime(PAUSE)
      const tries = async (what: string, expected: number) => {
        for (let more = 0; more < 3; more += 1) {
          const answer = await askApi(stage, sealed(stage))
          expectNoQuestion(stage)
          expectUnavailable(answer, '/api/me', 'the API has no key and the server hangs up')
        }
        expectRequests(stage, what, stage.standIn.keyRequests, expected)
      }
      await tries('for 3 tokens, when the server hangs up each time,', 1)
      await stage.passTime(PAUSE - 1)
      await tries('for 6 tokens within five seconds, when the server hangs up each time,', 1)
      await stage.passTime(1)
      await tries('for 3 more tokens after five seconds', 2)
    },
  },
  {
    id: 'keys-nonsense',
    text: 'A response without a useful key is no response: 503',
    on: 'new api',
    file: 'api/keys.ts',
    needs: ['keys-failed'],
    async probe(stage) {
      for (const [when, answer] of nonsense()) {
        stage.standIn.onKeys = () => answer
        await stage.passTime(PAUSE)
        const { status, body, headers } = await askApi(stage, sealed(stage))
        expectNoQuestion(stage)
        expectUnavailable(
          { status, body, headers },
          '/api/me',
          `the API has no key and the server sends ${when}`,
        )
      }
    },
  },
  {
    id: 'keys-shared',
    text: 'Many requests at once share one fetch and all work, when the server is back or has a new key',
    on: 'new api',
    file: 'api/keys.ts',
    needs: ['keys-nonsense'],
    async probe(stage) {
      for (const when of ['is back', 'has a new key']) {
        const key = newKey()
        await stage.passTime(PAUSE)
        const before = stage.standIn.keyRequests
        const gate = holdKeys(stage, key)
        const all = Array.from({ length: 20 }, () => askApi(stage, sealed(stage, { key })))
        await Promise.race([gate.arrived.opened, ...all])
        expectNoQuestion(stage)
        // The API has read the requests that were sent before this one.
        for (let more = 0; more < 5; more += 1) await stage.server.me(undefined)
        gate.open()
        for (const answer of await Promise.all(all)) {
          expectFound(answer, '/api/me', `when the server ${when}, with 20 valid tokens at once,`)
        }
        const requests = stage.standIn.keyRequests - before
        expectRequests(stage, `for 20 tokens at once, when the server ${when},`, requests, 1)
      }
    },
  },
  {
    id: 'away',
    text: 'While the server is away, tokens with known keys go on working, and an unknown kid is a 401',
    file: 'api/keys.ts',
    needs: ['keys-flood'],
    async probe(stage) {
      await ready(stage)
      stage.standIn.onKeys = hangUp
      for (let fetches = 1; fetches < 3; fetches += 1) {
        await stage.passTime(PAUSE)
        await expectKeepsKeys(stage, 'the server hangs up')
      }
    },
  },
  {
    id: 'keys-kept',
    text: 'The same when the server sends nonsense: the API keeps the keys it has',
    file: 'api/keys.ts',
    needs: ['away', 'keys-nonsense'],
    async probe(stage) {
      await ready(stage)
      for (const [when, answer] of nonsense()) {
        stage.standIn.onKeys = () => answer
        await stage.passTime(PAUSE)
        await expectKeepsKeys(stage, `the server sends ${when}`)
      }
    },
  },
  {
    id: 'keys-mixed',
    text: 'A useless key next to a useful one is skipped',
    file: 'api/keys.ts',
    needs: ['api-kid', 'keys-nonsense'],
    async probe(stage) {
      await ready(stage)
      const useless = uselessKeys().map(([what, jwk]): [string, unknown] => [
        what,
        typeof jwk === 'object' && jwk !== null ? { ...jwk, kid: randomUUID() } : jwk,
      ])
      for (const [what, jwk] of useless) {
        const key = newKey()
        stage.standIn.onKeys = () => ok({ keys: [jwk, publicJwk(key)] })
        await stage.passTime(PAUSE)
        const answer = await askApi(stage, sealed(stage, { key }))
        expectFound(answer, '/api/me', `when /jwks has ${what} and the key of the token,`)
      }
    },
  },
  {
    id: 'together',
    text: 'Everything together: your API accepts the tokens of your server. A revoked one works until it expires, though /introspect knows better',
    on: 'both',
    file: 'api/access-token.ts',
    async probe(stage) {
      const { server } = stage
      const sent = await loginForApi(stage, TOKENS)
      await server.post('/revoke', { token: sent.access_token })
      const said = await introspect(server, sent.access_token)
      must(
        said.active === false,
        'after POST /revoke, POST /introspect says that the token is active',
        TOKENS,
      )
      const open = await server.me(`Bearer ${sent.access_token}`)
      expectFound(open, '/api/me', 'with a revoked token that has not expired,')
    },
  },
]

/** How long the tokens of the checks live, in seconds: longer than all the time that the checks let pass. */
const HOUR = 3_600

function newKey(): Key {
  return { kid: randomUUID(), ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) }
}

function publicJwk({ kid, publicKey }: Key): Record<string, unknown> {
  return { ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' }
}

/** What no API may use for ES256. */
function uselessKeys(): [what: string, jwk: unknown][] {
  const { kid, privateKey } = KEY
  const jwk = publicJwk(KEY)
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey
  const n = Buffer.alloc(256, 0xc5).toString('base64url')
  return [
    ['a private key', { ...privateKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' }],
    ['an RSA key', { kty: 'RSA', n, e: 'AQAB', kid }],
    ['a secret', { kty: 'oct', k: jwk.x, kid }],
    ['a key of another curve', { ...p384.export({ format: 'jwk' }), kid }],
    ['a key for encryption', { ...jwk, alg: 'ECDH-ES', use: 'enc' }],
    ['a key without y', { ...jwk, y: undefined }],
    ['an empty key', {}],
    ['null in place of a key', null],
    ['a text in place of a key', kid],
  ]
}

/** What the server may send in place of its keys. */
function nonsense(): [what: string, answer: StandInAnswer][] {
  const jwk = publicJwk(KEY)
  const set = { keys: [jwk] }
  return [
    ['status 404', { status: 404, body: { error: 'not_found' } }],
    ['its keys with status 500', { status: 500, body: set }],
    ['its keys with status 202', { status: 202, body: set }],
    ['its keys with status 401', { status: 401, body: set }],
    ['a redirect', { status: 307, headers: { location: '/jwks' }, body: set }],
    ['a page', ok('<h1>Hi</h1>')],
    ['{}', ok({})],
    ['an empty list', ok({ keys: [] })],
    ['its key without a list', ok(jwk)],
    ['an object in place of the list', ok({ keys: { [KEY.kid]: jwk } })],
    ['a text in place of the list', ok({ keys: KEY.kid })],
    ...uselessKeys().map(([what, key]): [string, StandInAnswer] => [what, ok({ keys: [key] })]),
  ]
}

function encode(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return Buffer.from(text).toString('base64url')
}

interface Forgery {
  key?: Key
  header?: Record<string, unknown>
  claims?: Record<string, unknown>
  /** In place of the claims. */
  payload?: string
}

/** A token as the stand-in would issue it for this API, except for what is changed. */
function sealed(
  stage: Stage,
  { key = KEY, header = {}, claims = {}, payload }: Forgery = {},
): string {
  const now = Math.floor(Date.now() / 1000)
  const said = {
    iss: stage.standIn.url,
    aud: stage.apiUrl,
    sub: 'user0',
    client_id: 'lab-client',
    scope: ALL_SCOPES,
    iat: now,
    exp: now + HOUR,
    jti: randomValue(),
    ...claims,
  }
  const head = { alg: 'ES256', typ: 'at+jwt', kid: key.kid, ...header }
  const input = `${encode(head)}.${encode(payload ?? said)}`
  const options = { key: key.privateKey, dsaEncoding: 'ieee-p1363' } as const
  return `${input}.${sign('sha256', Buffer.from(input), options).toString('base64url')}`
}

/** A token with a kid that no key has, another one each time. */
function unknown(stage: Stage): string {
  return sealed(stage, { key: FOREIGN_KEY, header: { kid: randomUUID() } })
}

/** From now on, the stand-in has these keys. */
function publish({ standIn }: Stage, ...keys: Key[]): void {
  const set = keys.length === 0 ? [KEY, SECOND_KEY] : keys
  standIn.onKeys = () => ok({ keys: set.map(publicJwk) })
}

/** From now on, the stand-in keeps its keys back until the gate opens. */
function holdKeys({ standIn }: Stage, key = KEY): HoldingGate {
  const gate = new HoldingGate()
  standIn.onKeys = async () => {
    await gate.hold()
    return ok({ keys: [key, KEY, SECOND_KEY].map(publicJwk) })
  }
  return gate
}

/** Lets the API have the usual keys, as if nothing had happened before. */
async function ready(stage: Stage): Promise<void> {
  publish(stage)
  await stage.passTime(PAUSE)
  const answer = await askApi(stage, sealed(stage))
  expectNoQuestion(stage)
  expectFound(answer, '/api/me', 'with a valid token,', ACCESS_TOKEN)
  stage.standIn.keyRequests = 0
}

/** Sends a token to a resource of the API. */
function askApi({ server }: Stage, token: string, path = '/api/me'): Promise<JsonAnswer> {
  return server.me(`Bearer ${token}`, path)
}

/** What a server has at /jwks. */
async function jwksOf(
  serverUrl: string,
  server: CheckDriver,
  authorization?: string,
): Promise<{ page: Page; keys: Record<string, unknown>[] }> {
  const page = await server.browser().open(`${serverUrl}/jwks`, { headers: { authorization } })
  must(page.status === 200, `GET /jwks gets ${page.status}, not 200`, 'server/routes/jwks.ts')
  const { keys } = objectIn(page.body) ?? {}
  must(Array.isArray(keys), 'GET /jwks has no list "keys" in JSON', 'server/routes/jwks.ts')
  return { page, keys: keys.map((key) => Object(key)) }
}

/** The JSON object in a text, or undefined. */
function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

/** @throws {NotYet} unless this is a JWT */
function partsOf(token: string): {
  header: Record<string, unknown>
  claims: Record<string, unknown>
  input: string
  signature: Buffer
} {
  const all = token.split('.')
  const [head = '', payload = '', signature = ''] = all
  must(
    all.length === 3,
    `an access token is no JWT: it has ${all.length === 1 ? 'one part' : `${all.length} parts`}, not three with dots between them`,
    TOKENS,
  )
  const decoded = (part: string) => objectIn(Buffer.from(part, 'base64url').toString())
  const [header, claims] = [decoded(head), decoded(payload)]
  must(header && claims, 'the first two parts of an access token are no JSON objects', TOKENS)
  return {
    header,
    claims,
    input: `${head}.${payload}`,
    signature: Buffer.from(signature, 'base64url'),
  }
}

/** What the server says about a token when the API asks. */
async function introspect(server: CheckDriver, token: string): Promise<Record<string, unknown>> {
  const { status, body } = await server.post('/introspect', { token }, AS_API)
  must(status === 200, `POST /introspect gets ${answered(status, body)}`)
  return body
}

/** @throws {NotYet} unless a token of the server says this, and nothing about the user besides */
function expectClaims(
  { apiUrl, server }: Stage,
  token: string,
  what: string,
  expected: Record<string, string>,
): void {
  const { claims } = partsOf(token)
  const wanted = { iss: server.serverUrl, aud: apiUrl, ...expected }
  expectValues(claims, wanted, what)
  const known = [...Object.keys(wanted), 'iat', 'exp', 'nbf', 'jti']
  const more = Object.keys(claims).find((name) => !known.includes(name))
  must(
    more === undefined,
    `${what} has ${more}, too. Everyone who has the token can read that: leave it out`,
  )
}

/** @throws {NotYet} if the API asks about a token, or at another address */
function expectNoQuestion({ standIn }: Stage): void {
  must(
    standIn.introspections.length === 0,
    'the API asks POST /introspect about a token: it has to check the signature by itself',
    ACCESS_TOKEN,
  )
  must(
    standIn.notFound === undefined,
    `the API sends ${standIn.notFound} to the server, which has no such address`,
    KEYS,
  )
}

/** @throws {NotYet} unless the API has asked for the keys since it was ready */
function expectFetched({ standIn }: Stage, when: string): void {
  must(standIn.keyRequests > 0, `${when} the API doesn't fetch the keys`, KEYS)
}

/** @throws {NotYet} unless the API has sent this many key requests */
function expectRequests(stage: Stage, when: string, sent: number, expected: number): void {
  expectFetched(stage, `${when},`)
  must(
    sent === expected,
    `${when} the API fetches the keys ${sent === 1 ? 'once' : `${sent} times`}, not ${expected === 1 ? 'once' : 'once more'}`,
  )
}

/** @throws {NotYet} unless an unknown kid gets 401 after a fetch, and a known one goes on working */
async function expectKeepsKeys(stage: Stage, when: string): Promise<void> {
  const { standIn } = stage
  standIn.keyRequests = 0
  const strange = await askApi(stage, unknown(stage))
  expectFetched(stage, `when ${when}, with an unknown kid,`)
  expectInvalid(strange, '/api/me', `when ${when} and the API has other keys, with an unknown kid,`)
  for (const path of PATHS) {
    const known = await askApi(stage, sealed(stage), path)
    expectFound(known, path, `when ${when}, with a token whose key the API has,`)
  }
}

/** @throws {NotYet} unless the API rejects a token because of these claims */
async function expectClaimMatters(
  stage: Stage,
  claims: Record<string, unknown>,
  path = '/api/me',
): Promise<void> {
  const [[name, value] = []] = Object.entries(claims)
  const what = value === undefined ? `without ${name},` : `with ${name} ${JSON.stringify(value)},`
  expectInvalid(await askApi(stage, sealed(stage, { claims }), path), path, what)
}
