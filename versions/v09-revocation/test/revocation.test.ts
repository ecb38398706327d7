import {
  Browser,
  html,
  type Page,
  redirectQuery,
  textOf,
} from '@oauth-lab/shared/testing/browser.ts'
import { passTime } from '@oauth-lab/shared/testing/clock.ts'
import type { JsonAnswer } from '@oauth-lab/shared/testing/driver.ts'
import { send } from '@oauth-lab/shared/testing/exchange.ts'
import { Gate, type Hook, hangUp, withServerHook } from '@oauth-lab/shared/testing/hooks.ts'
import { basic, type Fields, type Lab, startLab } from '@oauth-lab/shared/testing/lab.ts'
import {
  type Exchange,
  issuedTokens,
  recorded,
  tokenRequests,
  unsoundAnswers,
} from '@oauth-lab/shared/testing/recorder.ts'
import { some } from '@oauth-lab/shared/testing/share.ts'
import { snapshot, until } from '@oauth-lab/shared/testing/snapshot.ts'
import * as oauth from 'oauth4webapi'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'

/** An access token lives 300 seconds, and the client renews it in the last 30. */
const ALMOST_EXPIRED = 275
const OTHER = { authorization: basic('other-client', 'other-client-secret') }
const WRONG = { authorization: basic('lab-client', 'wrong') }

const seen: Exchange[] = []
/** What the server does before its work, or in place of it, during a test. */
let trouble: Hook | undefined
/** What the token endpoint leaves out of its responses during a test. */
let omitted: string[] = []
/** What it sends empty. */
let emptied: string[] = []
const sparse = {
  ...snapshot,
  buildServer: (config: Lab['config']) => {
    const app = snapshot.buildServer(config)
    app.addHook('preSerialization', async ({ url }, _reply, payload) => {
      if (url !== '/token') return payload
      const kept = Object.entries(payload ?? {}).filter(([name]) => !omitted.includes(name))
      return Object.fromEntries(
        kept.map(([name, value]) => [name, emptied.includes(name) ? '' : value]),
      )
    })
    return app
  },
}
const programs = recorded(
  withServerHook(sparse, async (request, reply) => trouble?.(request, reply)),
  seen,
)
let lab: Lab

beforeAll(async () => {
  lab = await startLab(programs)
})
afterEach(() => {
  trouble = undefined
  omitted = []
  emptied = []
})
afterAll(() => lab.close())

interface Tokens {
  access_token: string
  refresh_token: string
}

/** The tokens of a new login, directly from the server. */
async function tokens(at = lab): Promise<Tokens> {
  return asTokens(await at.redeem(await at.code()))
}

/** The tokens that the server returns for a refresh token. */
async function renewed({ refresh_token }: Tokens, at = lab): Promise<Tokens> {
  return asTokens(await at.refresh(refresh_token))
}

function asTokens({ status, body }: JsonAnswer): Tokens {
  expect(status).toBe(200)
  return { access_token: String(body.access_token), refresh_token: String(body.refresh_token) }
}

/** Sends a token to the revocation endpoint. */
function revoke(token: string, added: Fields = {}, headers: Fields = {}): Promise<JsonAnswer> {
  return lab.post('/revoke', { token, ...added }, headers)
}

/** Posts a body as it is to the revocation endpoint. */
async function revokeRaw(body: string, headers: Fields = {}): Promise<JsonAnswer> {
  const authorization = basic(lab.config.clientId, lab.config.clientSecret)
  const type = 'application/x-www-form-urlencoded'
  const sent = { authorization, 'content-type': type, ...headers }
  const answer = await send(`${lab.serverUrl}/revoke`, { method: 'POST', headers: sent, body })
  return { ...answer, body: answer.body === '' ? {} : JSON.parse(answer.body) }
}

function expectEnded({ status, body, headers }: JsonAnswer): void {
  expect({ status, body }).toEqual({ status: 200, body: {} })
  expect(headers['content-length']).toBe('0')
}

function expectError({ status, body }: JsonAnswer, error: string, expected = 400): void {
  expect({ status, error: body.error }).toEqual({ status: expected, error })
  expect(body.error_description).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/)
}

