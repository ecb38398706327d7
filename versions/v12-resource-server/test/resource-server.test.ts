import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readConfig } from '@oauth-lab/shared/config.ts'
import { Browser, html, textOf } from '@oauth-lab/shared/testing/browser.ts'
import { passTime } from '@oauth-lab/shared/testing/clock.ts'
import { credentials, type JsonAnswer } from '@oauth-lab/shared/testing/driver.ts'
import { type FormFields, send } from '@oauth-lab/shared/testing/exchange.ts'
import { Gate, type Hook, hangUp, withServerHook } from '@oauth-lab/shared/testing/hooks.ts'
import { basic, type Fields, freePort, type Lab, startLab } from '@oauth-lab/shared/testing/lab.ts'
import { OpenidClient } from '@oauth-lab/shared/testing/openid-client.ts'
import {
  type Exchange,
  issuedTokens,
  recorded,
  unsoundAnswers,
} from '@oauth-lab/shared/testing/recorder.ts'
import { folder, load, snapshot, until } from '@oauth-lab/shared/testing/snapshot.ts'
import * as oauth from 'oauth4webapi'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'

const API = { authorization: basic('api-server', 'api-server-secret') }
const OTHER = { authorization: basic('other-client', 'other-client-secret') }
const WORKER = { authorization: basic('worker-client', 'worker-client-secret') }
/** The protected resources, and their scopes. */
const RESOURCES = [
  ['/api/me', 'profile'],
  ['/api/email', 'email'],
  ['/api/stats', 'stats:read'],
] as const

const seen: Exchange[] = []
/** What the introspection endpoint does before its work, or in place of it, during a test. */
let trouble: Hook | undefined
const programs = recorded(
  withServerHook(snapshot, async (request, reply) => {
    return request.url === '/introspect' ? trouble?.(request, reply) : undefined
  }),
  seen,
)
let lab: Lab

beforeAll(async () => {
  lab = await startLab(programs)
})
afterEach(() => {
  trouble = undefined
  vi.restoreAllMocks()
})
afterAll(() => lab.close())

interface Tokens {
  access_token: string
  refresh_token: string
}

/** The tokens of a new login of user0 at lab-client. */
async function userTokens(at = lab): Promise<Tokens> {
  const { body } = await at.redeem(await at.code({ scope: 'profile email' }))
  return { access_token: String(body.access_token), refresh_token: String(body.refresh_token) }
}

/** A new token of the worker. */
async function workerToken(): Promise<string> {
  const { body } = await lab.token({ grant_type: 'client_credentials' }, WORKER)
  return String(body.access_token)
}

/** Asks the server about a token, as the API unless headers say otherwise. */
function introspect(form: FormFields, headers: Fields = API, at = lab): Promise<JsonAnswer> {
  return at.post('/introspect', form, headers)
}

async function expectInactive(token: string, headers: Fields = API): Promise<void> {
  const { status, body } = await introspect({ token }, headers)
  expect({ status, body }).toEqual({ status: 200, body: { active: false } })
}

function expectError({ status, body }: JsonAnswer, error: string, expected = 400): void {
  expect({ status, error: body.error }).toEqual({ status: expected, error })
  expect(body.error_description).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/)
  expect(body).not.toHaveProperty('active')
}

/** The API knows neither yes nor no, so the response is no challenge. */
function expectUnavailable({ status, body, headers }: JsonAnswer): void {
  expect({ status, error: body.error }).toEqual({ status: 503, error: 'temporarily_unavailable' })
  expect(body.error_description).toContain(`${lab.serverUrl}/introspect`)
  expect(headers['retry-after']).toMatch(/^[1-9]\d*$/)
  expect(headers).not.toHaveProperty('www-authenticate')
}

/** What the API asks the server since a point in the record. */
function introspections(since = 0): Exchange[] {
  return seen.slice(since).filter(({ path }) => path === '/introspect')
}

/** From now on the introspection endpoint says this. */
function says(answer: object): void {
  trouble = async (_, reply) => reply.send(answer)
}

/** What the server says about a token of user0, except for what is changed. */
function active(changes: object = {}): object {
  const [aud, iss] = [lab.apiUrl, lab.serverUrl]
  return { active: true, sub: 'user0', scope: 'profile email stats:read', aud, iss, ...changes }
}

