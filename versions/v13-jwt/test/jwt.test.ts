import {
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import { Browser, html, textOf } from '@oauth-lab/shared/testing/browser.ts'
import { passTime } from '@oauth-lab/shared/testing/clock.ts'
import { credentials, type JsonAnswer } from '@oauth-lab/shared/testing/driver.ts'
import { send } from '@oauth-lab/shared/testing/exchange.ts'
import { Gate, type Hook, hangUp, withServerHook } from '@oauth-lab/shared/testing/hooks.ts'
import { basic, type Lab, type Programs, startLab } from '@oauth-lab/shared/testing/lab.ts'
import {
  type Exchange,
  issuedTokens,
  recorded,
  unsoundAnswers,
} from '@oauth-lab/shared/testing/recorder.ts'
import { load, snapshot } from '@oauth-lab/shared/testing/snapshot.ts'
import fc from 'fast-check'
import type { JWK } from 'jose'
import * as oauth from 'oauth4webapi'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'

const API = { authorization: basic('api-server', 'api-server-secret') }
const WORKER = { authorization: basic('worker-client', 'worker-client-secret') }
/** The protected resources, and their scopes. */
const RESOURCES = [
  ['/api/me', 'profile'],
  ['/api/email', 'email'],
  ['/api/stats', 'stats:read'],
] as const
/** The shortest time between two fetches of the keys, in seconds. */
const PAUSE = 5
/** Whole seconds, plus one for the rounding. */
const LIFETIME = 301

/** RFC 7515 appendix A.3.1 */
const RFC_KEY = {
  kty: 'EC',
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
}
const RFC_PRIVATE_KEY = { ...RFC_KEY, d: 'jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI' }
/** The JWT of RFC 7515 appendix A.3.1, signed with this key. */
const RFC_TOKEN =
  'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q'
/** What `/jwks` says when the API is to trust this key. */
const RFC_JWK = { ...RFC_KEY, kid: 'a-key', alg: 'ES256', use: 'sig' }
/** A key that nobody trusts. */
const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' })

const seen: Exchange[] = []
/** What the key endpoint does before its work, or in place of it, during a test. */
let trouble: Hook | undefined
const programs = recorded(
  withServerHook(snapshot, async (request, reply) => {
    return request.url === '/jwks' ? trouble?.(request, reply) : undefined
  }),
  seen,
)
let lab: Lab
/** A lab whose API trusts the key of RFC 7515, so that the tests can sign whatever they like. */
let trusting: Lab

beforeAll(async () => {
  lab = await startLab(programs)
  trusting = await startLab({
    ...programs,
    buildServer: (config) => {
      const app = programs.buildServer(config)
      app.addHook('onRequest', async ({ url }, reply) => {
        return url === '/jwks' && !reply.sent ? reply.send({ keys: [RFC_JWK] }) : undefined
      })
      return app
    },
  })
})
afterEach(() => {
  trouble = undefined
  vi.restoreAllMocks()
})
afterAll(async () => {
  await lab.close()
  await trusting.close()
})

/** A lab of its own, whose API has no keys yet. */
async function freshLab(settings = {}, of: Programs = programs): Promise<Lab> {
  const fresh = await startLab(of, settings)
  onTestFinished(() => fresh.close())
  return fresh
}

interface Tokens {
  access_token: string
  refresh_token: string
}

/** The tokens of a new login of user0 at lab-client. */
async function userTokens(at = lab, scope = 'profile email'): Promise<Tokens> {
  const { body } = await at.redeem(await at.code({ scope }))
  return { access_token: String(body.access_token), refresh_token: String(body.refresh_token) }
}

/** A new token of the worker. */
async function workerToken(at = lab): Promise<string> {
  const { body } = await at.token({ grant_type: 'client_credentials' }, WORKER)
  return String(body.access_token)
}

async function introspect(token: string, at = lab): Promise<Record<string, unknown>> {
  return (await at.post('/introspect', { token }, API)).body
}

async function jwks(at = lab) {
  const { status, headers, body } = await send(`${at.serverUrl}/jwks`)
  return { status, headers, keys: JSON.parse(body).keys as JWK[] }
}

/** The parts of a JWT, decoded. */
function parts(token: string) {
  const [header = '', payload = '', signature = ''] = token.split('.')
  const decoded = [header, payload].map((part) => JSON.parse(String(base64url(part))))
  return {
    header: decoded[0],
    claims: decoded[1],
    input: `${header}.${payload}`,
    signature: base64url(signature),
  }
}

function base64url(text: string): Buffer {
  return Buffer.from(text, 'base64url')
}

function encode(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return Buffer.from(text).toString('base64url')
}

/** The header of an access token that `trusting` accepts, except for what is changed. */
function header(changes: object = {}): object {
  return { alg: 'ES256', typ: 'at+jwt', kid: 'a-key', ...changes }
}

/** The claims of an access token that `trusting` accepts, except for what is changed. */
function claims(changes: object = {}): object {
  const now = Math.floor(Date.now() / 1000)
  return {
    iss: trusting.serverUrl,
    aud: trusting.apiUrl,
    sub: 'user0',
    client_id: 'lab-client',
    scope: 'profile email stats:read',
    iat: now,
    exp: now + 300,
    jti: 'x',
    ...changes,
  }
}

/** Signs anything, as RFC 7515 section 5.1 says. */
function forge(
  head: unknown = header(),
  payload: unknown = claims(),
  key: Parameters<typeof sign>[2] = { key: RFC_PRIVATE_KEY, format: 'jwk' },
): string {
  const input = `${encode(head)}.${encode(payload)}`
  const options = { ...(isKey(key) ? { key } : Object(key)), dsaEncoding: 'ieee-p1363' }
  return `${input}.${sign('sha256', Buffer.from(input), options).toString('base64url')}`
}

function isKey(key: unknown): key is KeyObject {
  return typeof key === 'object' && key !== null && 'asymmetricKeyType' in key
}

/** A token that names the key of another one, and is signed with its public half as if it were a secret. */
function signedWithPublicKey(secret: string | Buffer, head: object, payload: object): string {
  const input = `${encode({ ...head, alg: 'HS256' })}.${encode(payload)}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

async function statuses(access_token: string, at = lab): Promise<number[]> {
  const answers = RESOURCES.map(([path]) => at.me(`Bearer ${access_token}`, path))
  return (await Promise.all(answers)).map(({ status }) => status)
}

function expectInvalid({ status, body, headers }: JsonAnswer, what?: string): void {
  expect({ status, error: body.error }, what).toEqual({ status: 401, error: 'invalid_token' })
  expect(body.error_description).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/)
  expect(headers['www-authenticate']).toContain('error="invalid_token"')
}

/** The API knows neither yes nor no, so the response is no challenge. */
function expectUnavailable({ status, body, headers }: JsonAnswer, at: Lab): void {
  expect({ status, error: body.error }).toEqual({ status: 503, error: 'temporarily_unavailable' })
  expect(body.error_description).toContain(`${at.serverUrl}/jwks`)
  expect(headers['retry-after']).toMatch(/^[1-9]\d*$/)
  expect(headers).not.toHaveProperty('www-authenticate')
}

/** The requests for keys since a point in the record. */
function fetches(since: number): Exchange[] {
  return seen.slice(since).filter(({ path }) => path === '/jwks')
}

/**
 * Stops the monotonic clock, so that nothing depends on how long a test takes. Returns what moves it on, in
 * seconds.
 */
function stopClock(): (seconds: number) => void {
  let now = performance.now()
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  return (seconds) => {
    now += seconds * 1000
  }
}

/** A token whose kid the API doesn't know, a new one each time. */
function unknownKey(): string {
  return forge(header({ kid: `unknown-${Math.random()}` }))
}

// RFC 9068 section 2
describe('an access token', () => {
  test('is a JWT that says who may do what, and where', async () => {
    const { access_token } = await userTokens()
    const { kid } = (await jwks()).keys[0] ?? {}
    expect(parts(access_token).header).toEqual({ alg: 'ES256', typ: 'at+jwt', kid })
    expect(parts(access_token).claims).toEqual({
      iss: lab.serverUrl,
      aud: lab.apiUrl,
      sub: 'user0',
      client_id: 'lab-client',
      scope: 'profile email',
      iat: expect.any(Number),
      exp: expect.any(Number),
      jti: expect.stringMatching(/^[\w-]{43}$/),
    })
  })

  test('is signed with the key that its kid names', async () => {
    const { input, signature } = parts((await userTokens()).access_token)
    const [jwk = {}] = (await jwks()).keys
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    const options = { key, dsaEncoding: 'ieee-p1363' } as const
    expect(signature).toHaveLength(64)
    expect(verify('sha256', Buffer.from(input), options, signature)).toBe(true)
    expect(verify('sha256', Buffer.from(`${input}x`), options, signature)).toBe(false)
  })

  test("of a program stands for the program, and a user's token for the user", async () => {
    const sub = 'worker-client'
    expect(parts(await workerToken()).claims).toMatchObject({
      sub,
      client_id: sub,
      scope: 'stats:read',
    })
    const { body } = await lab.redeem(await lab.code({}, 'user1'))
    expect(parts(String(body.access_token)).claims).toMatchObject({ sub: 'user1' })
  })

  test('after a refresh is for the scope that the client asked for', async () => {
    const { refresh_token } = await userTokens()
    const form = { grant_type: 'refresh_token', refresh_token, scope: 'email' }
    const access_token = String((await lab.token(form)).body.access_token)
    expect(parts(access_token).claims.scope).toBe('email')
    expect(await statuses(access_token)).toEqual([403, 200, 403])
  })

  test('says the same as the server does when it is asked', async () => {
    for (const token of [(await userTokens()).access_token, await workerToken()]) {
      const { jti, ...said } = parts(token).claims
      expect(await introspect(token)).toEqual({ active: true, token_type: 'Bearer', ...said })
      expect(jti).toBeTruthy()
    }
  })

  test('rounds the start of the lifetime down and its end up, to whole seconds', async () => {
    const code = await lab.code()
    vi.spyOn(Date, 'now').mockReturnValue(1_800_000_000_999)
    const { access_token } = (await lab.redeem(code)).body
    const times = { iat: 1_800_000_000, exp: 1_800_000_301 }
    expect(parts(String(access_token)).claims).toMatchObject(times)
  })

  test('is another one each time, also within a second', async () => {
    const tokens = await Promise.all(Array.from({ length: 5 }, () => workerToken()))
    expect(new Set(tokens.map((token) => parts(token).claims.jti)).size).toBe(5)
  })

  test('is short enough for a header', async () => {
    expect((await userTokens()).access_token.length).toBeLessThan(1000)
  })

  test('is the only JWT: codes and refresh tokens stay random values', async () => {
    expect(await lab.code()).toMatch(/^[\w-]{43}$/)
    expect((await userTokens()).refresh_token).toMatch(/^[\w-]{86}$/)
  })
})

// RFC 7517 section 5
describe('GET /jwks', () => {
  test('shows the public key to everyone, and no private part', async () => {
    for (const headers of [{}, API, { authorization: 'Bearer x' }]) {
      const { status, body } = await send(`${lab.serverUrl}/jwks`, { headers })
      const point = expect.stringMatching(/^[\w-]{43}$/)
      const kid = expect.stringMatching(/^.{8,}$/)
      expect({ status, body: JSON.parse(body) }).toEqual({
        status: 200,
        body: {
          keys: [{ kty: 'EC', crv: 'P-256', x: point, y: point, kid, alg: 'ES256', use: 'sig' }],
        },
      })
    }
  })

  test('may be cached for a minute', async () => {
    const { headers } = await jwks()
    expect(headers['cache-control']).toBe('public, max-age=60')
    expect(headers).not.toHaveProperty('pragma')
    expect(headers).not.toHaveProperty('set-cookie')
    expect(headers['content-type']).toMatch(/^application\/json/)
  })

  test('says the same each time, and another server something else', async () => {
    const [one, again, other] = [await jwks(), await jwks(), await jwks(await freshLab())]
    expect(again.keys).toEqual(one.keys)
    expect(other.keys[0]?.kid).not.toBe(one.keys[0]?.kid)
    expect(other.keys[0]?.x).not.toBe(one.keys[0]?.x)
  })

  test('is for GET and HEAD alone, and says so in JSON', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const { status, headers, body } = await send(`${lab.serverUrl}/jwks`, { method })
      expect({ status, allow: headers.allow }).toEqual({ status: 405, allow: 'GET, HEAD' })
      expect(JSON.parse(body).error).toBe('invalid_request')
      expect(headers['cache-control']).toBe('no-store')
    }
    const { status, body } = await send(`${lab.serverUrl}/jwks`, { method: 'HEAD' })
    expect({ status, body }).toEqual({ status: 200, body: '' })
  })
})

describe('the API', () => {
  test('accepts what the key of RFC 7515 appendix A.3 signed', async () => {
    expect(await statuses(forge(), trusting)).toEqual([200, 200, 200])
    expect((await trusting.me(`Bearer ${forge()}`)).body.user_id).toBe('user0')
    const { input, signature } = parts(RFC_TOKEN)
    const key = createPublicKey({ key: RFC_KEY, format: 'jwk' })
    const options = { key, dsaEncoding: 'ieee-p1363' } as const
    expect(verify('sha256', Buffer.from(input), options, signature)).toBe(true)
    expectInvalid(await trusting.me(`Bearer ${RFC_TOKEN}`))
  })

  // RFC 9068 sections 2.1 and 4
  const right: [string, () => string][] = [
    ['has the longer name of its type', () => forge(header({ typ: 'application/at+jwt' }))],
    ['has its type in capitals', () => forge(header({ typ: 'AT+JWT' }))],
    ['is for several APIs', () => forge(header(), claims({ aud: ['x', trusting.apiUrl] }))],
    ['has a lifetime to the millisecond', () => forge(header(), claims({ exp: 9e9 + 0.5 }))],
    ['has more claims', () => forge(header(), claims({ admin: true, nonce: {}, aud2: [] }))],
    ['has a header that means nothing here', () => forge(header({ x: { y: [] }, cty: 'x' }))],
    [
      'only has what the API reads',
      () => {
        return forge(header(), claims({ iat: undefined, jti: undefined, client_id: undefined }))
      },
    ],
  ]
  for (const [sentence, token] of right) {
    test(`accepts a token that ${sentence}`, async () => {
      expect(await statuses(token(), trusting)).toEqual([200, 200, 200])
    })
  }

  // RFC 8725 sections 2 and 3, RFC 9068 section 4. The key that signs these is the server's, unless it says so.
  const wrong: [string, () => string[]][] = [
    [
      'has no signature',
      () => [
        `${encode(header({ alg: 'none' }))}.${encode(claims())}.`,
        `${encode(header({ alg: 'None' }))}.${encode(claims())}.`,
        `${encode({ alg: 'none' })}.${encode(claims())}.`,
        `${encode(header())}.${encode(claims())}.`,
        `${encode(header())}.${encode(claims())}`,
      ],
    ],
    [
      'is signed with the public key as a secret',
      () => {
        const key = createPublicKey({ key: RFC_KEY, format: 'jwk' })
        const pem = String(key.export({ format: 'pem', type: 'spki' }))
        const point = Buffer.concat([base64url(RFC_KEY.x), base64url(RFC_KEY.y)])
        const der = key.export({ format: 'der', type: 'spki' })
        const secrets = [pem, pem.trim(), der, point, RFC_KEY.x, base64url(RFC_KEY.x), '']
        const texts = [RFC_JWK, RFC_KEY, { keys: [RFC_JWK] }].map((each) => JSON.stringify(each))
        return [...secrets, ...texts].map((secret) =>
          signedWithPublicKey(secret, header(), claims()),
        )
      },
    ],
    [
      'is signed with another algorithm',
      () => {
        const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
        const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey
        return [
          forge(header({ alg: 'RS256' }), claims(), rsa),
          forge(header({ alg: 'PS256' }), claims(), rsa),
          forge(header({ alg: 'ES384' }), claims(), p384),
          forge(header(), claims(), p384),
          forge(header(), claims(), rsa),
        ]
      },
    ],
    [
      'names no algorithm that there is',
      () => {
        const names = ['es256', 'ES256 ', '', 'ES256K', 'EdDSA', 'dir', 256, null, ['ES256'], {}]
        return [...names, undefined].map((alg) => forge(header({ alg })))
      },
    ],
    [
      'is signed with another key under the same kid',
      () => [forge(header(), claims(), foreign.privateKey)],
    ],
    [
      'brings its own key',
      () => {
        const jwk = foreign.publicKey.export({ format: 'jwk' })
        const jku = `${trusting.clientUrl}/jwks`
        const own = [{ jwk }, { jku }, { x5u: jku }, { x5c: ['MIIB'] }, { jwk, kid: undefined }]
        return [...own, { jwk, alg: 'none' }].map((each) => {
          return forge(header(each), claims(), foreign.privateKey)
        })
      },
    ],
    [
      'names no key that there is',
      () => {
        const names = ['', 'A-KEY', 'a-key ', '__proto__', '0', 0, null, [], ['a-key'], {}, true]
        return [...names, undefined].map((kid) => forge(header({ kid })))
      },
    ],
    [
      'is no access token',
      () => {
        const types = ['JWT', 'at+jwt ', 'at', 'jwt+at', 'text/at+jwt', 'id+jwt', '', 1, ['at+jwt']]
        return [...types, null, undefined].map((typ) => forge(header({ typ })))
      },
    ],
    [
      'has headers that the API must understand',
      () => {
        const crits = [['exp'], ['b64'], ['x'], [], 'exp', [1], {}, null, ['exp', 'exp']]
        return [
          ...crits.map((crit) => forge(header({ crit, exp: 1, x: 1 }))),
          forge(header({ crit: ['b64'], b64: false })),
          forge(header({ crit: ['b64'], b64: true, typ: 'JWT' })),
        ]
      },
    ],
    [
      'is of another server',
      () => {
        const { serverUrl, apiUrl } = trusting
        const names = [
          apiUrl,
          `${serverUrl}/`,
          serverUrl.toUpperCase(),
          '',
          [serverUrl],
          {},
          null,
          1,
        ]
        return [...names, undefined].map((iss) => forge(header(), claims({ iss })))
      },
    ],
    [
      'is for another API',
      () => {
        const { serverUrl, apiUrl } = trusting
        const names = [serverUrl, `${apiUrl}/`, `${apiUrl}/api/me`, '', [], [serverUrl], [[apiUrl]]]
        const others = [{ aud: apiUrl }, null, 1, undefined, apiUrl.slice(0, -1), 'lab-client']
        return [...names, ...others].map((aud) => forge(header(), claims({ aud })))
      },
    ],
    [
      'has expired, or never will',
      () => {
        const now = Math.floor(Date.now() / 1000)
        const past = [now, now - 1, now - 0.5, 0, -1, -1e308, 1_300_819_380]
        const odd = [undefined, null, '', `${now + 300}`, [now + 300], {}, true]
        return [...past, ...odd].map((exp) => forge(header(), claims({ exp })))
      },
    ],
    [
      'has not started, or has times that are none',
      () => {
        const later = Math.floor(Date.now() / 1000) + 100
        const odd = [later, 1e308, `${later - 200}`, null, [], {}]
        const starts = odd.map((nbf) => forge(header(), claims({ nbf })))
        return [...starts, forge(header(), claims({ iat: 'now' }))]
      },
    ],
    [
      'has a sub that is no text',
      () => {
        const odd = [undefined, null, 0, 1e308, true, [], ['user0'], { toString: 'user0' }]
        return odd.map((sub) => forge(header(), claims({ sub })))
      },
    ],
    [
      'has a scope that is no text',
      () => {
        const odd = [null, 0, true, ['profile'], [], { profile: true }]
        return odd.map((scope) => forge(header(), claims({ scope })))
      },
    ],
    [
      'has something else in it than claims',
      () => {
        const odd = [
          '',
          'x',
          '[]',
          'null',
          '"x"',
          '1',
          '{}',
          '{"exp":1e999}',
          '{',
          '\0',
          '\ufeff{}',
        ]
        const nested = forge(header(), forge())
        const inner = forge(header({ cty: 'JWT' }), forge())
        return [...odd.map((text) => forge(header(), text)), nested, inner]
      },
    ],
    [
      'has no header that could be one',
      () => {
        const odd = ['', 'x', '[]', 'null', '"x"', '1', '{}', '{', '\0', '{"alg":"ES256"']
        return odd.map((text) => forge(text))
      },
    ],
    [
      'was changed on its way',
      () => {
        const [head = '', payload = '', signature = ''] = forge().split('.')
        const admin = encode(claims({ sub: 'user1' }))
        return [
          `${head}.${admin}.${signature}`,
          `${encode(header({ x: 1 }))}.${payload}.${signature}`,
          `${head}.${payload}.${signature.slice(0, -2)}`,
          `${head}.${payload}.${signature}AA`,
          `${head}.${payload}.${signature}=`,
          `${head}.${payload}.${signature}==`,
          `${head}.${payload}.${Buffer.alloc(64).toString('base64url')}`,
          `${head}.${payload}.${signature}.`,
          `${head}.${payload}.${signature}.${signature}`,
          `.${head}.${payload}.${signature}`,
          `${head}..${signature}`,
          `${head}.${payload} .${signature}`,
          `${head}.${payload}.${signature.slice(0, 9)} ${signature.slice(9)}`,
          `${head}.${payload}.\t${signature}`,
          `${head} .${payload}.${signature}`,
          `${head}.${payload}\u00e9.${signature}`,
        ]
      },
    ],
    [
      'has a signature in the encoding of other programs',
      () => {
        const input = `${encode(header())}.${encode(claims())}`
        const key = { key: RFC_PRIVATE_KEY, format: 'jwk', dsaEncoding: 'der' } as const
        return [`${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`]
      },
    ],
    [
      'is encrypted, or no token at all',
      () => [
        'a.b.c.d.e',
        `${encode({ alg: 'dir', enc: 'A256GCM' })}..${'A'.repeat(16)}.${'A'.repeat(20)}.${'A'.repeat(22)}`,
        ...['', ' ', '.', '..', '...', 'x', '{}', '"', '\u00e9', '__proto__', 'user0'],
      ],
    ],
    [
      'is deep or huge',
      () => [
        forge(header(), `{"exp":9e9,"x":${'['.repeat(4000)}${']'.repeat(4000)}}`),
        forge(`{"alg":"ES256","kid":"a-key","x":${'['.repeat(4000)}${']'.repeat(4000)}}`),
        forge(header({ typ: 'x'.repeat(9000) })),
        forge(header({ kid: 'x'.repeat(9000) })),
        'x'.repeat(15_000),
        '.'.repeat(15_000),
      ],
    ],
  ]
  for (const [sentence, tokens] of wrong) {
    test(`rejects a token that ${sentence}`, async () => {
      expect((await trusting.me(`Bearer ${forge()}`)).status).toBe(200)
      for (const token of tokens()) {
        const authorization = Buffer.from(`Bearer ${token}`).toString('latin1')
        for (const [path] of RESOURCES) {
          expectInvalid(await trusting.me(authorization, path), token.slice(0, 200))
        }
      }
      expect((await trusting.me(`Bearer ${forge()}`)).status).toBe(200)
    })
  }

  test('rejects a signed token with any header and claims, and never breaks', async () => {
    const odd = fc.oneof(fc.jsonValue(), fc.constantFrom('ES256', 'at+jwt', 'a-key', 9e9))
    const names = ['alg', 'typ', 'kid', 'crit', 'b64', 'exp', 'sub', 'aud', 'iss', 'nbf', 'scope']
    const name = fc.constantFrom(...names)
    await fc.assert(
      fc.asyncProperty(name, odd, fc.boolean(), async (name, value, inHeader) => {
        const change = { [name]: value }
        const token = inHeader ? forge(header(change)) : forge(header(), claims(change))
        const { status } = await trusting.me(`Bearer ${token}`)
        expect([200, 401, 403], token).toContain(status)
      }),
      { numRuns: 200 },
    )
  })

  test('takes a real token of the server, and none that someone changed or signed', async () => {
    const { access_token } = await userTokens()
    expect(await statuses(access_token)).toEqual([200, 200, 403])
    const { header: head, claims: said, signature } = parts(access_token)
    const [jwk = {}] = (await jwks()).keys
    const pem = String(
      createPublicKey({ key: jwk, format: 'jwk' }).export({ format: 'pem', type: 'spki' }),
    )
    const more = { ...said, scope: 'profile email stats:read' }
    for (const token of [
      `${encode(head)}.${encode(more)}.${signature.toString('base64url')}`,
      `${encode({ ...head, alg: 'none' })}.${encode(more)}.`,
      signedWithPublicKey(pem, head, more),
      signedWithPublicKey(JSON.stringify(jwk), head, more),
      forge(head, more, foreign.privateKey),
      forge(
        { ...head, jwk: foreign.publicKey.export({ format: 'jwk' }) },
        more,
        foreign.privateKey,
      ),
    ]) {
      expect(await statuses(token)).toEqual([401, 401, 401])
    }
  })

  test('takes no token of another server, not even for this API', async () => {
    const other = await freshLab(
      { API_URL: lab.apiUrl },
      {
        buildServer: programs.buildServer,
        buildClient: programs.buildClient,
      },
    )
    const { access_token } = await userTokens(other)
    expect(parts(access_token).claims.aud).toBe(lab.apiUrl)
    expectInvalid(await lab.me(`Bearer ${access_token}`))
  })

  test('takes whose token it is from sub alone', async () => {
    const token = forge(header(), claims({ sub: 'user1', username: 'user0', client_id: 'user0' }))
    const user = { user_id: 'user1', username: 'User Number 1' }
    expect((await trusting.me(`Bearer ${token}`)).body).toEqual(user)
    const { body } = await trusting.me(`Bearer ${token}`, '/api/email')
    expect(body).toEqual({ email: 'user1@oauth-lab.me' })
  })

  test('takes no sub for a user that is none', async () => {
    for (const sub of ['worker-client', 'user2', 'USER0', '', '__proto__', 'user0 ']) {
      const token = forge(header(), claims({ sub }))
      expect(await statuses(token, trusting)).toEqual([401, 401, 200])
    }
  })

  test('lets a token do only what its scope says', async () => {
    for (const [scope, expected] of [
      ['profile', [200, 403, 403]],
      ['email', [403, 200, 403]],
      ['stats:read', [403, 403, 200]],
      ['profiles Email', [403, 403, 403]],
      ['', [403, 403, 403]],
      [undefined, [403, 403, 403]],
    ] as const) {
      expect(await statuses(forge(header(), claims({ scope })), trusting)).toEqual(expected)
    }
  })

  // RFC 9068 section 5
  test("takes a program's own token for no user's, even with the scopes of one", async () => {
    expect(await statuses(await workerToken())).toEqual([403, 403, 200])
    const token = forge(header(), claims({ sub: 'worker-client', client_id: 'worker-client' }))
    expect(await statuses(token, trusting)).toEqual([401, 401, 200])
  })

  test('accepts a token up to the second in which it expires', async () => {
    const now = Math.floor(Date.now() / 1000)
    const token = forge(header(), claims({ exp: now + 60 }))
    expect(await statuses(token, trusting)).toEqual([200, 200, 200])
    passTime(60)
    expect(await statuses(token, trusting)).toEqual([401, 401, 401])
  })
})

describe('the keys', () => {
  test('are fetched once, for the first tokens together, without credentials', async () => {
    const at = await freshLab()
    const tokens = [(await userTokens(at)).access_token, await workerToken(at)]
    const before = seen.length
    const all = Array.from({ length: 10 }, () => tokens.map((token) => statuses(token, at))).flat()
    const expected = Array.from({ length: 10 }, () => [
      [200, 200, 403],
      [403, 403, 200],
    ]).flat()
    expect(await Promise.all(all)).toEqual(expected)
    passTime(2 * PAUSE)
    expect(await statuses((await userTokens(at)).access_token, at)).toEqual([200, 200, 403])
    expect(fetches(before)).toHaveLength(1)
    expect(fetches(before)[0]).toMatchObject({ program: 'server', channel: 'back', method: 'GET' })
    expect(fetches(before)[0]?.requestHeaders).not.toHaveProperty('authorization')
  })

  test('are all that the API asks the server for', async () => {
    const at = await freshLab()
    const { access_token } = await userTokens(at)
    const before = seen.length
    await statuses(access_token, at)
    await statuses(await workerToken(at), at)
    await at.login(new Browser())
    const asked = seen.slice(before).filter(({ program }) => program === 'server')
    expect(asked.filter(({ path }) => path === '/introspect')).toEqual([])
    expect(asked.filter(({ path }) => path === '/jwks')).toHaveLength(1)
  })

  test('are not fetched for what can be no token of the server', async () => {
    const at = await freshLab()
    const before = seen.length
    const none = [
      'x',
      'a.b.c',
      'x'.repeat(43),
      forge(header({ alg: 'HS256' })),
      forge(header({ alg: 'none' })),
      forge(header({ crit: ['x'], x: 1 })),
    ]
    for (const token of none) expectInvalid(await at.me(`Bearer ${token}`))
    for (const authorization of [undefined, 'Bearer', 'Bearer ', 'Basic eDp5', forge()]) {
      expect((await at.me(authorization)).status).toBe(401)
    }
    expect(fetches(before)).toEqual([])
  })

  test('are fetched again for a new kid, but not more often than every five seconds', async () => {
    const at = await freshLab()
    const advance = stopClock()
    const before = seen.length
    const flood = async () => {
      const answers = Array.from({ length: 20 }, () => at.me(`Bearer ${unknownKey()}`))
      for (const answer of await Promise.all(answers)) expectInvalid(answer)
      for (let n = 0; n < 5; n += 1) expectInvalid(await at.me(`Bearer ${unknownKey()}`))
    }
    for (const count of [1, 2, 3]) {
      await flood()
      expect(fetches(before)).toHaveLength(count)
      advance(PAUSE - 1)
      await flood()
      expect(fetches(before)).toHaveLength(count)
      advance(1)
    }
    expect(await statuses((await userTokens(at)).access_token, at)).toEqual([200, 200, 403])
  })

  test('are not fetched more often when the fetch fails', async () => {
    const at = await freshLab()
    const advance = stopClock()
    const { access_token } = await userTokens(at)
    const before = seen.length
    let asked = 0
    trouble = async (request, reply) => {
      asked += 1
      return hangUp(request, reply)
    }
    for (const count of [1, 2]) {
      const answers = Array.from({ length: 10 }, () => at.me(`Bearer ${access_token}`))
      for (const answer of await Promise.all(answers)) expectUnavailable(answer, at)
      expect(asked).toBe(count)
      advance(PAUSE - 1)
      expectUnavailable(await at.me(`Bearer ${access_token}`), at)
      expect(asked).toBe(count)
      advance(1)
    }
    trouble = undefined
    expect(await statuses(access_token, at)).toEqual([200, 200, 403])
    expect(fetches(before).filter(({ status }) => status === 200)).toHaveLength(1)
  })

  test('of a server that started again work after those few seconds, and the old ones end', async () => {
    const at = await freshLab()
    const advance = stopClock()
    const { access_token: old } = await userTokens(at)
    expect(await statuses(old, at)).toEqual([200, 200, 403])
    await restart(at)
    const { access_token } = await userTokens(at)
    // The keys are a moment old: the API believes that a new kid can wait.
    expect(await statuses(access_token, at)).toEqual([401, 401, 401])
    expect(await statuses(old, at)).toEqual([200, 200, 403])
    advance(PAUSE)
    expect(await statuses(access_token, at)).toEqual([200, 200, 403])
    expect(await statuses(old, at)).toEqual([401, 401, 401])
  })

  test('in hand are enough while the server is away, for as long as tokens last', async () => {
    const at = await freshLab()
    const [{ access_token }, machine] = [await userTokens(at), await workerToken(at)]
    expect(await statuses(access_token, at)).toEqual([200, 200, 403])
    await at.server.close()
    for (const pause of [0, PAUSE, PAUSE]) {
      passTime(pause)
      expectInvalid(await at.me(`Bearer ${unknownKey()}`))
      expect(await statuses(access_token, at)).toEqual([200, 200, 403])
      expect(await statuses(machine, at)).toEqual([403, 403, 200])
    }
    passTime(LIFETIME)
    expect(await statuses(access_token, at)).toEqual([401, 401, 401])
  })

  test('that are missing mean 503 while the server is not running, but 401 without a token', async () => {
    const at = await freshLab()
    const { access_token } = await userTokens(at)
    await at.server.close()
    const answer = await at.me(`Bearer ${access_token}`)
    expectUnavailable(answer, at)
    expect(answer.body.error_description).toContain('is not running')
    for (const authorization of [undefined, 'Bearer ', 'Bearer x']) {
      expect((await at.me(authorization)).status).toBe(401)
    }
  })

  test('that come too slowly are given up after five seconds', async () => {
    const at = await freshLab()
    const { access_token } = await userTokens(at)
    // Each second takes ten milliseconds here.
    const { timeout } = AbortSignal
    const patience = vi.spyOn(AbortSignal, 'timeout')
    patience.mockImplementation((delay) => timeout.call(AbortSignal, delay / 100))
    const gate = new Gate()
    onTestFinished(() => gate.open())
    trouble = () => gate.opened
    const answer = await at.me(`Bearer ${access_token}`)
    expectUnavailable(answer, at)
    expect(answer.body.error_description).toContain('did not respond within 5 seconds')
    expect(patience).toHaveBeenCalledExactlyOnceWith(5000)
  })

  test('that come slowly hold up no token whose key is there', async () => {
    const at = await freshLab()
    const { access_token } = await userTokens(at)
    expect(await statuses(access_token, at)).toEqual([200, 200, 403])
    passTime(PAUSE)
    const [arrived, gate] = [new Gate(), new Gate()]
    trouble = async () => {
      arrived.open()
      await gate.opened
    }
    const slow = at.me(`Bearer ${unknownKey()}`)
    await arrived.opened
    expect(await statuses(access_token, at)).toEqual([200, 200, 403])
    gate.open()
    expectInvalid(await slow)
  })

  const point = { kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA' }
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey
  /** Keys with which nobody may check an ES256 signature. */
  const uselessKeys: [string, unknown][] = [
    ['a private key', { ...RFC_JWK, ...RFC_PRIVATE_KEY }],
    ['a private key that calls itself public', { ...RFC_PRIVATE_KEY, key_ops: ['verify'] }],
    ['a point that is not on the curve', { ...RFC_JWK, ...point }],
    ['half a point', { ...RFC_JWK, y: undefined }],
    ['a key of another curve', { ...p384.export({ format: 'jwk' }), kid: 'a-key' }],
    ['an RSA key', { ...rsa.export({ format: 'jwk' }), kid: 'a-key', alg: 'ES256' }],
    ['a secret', { kty: 'oct', k: RFC_KEY.x, kid: 'a-key', alg: 'ES256' }],
    ['a kind of key from the future', { kty: 'QUANTUM', kid: 'a-key' }],
    ['a key for encryption', { ...RFC_JWK, use: 'enc' }],
    ['a key for another algorithm', { ...RFC_JWK, alg: 'ES384' }],
    ['a key for signing only', { ...RFC_JWK, key_ops: ['sign'] }],
    ['an empty key', {}],
    ['no key', null],
    ['a text', 'a-key'],
    ['a list', [RFC_JWK]],
  ]
  const uselessSets: [string, Hook][] = [
    ...uselessKeys.map(([sentence, key]): [string, Hook] => [
      `sends ${sentence}`,
      async (_, reply) => reply.send({ keys: [key] }),
    ]),
    ['hangs up', hangUp],
    ['sends a page', async (_, reply) => reply.type('text/html').send('<h1>Hi</h1>')],
    ['sends nothing', async (_, reply) => reply.code(204).send()],
    ['sends a set without keys', async (_, reply) => reply.send({})],
    ['sends an empty set', async (_, reply) => reply.send({ keys: [] })],
    ['sends a key in place of a set', async (_, reply) => reply.send(RFC_JWK)],
    ['sends a list in place of a set', async (_, reply) => reply.send([RFC_JWK])],
    ['sends no list of keys', async (_, reply) => reply.send({ keys: RFC_JWK })],
    ['sends keys by name', async (_, reply) => reply.send({ keys: { 'a-key': RFC_JWK } })],
    ['sends a text in place of keys', async (_, reply) => reply.send({ keys: 'a-key' })],
    [
      'sends too much',
      async (_, reply) => {
        return reply.send({ keys: [RFC_JWK], x: 'x'.repeat(70_000) })
      },
    ],
    [
      'sends them with the wrong status',
      async (_, reply) => {
        return reply.code(202).send({ keys: [RFC_JWK] })
      },
    ],
    ['does not know the address', async (_, reply) => reply.code(404).send({ keys: [RFC_JWK] })],
    ['wants credentials', async (_, reply) => reply.code(401).send({ keys: [RFC_JWK] })],
    ['forbids it', async (_, reply) => reply.code(403).send('')],
    ['breaks', async (_, reply) => reply.code(500).send({ error: 'server_error' })],
    ['is not available either', async (_, reply) => reply.code(503).send({})],
    ['redirects', async (_, reply) => reply.redirect('/elsewhere', 307)],
  ]
  for (const [sentence, hook] of uselessSets) {
    test(`are missing when the server ${sentence}: 503, then it works again by itself`, async () => {
      const at = await freshLab()
      const { access_token } = await userTokens(at)
      trouble = hook
      for (const [path] of RESOURCES) {
        expectUnavailable(await at.me(`Bearer ${access_token}`, path), at)
      }
      trouble = undefined
      passTime(PAUSE)
      expect(await statuses(access_token, at)).toEqual([200, 200, 403])
      // The keys in hand outlive another such response.
      trouble = hook
      passTime(PAUSE)
      const token = forge(header(), claims({ iss: at.serverUrl, aud: at.apiUrl }))
      expectInvalid(await at.me(`Bearer ${token}`))
      expect(await statuses(access_token, at)).toEqual([200, 200, 403])
    })
  }

  // RFC 7517 section 5
  test('are picked from a set with keys of all kinds', async () => {
    const at = await freshLab()
    const other = { ...foreign.publicKey.export({ format: 'jwk' }), kid: 'another-key' }
    const keys = [...uselessKeys.map(([, key]) => key), other, RFC_JWK]
    trouble = async (_, reply) => reply.send({ keys })
    const mine = claims({ iss: at.serverUrl, aud: at.apiUrl })
    expect(await statuses(forge(header(), mine), at)).toEqual([200, 200, 200])
    const head = header({ kid: 'another-key' })
    expect(await statuses(forge(head, mine, foreign.privateKey), at)).toEqual([200, 200, 200])
    expect(await statuses(forge(head, mine), at)).toEqual([401, 401, 401])
    expect(await statuses(forge(header(), mine, foreign.privateKey), at)).toEqual([401, 401, 401])
  })

  /** The server ends and starts again, at the same address. */
  async function restart(at: Lab): Promise<void> {
    await at.server.close()
    const app = programs.buildServer(at.config)
    app.addHook('preClose', async () => app.server.closeAllConnections())
    await app.listen({ port: Number(new URL(at.serverUrl).port), host: 'localhost' })
    onTestFinished(() => app.close())
  }
})

describe('what this version costs: the API accepts an access token until it expires,', () => {
  const ends: [string, (login: Tokens, browser: Browser) => Promise<void>][] = [
    [
      'also when the client revoked it',
      async ({ access_token }) => {
        await lab.post('/revoke', { token: access_token })
      },
    ],
    [
      'also when the client revoked its refresh token',
      async ({ refresh_token }) => {
        await lab.post('/revoke', { token: refresh_token })
      },
    ],
    [
      'also when the user logged out at the client',
      async (_, browser) => {
        expect((await browser.open(`${lab.clientUrl}/logout`, { method: 'POST' })).status).toBe(303)
      },
    ],
    [
      'also when the user disconnected the client',
      async (_, browser) => {
        const account = `${lab.serverUrl}/account`
        await browser.open(account, { method: 'POST', body: credentials('user0') })
        const csrf = html(await browser.open(account)).querySelector('[name=csrf]')
        const body = { csrf: csrf?.getAttribute('value'), client_id: 'lab-client' }
        const page = await browser.open(`${account}/disconnect`, { method: 'POST', body })
        expect(page.status).toBe(303)
      },
    ],
    [
      'also when someone used a refresh token of its login twice',
      async ({ refresh_token }) => {
        await lab.refresh(refresh_token)
        expect((await lab.refresh(refresh_token)).status).toBe(400)
      },
    ],
  ]
  for (const [sentence, end] of ends) {
    test(sentence, async () => {
      const browser = new Browser()
      await lab.login(browser)
      const [access_token = '', refresh_token = ''] = issuedTokens(seen).slice(-2)
      expect((await introspect(access_token)).active).toBe(true)
      await end({ access_token, refresh_token }, browser)
      // The server knows that it has ended, and would say so to an API that asks.
      expect(await introspect(access_token)).toEqual({ active: false })
      expect((await lab.refresh(refresh_token)).status).toBe(
        sentence === 'also when the client revoked it' ? 200 : 400,
      )
      expect((await lab.me(`Bearer ${access_token}`)).status).toBe(200)
      passTime(LIFETIME - 30)
      expect((await lab.me(`Bearer ${access_token}`)).status).toBe(200)
      passTime(30)
      expectInvalid(await lab.me(`Bearer ${access_token}`))
    })
  }

  test('and no longer than the server says in expires_in, but for the rounding', async () => {
    const short = await freshLab({ ACCESS_TOKEN_TTL: '100' })
    const { body } = await short.redeem(await short.code())
    expect(body.expires_in).toBe(100)
    const { exp, iat } = parts(String(body.access_token)).claims
    expect([100, 101]).toContain(exp - iat)
    expect((await short.me(`Bearer ${body.access_token}`)).status).toBe(200)
    passTime(101)
    expectInvalid(await short.me(`Bearer ${body.access_token}`))
  })
})

describe('the client', () => {
  test('goes on while the server is away, until its access token runs out', async () => {
    const at = await freshLab()
    const browser = new Browser()
    await at.login(browser)
    await at.server.close()
    const page = await browser.open(`${at.clientUrl}/profile`)
    expect(page.status).toBe(200)
    expect(textOf(page, '#username')).toBe('User Number 0')
    passTime(LIFETIME)
    expect((await browser.open(`${at.clientUrl}/profile`)).status).toBe(502)
  })

  test('says in a 502 page that the API is not available, and keeps its tokens', async () => {
    const at = await freshLab()
    const browser = new Browser()
    trouble = hangUp
    const before = seen.length
    const page = await at.login(browser)
    expect(page.status).toBe(502)
    expect(textOf(page, 'main')).toContain(`${at.apiUrl}/api/`)
    expect(textOf(page, 'main')).toContain('temporarily unavailable')
    trouble = undefined
    passTime(PAUSE)
    expect((await browser.open(`${at.clientUrl}/profile`)).status).toBe(200)
    expect(seen.slice(before).filter(({ path }) => path === '/token')).toHaveLength(1)
  })
})

test('the worker asks the API, which asks the server for its keys', async () => {
  const { countUsers } =
    await load<typeof import('../worker/count-users.ts')>('worker/count-users.ts')
  const at = await freshLab()
  for (const expected of [
    ['server /token', 'server /jwks', 'api /api/stats'],
    ['server /token', 'api /api/stats'],
  ]) {
    const before = seen.length
    expect(await countUsers(at.config)).toBe(2)
    expect(seen.slice(before).map(({ program, path }) => `${program} ${path}`)).toEqual(expected)
  }
})

// RFC 9068 section 4
describe('oauth4webapi, a resource server that this project did not write,', () => {
  test('accepts these tokens, with the keys from /jwks', async () => {
    const { access_token } = await userTokens()
    expect(await check(access_token)).toMatchObject({
      sub: 'user0',
      client_id: 'lab-client',
      scope: 'profile email',
      aud: lab.apiUrl,
      iss: lab.serverUrl,
    })
    expect(await check(await workerToken())).toMatchObject({ sub: 'worker-client' })
  })

  test('rejects them for another API, of another server, or changed', async () => {
    const { access_token } = await userTokens()
    await expect(check(access_token, 'http://localhost:25999')).rejects.toThrow('"aud"')
    await expect(check(access_token, lab.apiUrl, lab.clientUrl)).rejects.toThrow('"iss"')
    const [head, payload] = access_token.split('.')
    const changed = `${head}.${payload}.${'A'.repeat(86)}`
    await expect(check(changed)).rejects.toThrow('signature')
  })

  function check(token: string, audience = lab.apiUrl, issuer = lab.serverUrl) {
    const server: oauth.AuthorizationServer = { issuer, jwks_uri: `${lab.serverUrl}/jwks` }
    const headers = { authorization: `Bearer ${token}` }
    const request = new Request(`${lab.apiUrl}/api/me`, { headers })
    const options = { [oauth.allowInsecureRequests]: true, signingAlgorithms: ['ES256'] }
    return oauth.validateJwtAccessToken(server, request, audience, options)
  }
})

test('no response of the API or of the client shows a token', () => {
  const own = seen.filter(({ program }) => program !== 'server')
  const shown = own.map(({ headers, body }) => JSON.stringify(headers) + body).join('\n')
  const secrets = issuedTokens(seen)
  expect(secrets.length).toBeGreaterThan(50)
  for (const secret of secrets) expect(shown).not.toContain(secret)
})

test('no response but the public keys may be cached, none to a program sets a cookie, and the only 5xx were the 502 of the client and the 503 of the API', () => {
  const own = seen.filter(({ path, status }) => path !== '/jwks' || status === 405)
  expect(unsoundAnswers(own)).toEqual([])
})