/** Uses both tokens of a login that must be alive. */
async function expectAlive(login: Tokens, at = lab): Promise<void> {
  expect(await at.isAlive(login.access_token)).toBe(true)
  expect((await at.refresh(login.refresh_token)).status).toBe(200)
}

async function expectDead(login: Tokens, at = lab): Promise<void> {
  expect(await at.isAlive(login.access_token)).toBe(false)
  expectError(await at.refresh(login.refresh_token), 'invalid_grant')
}

/** The last tokens that the client got. */
function newestOfClient(): Tokens {
  return JSON.parse(tokenRequests(seen).at(-1)?.body ?? '{}')
}

/** What the client sent to the revocation endpoint since a point in the record. */
function revocations(since: number): Exchange[] {
  return seen.slice(since).filter(({ path }) => path === '/revoke')
}

/** A browser with a user logged in, and the tokens that the client holds for it. */
async function loggedIn(at = lab): Promise<{ browser: Browser; held: Tokens }> {
  const browser = new Browser()
  expect((await at.login(browser)).status).toBe(200)
  return { browser, held: newestOfClient() }
}

function logOut(browser: Browser, at = lab): Promise<Page> {
  return browser.open(`${at.clientUrl}/logout`, { method: 'POST' })
}

function profile(browser: Browser, at = lab): Promise<Page> {
  return browser.open(`${at.clientUrl}/profile`)
}

/** Holds the token request of an action until a logout has ended that the server never heard of. */
async function withLogoutBefore(browser: Browser, act: () => Promise<Page>) {
  const [arrived, gate] = [new Gate(), new Gate()]
  trouble = async (request, reply) => {
    if (request.url === '/revoke') return hangUp(request, reply)
    if (request.url === '/token') arrived.open()
    return gate.opened
  }
  const page = act()
  await arrived.opened
  const logout = await logOut(browser)
  trouble = undefined
  gate.open()
  return { logout, page: await page }
}

describe('a client revokes', () => {
  test('a refresh token: every token of its login ends, and no other login', async () => {
    const [login, other] = [await tokens(), await tokens()]
    const next = await renewed(login)
    expectEnded(await revoke(next.refresh_token))
    expect(await lab.isAlive(login.access_token)).toBe(false)
    await expectDead(next)
    await expectAlive(other)
  })

  test('a refresh token that was used before: the same', async () => {
    const login = await tokens()
    const next = await renewed(login)
    expectEnded(await revoke(login.refresh_token))
    await expectDead(next)
  })

  test('an access token: it ends alone', async () => {
    const login = await tokens()
    const next = await renewed(login)
    expectEnded(await revoke(login.access_token))
    expect(await lab.isAlive(login.access_token)).toBe(false)
    await expectAlive(next)
  })

  test('with any hint, right, wrong, unknown or unreadable, and finds the token', async () => {
    for (const hint of ['access_token', 'refresh_token', 'x"\\', '']) {
      for (const kind of ['access_token', 'refresh_token'] as const) {
        const login = await tokens()
        expectEnded(await revoke(login[kind], { token_type_hint: hint }))
        expect(await lab.isAlive(login.access_token), `${hint} ${kind}`).toBe(false)
      }
    }
    const login = await tokens()
    expectEnded(await revokeRaw(`token=${login.access_token}&token_type_hint=%FF`))
    expect(await lab.isAlive(login.access_token)).toBe(false)
  })

  test('with its secret in the body, too', async () => {
    const login = await tokens()
    const { clientId, clientSecret } = lab.config
    const credentials = { client_id: clientId, client_secret: clientSecret }
    expectEnded(await revoke(login.refresh_token, credentials, { authorization: undefined }))
    await expectDead(login)
  })

  test('a token twice in a row: the second time changes nothing and is no error', async () => {
    const login = await tokens()
    for (const _time of [1, 2]) {
      expectEnded(await revoke(login.access_token))
      expectEnded(await revoke(login.refresh_token))
    }
  })

  test('a token that is no token, which is no error', async () => {
    for (const token of ['x', 'x'.repeat(43), 'x'.repeat(86), '__proto__', '"\\']) {
      expectEnded(await revoke(token))
    }
  })

  test('a code, which is no error: the code and its tokens go on', async () => {
    const code = await lab.code()
    expectEnded(await revoke(code))
    const login = asTokens(await lab.redeem(code))
    expectEnded(await revoke(code))
    await expectAlive(login)
  })

  test('an expired token, which is no error, whoever asks, and changes nothing', async () => {
    const short = await startLab(programs, { REFRESH_TOKEN_TTL: '100' })
    try {
      const login = await tokens(short)
      passTime(99)
      const next = await renewed(login, short)
      passTime(2)
      for (const headers of [{}, OTHER]) {
        expectEnded(await short.post('/revoke', { token: next.refresh_token }, headers))
        expect(await short.isAlive(next.access_token)).toBe(true)
      }
      passTime(300)
      expectEnded(await short.post('/revoke', { token: next.access_token }, OTHER))
    } finally {
      await short.close()
    }
  })
})