async function statuses(access_token = 'x'): Promise<number[]> {
  const answers = RESOURCES.map(([path]) => lab.me(`Bearer ${access_token}`, path))
  return (await Promise.all(answers)).map(({ status }) => status)
}

// RFC 7662 section 2.2
describe('POST /introspect', () => {
  test("tells the API what a user's token stands for", async () => {
    const before = Math.floor(Date.now() / 1000)
    const { access_token } = await userTokens()
    const { status, body, headers } = await introspect({ token: access_token })
    expect(status).toBe(200)
    expect(body).toEqual({
      active: true,
      scope: 'profile email',
      client_id: 'lab-client',
      sub: 'user0',
      token_type: 'Bearer',
      iat: expect.any(Number),
      exp: expect.any(Number),
      aud: lab.apiUrl,
      iss: lab.serverUrl,
    })
    expect(body.iat).toBeGreaterThanOrEqual(before)
    expect(body.iat).toBeLessThanOrEqual(Date.now() / 1000)
    expect(headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache' })
    expect(headers['content-type']).toMatch(/^application\/json/)
  })

  test("says that a program's own token stands for the program", async () => {
    const { body } = await introspect({ token: await workerToken() })
    const sub = 'worker-client'
    expect(body).toMatchObject({ active: true, scope: 'stats:read', client_id: sub, sub })
  })

  test('tells the scope of the token, not that of the login', async () => {
    const { refresh_token } = await userTokens()
    const form = { grant_type: 'refresh_token', refresh_token, scope: 'email' }
    const { access_token } = (await lab.token(form)).body
    expect((await introspect({ token: String(access_token) })).body.scope).toBe('email')
  })

  test('rounds the start of the lifetime down and its end up, to whole seconds', async () => {
    for (const [now, iat, exp] of [
      [1_800_000_000_999, 1_800_000_000, 1_800_000_301],
      [1_800_000_000_001, 1_800_000_000, 1_800_000_301],
      [1_800_000_000_000, 1_800_000_000, 1_800_000_300],
    ]) {
      const code = await lab.code()
      const clock = vi.spyOn(Date, 'now').mockReturnValue(now ?? 0)
      const { access_token } = (await lab.redeem(code)).body
      clock.mockRestore()
      const { body } = await introspect({ token: String(access_token) })
      expect(body).toMatchObject({ iat, exp })
    }
  })

  test('says the same each time, and makes no token live longer', async () => {
    const { access_token } = await userTokens()
    const { body } = await introspect({ token: access_token })
    passTime(299)
    expect((await introspect({ token: access_token })).body).toEqual(body)
    passTime(2)
    await expectInactive(access_token)
  })

  test('says that an ended token is not active, and nothing else', async () => {
    const [revoked, ended, disconnected] = [
      await userTokens(),
      await userTokens(),
      await userTokens(),
    ]
    await lab.post('/revoke', { token: revoked.access_token })
    await expectInactive(revoked.access_token)
    await lab.post('/revoke', { token: ended.refresh_token })
    await expectInactive(ended.access_token)
    expect((await introspect({ token: disconnected.access_token })).body.active).toBe(true)
    await disconnect()
    await expectInactive(disconnected.access_token)
  })

  test('says the same about everything that is no access token', async () => {
    const { access_token, refresh_token } = await userTokens()
    const others = [refresh_token, await lab.code(), 'x', 'user0', 'api-server-secret', '\u0000']
    const near = [`${access_token} `, access_token.slice(1), access_token.toLowerCase()]
    for (const token of [...others, ...near, '__proto__', 'x'.repeat(10_000)]) {
      await expectInactive(token)
    }
    // It was only looked at.
    expect((await lab.refresh(refresh_token)).status).toBe(200)
  })

  // RFC 7662 section 4
  test('says the same to every client but the API, also about its own tokens', async () => {
    const { access_token, refresh_token } = await userTokens()
    const machine = await workerToken()
    for (const headers of [{}, OTHER, WORKER]) {
      for (const token of [access_token, refresh_token, machine, 'x']) {
        await expectInactive(token, headers)
      }
    }
    expect((await introspect({ token: access_token })).body.active).toBe(true)
  })

  test('wants one token, and ignores everything else', async () => {
    const { access_token: token } = await userTokens()
    for (const form of [{}, { token: '' }, { token: [token, token] }, { token: [token, 'x'] }]) {
      expectError(await introspect(form), 'invalid_request')
    }
    const hints = ['access_token', 'refresh_token', 'nonsense', ['access_token', 'refresh_token']]
    for (const token_type_hint of hints) {
      const { body } = await introspect({ token, token_type_hint, aud: ['x', 'y'], scope: 'email' })
      expect(body.active).toBe(true)
    }
    const headers = { ...API, 'content-type': 'application/x-www-form-urlencoded' }
    expectError(await raw('token=%FF', headers), 'invalid_request')
  })

  // RFC 7662 section 2.3
  test('wants a client and its secret, as /token does', async () => {
    const { access_token: token } = await userTokens()
    const bearer = { authorization: `Bearer ${token}` }
    const wrong = [basic('api-server', 'wrong'), basic('api-server', ''), basic('user0', 'x')]
    const headers = [...wrong.map((authorization) => ({ authorization })), bearer]
    for (const each of [...headers, { authorization: undefined }]) {
      const answer = await introspect({ token }, each)
      expectError(answer, 'invalid_client', 401)
      expect(answer.headers['www-authenticate']).toBe('Basic realm="oauth-lab"')
    }
    const inBody = { client_id: 'api-server', client_secret: 'api-server-secret' }
    const answer = await introspect({ token, ...inBody }, { authorization: undefined })
    expect(answer.body.active).toBe(true)
    expectError(await introspect({ token, ...inBody }), 'invalid_request')
    expectError(await introspect({ token, client_id: 'lab-client' }), 'invalid_request')
  })

  test('checks the body first, then the client, then the parameters', async () => {
    const json = { 'content-type': 'application/json', authorization: undefined }
    expectError(await raw('{"token":"x"}', json), 'invalid_request')
    expectError(await introspect({}, { authorization: undefined }), 'invalid_client', 401)
    const page = await send(`${lab.serverUrl}/introspect`, { method: 'POST', headers: API })
    expect(JSON.parse(page.body).error).toBe('invalid_request')
  })

  test('is for POST alone, and for no body over 16 KiB', async () => {
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']) {
      const { status, headers, body } = await send(`${lab.serverUrl}/introspect?token=x`, {
        method,
        headers: API,
      })
      expect({ status, allow: headers.allow }).toEqual({ status: 405, allow: 'POST' })
      if (method !== 'HEAD') expect(JSON.parse(body).error).toBe('invalid_request')
    }
    const { status, body } = await introspect({ token: 'x'.repeat(16_384) })
    expect({ status, error: body.error }).toEqual({ status: 413, error: 'invalid_request' })
  })

  async function raw(body: string, headers: Fields): Promise<JsonAnswer> {
    const answer = await send(`${lab.serverUrl}/introspect`, { method: 'POST', body, headers })
    return { ...answer, body: JSON.parse(answer.body) }
  }

  /** User0 takes back what lab-client was allowed. */
  async function disconnect(): Promise<void> {
    const browser = new Browser()
    const account = `${lab.serverUrl}/account`
    await browser.open(account, { method: 'POST', body: credentials('user0') })
    const page = html(await browser.open(account))
    const csrf = page.querySelector('[name=csrf]')?.getAttribute('value')
    const body = { csrf, client_id: 'lab-client' }
    expect((await browser.open(`${account}/disconnect`, { method: 'POST', body })).status).toBe(303)
  }
})