describe('the revocation endpoint rejects', () => {
  test("another client's token while it lives, used or not, and nothing ends", async () => {
    const first = await tokens()
    const login = await renewed(first)
    for (const token of [login.access_token, login.refresh_token, first.refresh_token]) {
      expectError(await revoke(token, {}, OTHER), 'invalid_grant')
    }
    await expectAlive(login)

    const ended = await tokens()
    expectEnded(await revoke(ended.refresh_token))
    expectEnded(await revoke(ended.refresh_token, {}, OTHER))
    expectEnded(await revoke(ended.access_token, {}, OTHER))
  })

  test('a request without the right client secret, and nothing ends', async () => {
    const login = await tokens()
    for (const headers of [WRONG, { authorization: undefined }, { authorization: 'Basic !' }]) {
      const answer = await revoke(login.refresh_token, {}, headers)
      expectError(answer, 'invalid_client', 401)
      expect(answer.headers['www-authenticate']).toBe('Basic realm="oauth-lab"')
    }
    await expectAlive(login)
  })

  test('credentials in two places', async () => {
    const login = await tokens()
    const { clientSecret } = lab.config
    expectError(
      await revoke(login.refresh_token, { client_secret: clientSecret }),
      'invalid_request',
    )
    expectError(await revoke(login.refresh_token, { client_id: 'other-client' }), 'invalid_request')
    await expectAlive(login)
  })

  const malformed: [string, (token: string) => string][] = [
    ['without a token', () => 'token_type_hint=access_token'],
    ['with an empty token', () => 'token='],
    ['with a token that is not UTF-8', () => 'token=%FF'],
    ['with the token twice', (token) => `token=${token}&token=${token}`],
    ['with two tokens', (token) => `token=${token}&token=x`],
    ['with two hints', (token) => `token=${token}&token_type_hint=a&token_type_hint=b`],
    ['with two client_ids', (token) => `token=${token}&client_id=lab-client&client_id=lab-client`],
    ['with an unknown parameter twice', (token) => `token=${token}&a"=1&a"=2`],
  ]
  for (const [sentence, body] of malformed) {
    test(`a request ${sentence}, and nothing ends`, async () => {
      const login = await tokens()
      expectError(await revokeRaw(body(login.refresh_token)), 'invalid_request')
      await expectAlive(login)
    })
  }

  test('a body that is no form, before it looks at the client', async () => {
    const login = await tokens()
    const body = JSON.stringify({ token: login.refresh_token })
    for (const headers of [{}, WRONG]) {
      const type = { 'content-type': 'application/json' }
      expectError(await revokeRaw(body, { ...headers, ...type }), 'invalid_request')
    }
    await expectAlive(login)
  })

  test('a GET, and a body that is too large, in JSON', async () => {
    const { access_token } = await tokens()
    const get = await send(`${lab.serverUrl}/revoke?token=${access_token}`)
    expect(get).toMatchObject({ status: 405, headers: { allow: 'POST' } })
    expect(JSON.parse(get.body).error).toBe('invalid_request')
    expectError(await revoke('x'.repeat(17_000)), 'invalid_request', 413)
    expect(await lab.isAlive(access_token)).toBe(true)
  })
})

describe('a logout at the client', () => {
  test('ends the access at the server, also for whoever stole the tokens', async () => {
    const { browser, held } = await loggedIn()
    const before = seen.length
    const page = await logOut(browser)
    expect(page).toMatchObject({ status: 303, location: `${lab.clientUrl}/` })
    expect(revocations(before).map(({ form }) => form?.token)).toEqual([held.refresh_token])
    await expectDead(held)
    expect((await profile(browser)).status).toBe(401)
  })

  until('v13', 'makes a stolen access token worthless at once', async () => {
    const { browser, held } = await loggedIn()
    await logOut(browser)
    expect((await lab.me(`Bearer ${held.access_token}`)).status).toBe(401)
  })

  test('revokes the access token when there is no refresh token, or an empty one', async () => {
    for (const name of ['omitted', 'emptied']) {
      omitted = name === 'omitted' ? ['refresh_token'] : []
      emptied = name === 'emptied' ? ['refresh_token'] : []
      const { browser, held } = await loggedIn()
      expect((await logOut(browser)).status, name).toBe(303)
      expect(await lab.isAlive(held.access_token), name).toBe(false)
    }
  })

  test('revokes the newest refresh token', async () => {
    const { browser } = await loggedIn()
    passTime(ALMOST_EXPIRED)
    expect((await profile(browser)).status).toBe(200)
    const held = newestOfClient()
    const before = seen.length
    await logOut(browser)
    expect(revocations(before).map(({ form }) => form?.token)).toEqual([held.refresh_token])
  })

  test('leaves the logins of other browsers, and the session at the server', async () => {
    const [one, two] = [await loggedIn(), await loggedIn()]
    await logOut(one.browser)
    expect((await profile(two.browser)).status).toBe(200)
    expect((await one.browser.visit(`${lab.clientUrl}/login`)).url).toBe(`${lab.clientUrl}/profile`)
  })

  test('of no one asks the server nothing', async () => {
    const before = seen.length
    expect((await logOut(new Browser())).status).toBe(303)
    expect(revocations(before)).toEqual([])
  })

  const troubles: [string, Hook][] = [
    ['hangs up', hangUp],
    ['is overloaded', async (_, reply) => reply.code(503).header('retry-after', '9').send('')],
    ['rejects it', async (_, reply) => reply.code(400).send({ error: 'invalid_grant' })],
    ['no longer knows the client', async (_, reply) => reply.code(401).send('')],
    ['redirects', async (_, reply) => reply.redirect('/elsewhere', 307)],
    ['answers with the wrong status', async (_, reply) => reply.code(204).send()],
  ]
  for (const [sentence, hook] of some(troubles, 3)) {
    test(`ends the session when the server ${sentence}: the page says so, and what still works`, async () => {
      const { browser, held } = await loggedIn()
      trouble = async (request, reply) => {
        return request.url === '/revoke' ? hook(request, reply) : undefined
      }
      const page = await logOut(browser)
      expectLoggedOutHereOnly(page)
      trouble = undefined
      expect((await profile(browser)).status).toBe(401)
      await expectAlive(held)
    })
  }

  test("ends the session when the server isn't running, and another login works later", async () => {
    const alone = await startLab(programs)
    try {
      const { browser } = await loggedIn(alone)
      await alone.server.close()
      expectLoggedOutHereOnly(await logOut(browser, alone), alone)
      expect((await logOut(browser, alone)).status).toBe(303)
      expect((await profile(browser, alone)).status).toBe(401)
    } finally {
      await alone.close()
    }
  })

  test('names only what is still alive, and a time only if the server told one', async () => {
    omitted = ['refresh_token', 'expires_in']
    const { browser } = await loggedIn()
    trouble = hangUp
    const text = textOf(await logOut(browser), '[role=alert]')
    expect(text).toContain('the access token until it expires')
    expect(text).not.toContain('refresh token')
  })

  test('takes a response with any body for a yes', async () => {
    for (const body of ['<h1>Done</h1>', '[]', '{"error":"x"}']) {
      const { browser } = await loggedIn()
      trouble = async ({ url }, reply) => (url === '/revoke' ? reply.send(body) : undefined)
      expect((await logOut(browser)).status, body).toBe(303)
      trouble = undefined
    }
  })

  test('also ends the tokens of a refresh that comes back later', async () => {
    const { browser } = await loggedIn()
    passTime(ALMOST_EXPIRED)
    const before = seen.length
    const { logout, page } = await withLogoutBefore(browser, () => profile(browser))
    expectLoggedOutHereOnly(logout)
    expect(page.status).toBe(401)
    const late = newestOfClient()
    expect(issuedTokens(seen.slice(before))).toContain(late.refresh_token)
    expect(revocations(before).at(-1)?.form?.token).toBe(late.refresh_token)
    await expectDead(late)
    expect((await profile(browser)).status).toBe(401)
  })

  test('also ends the tokens of a login that comes back later', async () => {
    const { browser, held } = await loggedIn()
    const callback = await lab.loginUntilCallback(browser)
    const { page } = await withLogoutBefore(browser, () => browser.open(callback))
    expect(page).toMatchObject({ status: 303, location: `${lab.clientUrl}/` })
    const late = newestOfClient()
    expect(late).not.toEqual(held)
    await expectDead(late)
  })

  test('tells whoever waits for late tokens when the server is away again', async () => {
    const { browser } = await loggedIn()
    const callback = await lab.loginUntilCallback(browser)
    const [arrived, gate] = [new Gate(), new Gate()]
    trouble = async (request, reply) => {
      if (request.url === '/revoke') return hangUp(request, reply)
      arrived.open()
      return gate.opened
    }
    const late = browser.open(callback)
    await arrived.opened
    expectLoggedOutHereOnly(await logOut(browser))
    gate.open()
    expectLoggedOutHereOnly(await late)
  })

  function expectLoggedOutHereOnly(page: Page, at = lab): void {
    expect(page.status).toBe(502)
    expect(page.location).toBeUndefined()
    const text = textOf(page, '[role=alert]')
    expect(text).toContain('You are logged out of this app')
    expect(text).toContain(at.serverUrl)
    expect(text).toContain('the access token for up to 300 seconds')
    expect(text).toContain('the refresh token until the server ends this login')
    expect(html(page).querySelector('main a[href="/"]')).not.toBeNull()
  }
})