describe('the API as a client of the server', () => {
  // RFC 6749 section 5.2
  test('may use no grant, and uses nothing up when it tries', async () => {
    const { refresh_token } = await userTokens()
    const code = await lab.code()
    for (const grant_type of ['authorization_code', 'refresh_token', 'client_credentials']) {
      expectError(await lab.token({ grant_type }, API), 'unauthorized_client')
    }
    expectError(await lab.redeem(code, {}, API), 'unauthorized_client')
    expectError(await lab.refresh(refresh_token, API), 'unauthorized_client')
    expect((await lab.redeem(code)).status).toBe(200)
    expect((await lab.refresh(refresh_token)).status).toBe(200)
    expectError(await lab.token({ grant_type: 'password' }, API), 'unsupported_grant_type')
  })

  test('can start no login, and is no connected app', async () => {
    for (const redirect_uri of [lab.redirectUri, undefined, `${lab.apiUrl}/callback`]) {
      const url = lab.authorizeUrl({ client_id: 'api-server', redirect_uri })
      const page = await new Browser().open(url)
      expect({ status: page.status, location: page.location }).toEqual({ status: 400 })
    }
    const browser = new Browser()
    await lab.login(browser)
    expect((await browser.open(`${lab.serverUrl}/account`)).body).not.toContain('api-server')
  })

  test('can revoke no token that it sees', async () => {
    const { access_token } = await userTokens()
    expectError(await lab.post('/revoke', { token: access_token }, API), 'invalid_grant')
    expect((await introspect({ token: access_token })).body.active).toBe(true)
  })

  test('has a name that no user and no other client has', () => {
    for (const name of ['user0', 'lab-client', 'worker-client', 'other-client', 'lab-cli']) {
      expect(() => readConfig({ API_ID: name })).toThrow(/^API_ID is "/)
    }
  })

  test('may have any name and secret in printable ASCII', async () => {
    const odd = await startLab(programs, { API_ID: 'a:1 %+&=', API_SECRET: ':"\\ %41+~' })
    onTestFinished(() => odd.close())
    const { access_token } = await userTokens(odd)
    expect((await odd.me(`Bearer ${access_token}`)).body.user_id).toBe('user0')
  })
})

test('the server has no resource any more: 404 at each of its old addresses', async () => {
  const { access_token } = await userTokens()
  for (const [path] of RESOURCES) {
    for (const authorization of [`Bearer ${access_token}`, undefined]) {
      const { status, body } = await send(lab.serverUrl + path, { headers: { authorization } })
      expect({ status, error: JSON.parse(body).error }).toEqual({
        status: 404,
        error: 'invalid_request',
      })
    }
  }
})

test('the API has nothing of the server: it logs no one in and issues no tokens', async () => {
  for (const path of ['/authorize', '/token', '/introspect', '/revoke', '/account', '/consent']) {
    for (const method of ['GET', 'POST']) {
      expect((await send(lab.apiUrl + path, { method })).status).toBe(404)
    }
  }
})

describe('the API', () => {
  until(
    'v13',
    'asks about each token once for each request, with its own name and secret',
    async () => {
      const { access_token } = await userTokens()
      const machine = await workerToken()
      const before = seen.length
      for (const [path] of RESOURCES) {
        for (const token of [access_token, access_token, machine, 'x']) {
          await lab.me(`Bearer ${token}`, path)
        }
      }
      const asked = introspections(before)
      expect(asked.map(({ form }) => form)).toEqual(
        RESOURCES.flatMap(() =>
          [access_token, access_token, machine, 'x'].map((token) => ({ token })),
        ),
      )
      for (const { program, channel, requestHeaders } of asked) {
        expect({ program, channel }).toEqual({ program: 'server', channel: 'back' })
        expect(requestHeaders.authorization).toBe(API.authorization)
      }
    },
  )

  until('v13', 'rejects a token from the moment it ends', async () => {
    const { access_token } = await userTokens()
    expect(await statuses(access_token)).toEqual([200, 200, 403])
    await lab.post('/revoke', { token: access_token })
    expect(await statuses(access_token)).toEqual([401, 401, 401])
  })

  until(
    'v13',
    'rejects the token of a client from the moment the user logs out there',
    async () => {
      const browser = new Browser()
      await lab.login(browser)
      const access_token = String(issuedTokens(seen).at(-2))
      expect(await statuses(access_token)).toContain(200)
      await browser.open(`${lab.clientUrl}/logout`, { method: 'POST' })
      expect(await statuses(access_token)).toEqual([401, 401, 401])
    },
  )

  // RFC 6750 section 2.1
  until('v13', 'asks about nothing that can be no token', async () => {
    const { access_token } = await userTokens()
    const before = seen.length
    const tokens = ['', ' ', `${access_token} x`, `"${access_token}"`, 'é', 'a,b', 'x'.repeat(8000)]
    for (const token of tokens) {
      expectError(await lab.me(`Bearer ${token}`), 'invalid_token', 401)
    }
    for (const authorization of [undefined, 'Bearer', 'Basic eDp5', access_token]) {
      expect((await lab.me(authorization)).status).toBe(401)
    }
    expect(introspections(before)).toEqual([])
  })

  until('v13', 'asks about the longest token in any encoding, and rejects it', async () => {
    const before = seen.length
    for (const token of ['/'.repeat(4096), '~+/=-._', '='.repeat(4000)]) {
      expectError(await lab.me(`Bearer ${token}`), 'invalid_token', 401)
      expect(introspections(before).at(-1)?.form).toEqual({ token })
    }
  })

  // RFC 7662 section 2.2, RFC 9700 section 2.3
  const notForHere: [string, () => object][] = [
    ['is not active', () => active({ active: false })],
    ['is for another API', () => active({ aud: 'http://localhost:25999' })],
    ['is for other APIs', () => active({ aud: ['http://localhost:25999', 'x'] })],
    ['is for no API', () => active({ aud: undefined })],
    ['is for an API whose address only starts like this', () => active({ aud: `${lab.apiUrl}/` })],
    ['is of another server', () => active({ iss: 'http://localhost:25999' })],
    ['is of no server', () => active({ iss: undefined })],
    ['is of several servers', () => active({ iss: [lab.serverUrl] })],
  ]
  for (const [sentence, answer] of notForHere) {
    until('v13', `rejects a token that ${sentence}`, async () => {
      says(answer())
      for (const [path] of RESOURCES) {
        expectError(await lab.me('Bearer x', path), 'invalid_token', 401)
      }
    })
  }

  until('v13', 'accepts a token that is for this API among others', async () => {
    says(active({ aud: ['http://localhost:25999', lab.apiUrl] }))
    expect(await statuses()).toEqual([200, 200, 200])
  })

  until('v13', 'takes whose token it is from sub alone, and knows each user', async () => {
    says(active({ sub: 'user1', username: 'user0', client_id: 'user0' }))
    expect((await lab.me('Bearer x')).body).toEqual({
      user_id: 'user1',
      username: 'User Number 1',
    })
    expect((await lab.me('Bearer x', '/api/email')).body).toEqual({ email: 'user1@oauth-lab.me' })
  })

  until('v13', 'takes no sub for a user that is none', async () => {
    for (const sub of ['worker-client', 'user2', 'USER0', '', '__proto__', undefined]) {
      says(active({ sub }))
      expect(await statuses()).toEqual([401, 401, 200])
      for (const path of ['/api/me', '/api/email']) {
        expectError(await lab.me('Bearer x', path), 'invalid_token', 401)
      }
    }
  })

  until('v13', 'lets a token do only what its scope says', async () => {
    for (const [scope, expected] of [
      ['profile', [200, 403, 403]],
      ['email', [403, 200, 403]],
      ['stats:read', [403, 403, 200]],
      ['profiles Email', [403, 403, 403]],
      [undefined, [403, 403, 403]],
    ] as const) {
      says(active({ scope }))
      expect(await statuses()).toEqual(expected)
    }
    const { headers } = await lab.me('Bearer x', '/api/email')
    expect(headers['www-authenticate']).toContain('error="insufficient_scope"')
    expect(headers['www-authenticate']).toContain('scope="email"')
  })

  const unusable: [string, Hook][] = [
    ['hangs up', hangUp],
    ['sends a page', async (_, reply) => reply.type('text/html').send('<h1>Hi</h1>')],
    ['sends nothing', async (_, reply) => reply.code(204).send()],
    ['says neither yes nor no', async (_, reply) => reply.send({})],
    ['says it in words', async (_, reply) => reply.send(active({ active: 'true' }))],
    [
      'sends a scope that is no text',
      async (_, reply) => reply.send(active({ scope: ['profile'] })),
    ],
    [
      'sends a sub that is no text',
      async (_, reply) => reply.send(active({ sub: { toString: 1 } })),
    ],
    ['says it with the wrong status', async (_, reply) => reply.code(202).send(active())],
    ['rejects the API', async (_, reply) => reply.code(401).send({ error: 'invalid_client' })],
    ['forbids it', async (_, reply) => reply.code(403).send('')],
    ['breaks', async (_, reply) => reply.code(500).send({ error: 'server_error' })],
    ['is not available either', async (_, reply) => reply.code(503).send({})],
    ['redirects', async (_, reply) => reply.redirect('/elsewhere', 307)],
  ]
  for (const [sentence, hook] of unusable) {
    until('v13', `answers 503 when the server ${sentence}, and works again by itself`, async () => {
      const { access_token } = await userTokens()
      trouble = hook
      for (const [path] of RESOURCES) {
        expectUnavailable(await lab.me(`Bearer ${access_token}`, path))
      }
      trouble = undefined
      expect(await statuses(access_token)).toEqual([200, 200, 403])
    })
  }

  until('v13', 'answers 503 when the server takes longer than five seconds', async () => {
    // Each second takes ten milliseconds here.
    const { timeout } = AbortSignal
    const patience = vi.spyOn(AbortSignal, 'timeout')
    patience.mockImplementation((delay) => timeout.call(AbortSignal, delay / 100))
    const gate = new Gate()
    onTestFinished(() => gate.open())
    trouble = () => gate.opened
    const answer = await lab.me('Bearer x')
    expectUnavailable(answer)
    expect(answer.body.error_description).toContain('did not respond within 5 seconds')
    expect(patience).toHaveBeenCalledExactlyOnceWith(5000)
  })

  until(
    'v13',
    'answers 503 while the server is not running, but 401 where there is nothing to ask',
    async () => {
      const alone = await startLab(programs)
      onTestFinished(() => alone.close())
      await alone.server.close()
      const { status, body } = await alone.me('Bearer x')
      expect(status).toBe(503)
      expect(body.error_description).toContain('is not running')
      for (const authorization of [undefined, 'Bearer ']) {
        expect((await alone.me(authorization)).status).toBe(401)
      }
    },
  )

  until('v13', 'with a wrong secret answers 503: no token is to blame', async () => {
    const build = programs.buildApi as typeof programs.buildServer
    const buildApi = (config: Lab['config']) => build({ ...config, apiSecret: 'wrong' })
    const odd = await startLab({ ...programs, buildApi })
    onTestFinished(() => odd.close())
    const { access_token } = await userTokens(odd)
    expect((await odd.me(`Bearer ${access_token}`)).status).toBe(503)
  })

  test('sends JSON for a wrong method, too', async () => {
    for (const [path] of RESOURCES) {
      const { status, headers, body } = await send(lab.apiUrl + path, { method: 'POST' })
      expect({ status, allow: headers.allow }).toEqual({ status: 405, allow: 'GET, HEAD' })
      expect(JSON.parse(body).error).toBe('invalid_request')
    }
  })
})

describe('the client', () => {
  test('sends its access token to the API alone', async () => {
    const before = seen.length
    await lab.login(new Browser())
    const sent = seen.slice(before).filter(({ channel }) => channel === 'back')
    const bearers = sent.filter(({ requestHeaders }) => {
      return requestHeaders.authorization?.includes('Bearer')
    })
    expect(bearers.map(({ program, path }) => `${program} ${path}`)).toEqual(['api /api/me'])
  })

  until(
    'v13',
    'says in a 502 page that the API is not available, and keeps its tokens',
    async () => {
      const browser = new Browser()
      await lab.login(browser)
      trouble = hangUp
      const before = seen.length
      for (const path of ['/profile', '/', '/email']) {
        const page = await browser.open(lab.clientUrl + path)
        expect(page.status).toBe(502)
        expect(textOf(page, 'main')).toContain(`${lab.apiUrl}/api/`)
        expect(textOf(page, 'main')).toContain('temporarily unavailable')
      }
      trouble = undefined
      expect((await browser.open(`${lab.clientUrl}/profile`)).status).toBe(200)
      expect(seen.slice(before).some(({ path }) => path === '/token')).toBe(false)
    },
  )

  test('can log no one in while the API is not there, but keeps running', async () => {
    const alone = await startLab(programs)
    onTestFinished(() => alone.close())
    await alone.api.close()
    const browser = new Browser()
    const page = await alone.login(browser)
    expect(page.status).toBe(502)
    expect(textOf(page, 'main')).toContain(`${alone.apiUrl}/api/me is not running`)
    expect((await browser.open(`${alone.clientUrl}/logout`, { method: 'POST' })).status).toBe(303)
  })
})

until('v13', 'the worker asks the API, and says so when that is not available', async () => {
  const { countUsers } =
    await load<typeof import('../worker/count-users.ts')>('worker/count-users.ts')
  const before = seen.length
  expect(await countUsers(lab.config)).toBe(2)
  const asked = seen.slice(before).map(({ program, path }) => `${program} ${path}`)
  expect(asked).toEqual(['server /token', 'server /introspect', 'api /api/stats'])
  trouble = hangUp
  const message = `The server at ${lab.apiUrl}/api/stats is temporarily unavailable`
  await expect(countUsers(lab.config)).rejects.toThrow(message)
})

test('`npm run api` listens at API_URL', async () => {
  const apiUrl = `http://localhost:${await freePort()}`
  const child = spawn(process.execPath, ['--import', 'tsx/esm', 'api/main.ts'], {
    cwd: folder,
    env: { ...process.env, AUTH_SERVER_URL: lab.serverUrl, API_URL: apiUrl },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close')
  onTestFinished(async () => {
    child.kill('SIGTERM')
    await ended
  })
  const [said] = await Promise.race([once(child.stdout, 'data'), ended])
  expect(String(said)).toContain(`Listening at ${apiUrl}.`)
  // This API has another address than the one that the token is for.
  const { access_token } = await userTokens()
  const headers = { authorization: `Bearer ${access_token}` }
  expect((await send(`${apiUrl}/api/me`, { headers })).status).toBe(401)
})

describe('oauth4webapi, another OAuth client,', () => {
  const options = { [oauth.allowInsecureRequests]: true }

  test('asks about tokens in place of the API', async () => {
    const { access_token } = await userTokens()
    expect(await ask('api-server', 'api-server-secret', access_token)).toMatchObject({
      active: true,
      sub: 'user0',
      aud: lab.apiUrl,
      iss: lab.serverUrl,
    })
    expect(await ask('api-server', 'api-server-secret', 'x')).toEqual({ active: false })
  })

  test('learns nothing as another client', async () => {
    const { access_token } = await userTokens()
    const { clientId, clientSecret } = lab.config
    expect(await ask(clientId, clientSecret, access_token)).toEqual({ active: false })
  })

  test('understands that its secret is wrong', async () => {
    await expect(ask('api-server', 'wrong', 'x')).rejects.toMatchObject({ status: 401 })
  })

  async function ask(client_id: string, secret: string, token: string) {
    const server: oauth.AuthorizationServer = {
      issuer: lab.serverUrl,
      introspection_endpoint: `${lab.serverUrl}/introspect`,
    }
    const client: oauth.Client = { client_id }
    const authentication = oauth.ClientSecretBasic(secret)
    const response = await oauth.introspectionRequest(
      server,
      client,
      authentication,
      token,
      options,
    )
    return oauth.processIntrospectionResponse(server, client, response)
  }
})

describe('openid-client, a third OAuth client,', () => {
  test('logs a user in, renews the token, asks the API with it, and revokes it', async () => {
    const client = new OpenidClient(lab)
    const { refresh_token, scope } = await client.logIn(new Browser(), 'profile email')
    expect(scope).toBe('profile email')
    const { access_token } = await client.refresh(refresh_token)
    const answer = await client.ask('/api/email', access_token)
    expect(await answer.json()).toEqual({ email: 'user0@oauth-lab.me' })
    await client.revoke(access_token)
    expect(await lab.isAlive(access_token)).toBe(false)
  })

  test('asks about tokens in place of the API, and learns nothing as another client', async () => {
    const { access_token } = await userTokens()
    const api = new OpenidClient(lab, { id: 'api-server', secret: 'api-server-secret' })
    expect(await api.introspect(access_token)).toMatchObject({ active: true, sub: 'user0' })
    expect(await api.introspect('x')).toEqual({ active: false })
    expect(await new OpenidClient(lab).introspect(access_token)).toEqual({ active: false })
  })
})

test('no response of the API or of the client shows a token', () => {
  const own = seen.filter(({ program }) => program !== 'server')
  const shown = own.map(({ headers, body }) => JSON.stringify(headers) + body).join('\n')
  const secrets = issuedTokens(seen)
  expect(secrets.length).toBeGreaterThan(20)
  for (const secret of secrets) expect(shown).not.toContain(secret)
})

test('no response may be cached, none to a program sets a cookie, and the only 5xx were the 502 of the client and the 503 of the API', () => {
  const own = seen.filter(({ path, status }) => path !== '/introspect' || status < 500)
  expect(unsoundAnswers(own)).toEqual([])
})