describe('a new login', () => {
  test('revokes the tokens that it replaces, and no others', async () => {
    const { browser, held } = await loggedIn()
    const before = seen.length
    expect((await lab.login(browser)).status).toBe(200)
    const next = newestOfClient()
    expect(revocations(before).map(({ form }) => form?.token)).toEqual([held.refresh_token])
    await expectDead(held)
    expect((await profile(browser)).status).toBe(200)
    await expectAlive(next)
  })

  test('goes on when the server does not confirm that', async () => {
    const { browser, held } = await loggedIn()
    trouble = async (request, reply) => {
      return request.url === '/revoke' ? hangUp(request, reply) : undefined
    }
    expect((await lab.login(browser)).url).toBe(`${lab.clientUrl}/profile`)
    await expectAlive(held)
  })

  test('that fails leaves the tokens as they are', async () => {
    const { browser, held } = await loggedIn()
    const before = seen.length
    await browser.open(await lab.answerLogin(browser, { error: 'access_denied' }))
    await browser.open(await lab.answerLogin(browser, { code: 'wrong' }))
    expect(revocations(before)).toEqual([])
    expect((await profile(browser)).status).toBe(200)
    await expectAlive(held)
  })

  test('is ended by a logout that comes while it revokes the old tokens', async () => {
    const { browser } = await loggedIn()
    const callback = await lab.loginUntilCallback(browser)
    const [arrived, gate] = [new Gate(), new Gate()]
    let first = true
    trouble = async ({ url }) => {
      if (url !== '/revoke' || !first) return
      first = false
      arrived.open()
      await gate.opened
    }
    const login = browser.open(callback)
    await arrived.opened
    const late = newestOfClient()
    expect((await logOut(browser)).status).toBe(303)
    gate.open()
    expect((await login).location).toBe(`${lab.clientUrl}/`)
    await expectDead(late)
    expect((await profile(browser)).status).toBe(401)
  })
})

describe('access that was ended elsewhere', () => {
  until('v13', 'is noticed by the client at its next request', async () => {
    await expectForgotten(0)
  })

  test('is forgotten after a refused refresh: the page says so and offers to connect again', async () => {
    await expectForgotten(ALMOST_EXPIRED)
  })

  test('is forgotten when even a fresh token gets a 401', async () => {
    const { browser } = await loggedIn()
    trouble = async ({ url }, reply) => (url === '/api/me' ? reply.code(401).send('') : undefined)
    expectAccessEnded(await profile(browser))
    trouble = undefined
    expect(textOf(await profile(browser), 'main')).toContain('token missing from session')
  })

  test('does not stop at one access token: the client gets a new one and goes on', async () => {
    const { browser, held } = await loggedIn()
    expectEnded(await revoke(held.access_token))
    expect((await profile(browser)).status).toBe(200)
  })

  async function expectForgotten(pause: number): Promise<void> {
    for (const path of ['/profile', '/email', '/']) {
      const { browser, held } = await loggedIn()
      expectEnded(await revoke(held.refresh_token))
      passTime(pause)
      expectAccessEnded(await browser.open(lab.clientUrl + path))
      const before = seen.length
      expect((await profile(browser)).status).toBe(401)
      expect(seen.slice(before).map(({ program }) => program)).toEqual(['client'])
      expect((await lab.login(browser)).status).toBe(200)
    }
  }

  function expectAccessEnded(page: Page): void {
    expect(page.status).toBe(401)
    expect(page.location).toBeUndefined()
    expect(page.headers).not.toHaveProperty('refresh')
    expect(textOf(page, '[role=alert]')).toContain('was ended or has run out')
    expect(html(page).querySelector('main a[href="/login"]')?.text).toBe('Connect again')
  }
})

describe('oauth4webapi, another OAuth client,', () => {
  const options = { [oauth.allowInsecureRequests]: true }

  test('revokes a token, and finds no error in the response', async () => {
    for (const kind of ['access_token', 'refresh_token'] as const) {
      const login = await tokens()
      const additionalParameters = { token_type_hint: kind }
      await oauth.processRevocationResponse(await ask(login[kind], { additionalParameters }))
      expect(await lab.isAlive(login.access_token)).toBe(false)
    }
  })

  test("understands the rejection of another client's token", async () => {
    const redirect_uri = 'http://localhost:25009/callback?from=other'
    const url = lab.authorizeUrl({ client_id: 'other-client', redirect_uri })
    const page = await lab.enterPassword(new Browser(), url)
    const { code = '' } = redirectQuery(page)
    const { refresh_token } = asTokens(await lab.redeem(code, { redirect_uri }, OTHER))
    await expect(oauth.processRevocationResponse(await ask(refresh_token))).rejects.toMatchObject({
      status: 400,
      error: 'invalid_grant',
    })
  })

  function ask(token: string, more: oauth.RevocationRequestOptions = {}): Promise<Response> {
    const server: oauth.AuthorizationServer = {
      issuer: lab.serverUrl,
      revocation_endpoint: `${lab.serverUrl}/revoke`,
    }
    const client: oauth.Client = { client_id: lab.config.clientId }
    const authentication = oauth.ClientSecretBasic(lab.config.clientSecret)
    return oauth.revocationRequest(server, client, authentication, token, { ...options, ...more })
  }
})

test('no token is in a response of the client', () => {
  const answers = seen.filter(({ program }) => program === 'client')
  const shown = answers.map(({ headers, body }) => JSON.stringify(headers) + body).join('\n')
  const secrets = issuedTokens(seen)
  expect(secrets.length).toBeGreaterThan(50)
  for (const secret of secrets) expect(shown).not.toContain(secret)
})

test('no response may be cached, none to a program sets a cookie, and the only 5xx was the 502 of the client', () => {
  const own = seen.filter(({ path, status }) => !(path === '/revoke' && status === 503))
  expect(unsoundAnswers(own)).toEqual([])
})
