import { readConfig } from '@oauth-lab/shared/config.ts'
import { authenticateUser } from '@oauth-lab/shared/passwords.ts'
import { randomToken } from '@oauth-lab/shared/secrets.ts'
import { Browser, html, type Page, textOf } from '@oauth-lab/shared/testing/browser.ts'
import { passTime } from '@oauth-lab/shared/testing/clock.ts'
import { ForeignClient } from '@oauth-lab/shared/testing/foreign-client.ts'
import {
  Gate,
  HoldingGate,
  type Hook,
  hangUp,
  withServerHook,
} from '@oauth-lab/shared/testing/hooks.ts'
import {
  basic,
  type Fields,
  type Lab,
  type Programs,
  startLab,
} from '@oauth-lab/shared/testing/lab.ts'
import {
  type Exchange,
  issuedTokens,
  recorded,
  tokenRequests,
  unsoundAnswers,
} from '@oauth-lab/shared/testing/recorder.ts'
import { load, snapshot } from '@oauth-lab/shared/testing/snapshot.ts'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Family } from '../server/store.ts'

const DAY = 24 * 60 * 60
/** An access token lives 300 seconds, and the client renews it in the last 30. */
const ALMOST_EXPIRED = 275
const OTHER = { authorization: basic('other-client', 'other-client-secret') }
const WRONG = { authorization: basic('lab-client', 'wrong') }

const seen: Exchange[] = []
/** What the server does before its work, or in place of it, during a test. */
let trouble: Hook | undefined
/** What the token endpoint leaves out of its responses during a test. */
let omitted: string[] = []
const sparse: Programs = {
  ...snapshot,
  buildServer: (config) => {
    const app = snapshot.buildServer(config)
    app.addHook('preSerialization', async ({ url }, _reply, payload) => {
      if (url !== '/token') return payload
      const kept = Object.entries(payload ?? {}).filter(([name]) => !omitted.includes(name))
      return Object.fromEntries(kept)
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
})
afterAll(() => lab.close())

interface Tokens {
  access_token: string
  refresh_token: string
}

/** The tokens of a new login, directly from the server. */
async function tokens(from = lab): Promise<Tokens> {
  return asTokens(await from.redeem(await from.code()))
}

/** The tokens that the server returns for a refresh token. */
async function renewed({ refresh_token }: Tokens, from = lab): Promise<Tokens> {
  return asTokens(await from.refresh(refresh_token))
}

function asTokens({ status, body }: Awaited<ReturnType<Lab['token']>>): Tokens {
  expect(status).toBe(200)
  return { access_token: String(body.access_token), refresh_token: String(body.refresh_token) }
}

async function expectAlive({ access_token }: Tokens, from = lab): Promise<void> {
  expect((await from.me(`Bearer ${access_token}`)).status).toBe(200)
}

async function expectDead({ access_token }: Tokens, from = lab): Promise<void> {
  expect(await from.isAlive(access_token)).toBe(false)
}

async function expectRefused(refresh_token?: string, from = lab, error = 'invalid_grant') {
  const { status, body } = await from.token({ grant_type: 'refresh_token', refresh_token })
  expect({ status, error: body.error }).toEqual({ status: 400, error })
  expect(body.error_description).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/)
}

/** The client's refresh requests since a point in the record. */
function refreshes(since = 0): Exchange[] {
  return tokenRequests(seen.slice(since)).filter(({ form }) => form?.grant_type === 'refresh_token')
}

/** The requests at the resource endpoint since a point in the record. */
function resourceRequests(since = 0): Exchange[] {
  return seen.slice(since).filter(({ path }) => path === '/api/me')
}

/** The last tokens that the client got. */
function newestOfClient(): Tokens {
  return JSON.parse(tokenRequests(seen).at(-1)?.body ?? '{}')
}

/** From now on the resource endpoint rejects this access token, and no other. */
function revoked({ access_token }: Tokens): Hook {
  return async ({ url, headers }, reply) => {
    if (url !== '/api/me' || headers.authorization !== `Bearer ${access_token}`) return
    return reply.code(401).send({ error: 'invalid_token' })
  }
}

/** A browser with a user logged in. */
async function loggedIn(at = lab): Promise<Browser> {
  const browser = new Browser()
  expect((await at.login(browser)).status).toBe(200)
  return browser
}

function profile(browser: Browser, at = lab): Promise<Page> {
  return browser.open(`${at.clientUrl}/profile`)
}

function expectLoggedOut(page: Page): void {
  expect(page.status).toBe(401)
  expect(page.location).toBeUndefined()
  expect(page.headers).not.toHaveProperty('www-authenticate')
  expect(html(page).querySelector('a[href="/login"]')).not.toBeNull()
}

describe('a refresh token', () => {
  test('comes with the access token, which now lives five minutes', async () => {
    const { body } = await lab.redeem(await lab.code())
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 300 })
    expect(body.refresh_token).toMatch(/^[\w-]{43,}$/)
    expect(body.refresh_token).not.toBe(body.access_token)
  })

  test('gets a new access token and a new refresh token', async () => {
    const first = await tokens()
    const answer = await lab.refresh(first.refresh_token)
    expect(answer.body).toMatchObject({ token_type: 'Bearer', expires_in: 300 })
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache' })
    const second = asTokens(answer)
    const all = [...Object.values(first), ...Object.values(second)]
    expect(new Set(all).size).toBe(4)
    await expectAlive(second)
  })

  test('gets tokens for the user who logged in', async () => {
    const first = asTokens(await lab.redeem(await lab.code({}, 'user1')))
    const { access_token } = await renewed(await renewed(first))
    expect((await lab.me(`Bearer ${access_token}`)).body.user_id).toBe('user1')
  })

  test('may come from a client that authenticates in the body', async () => {
    const { refresh_token } = await tokens()
    const credentials = { client_id: 'lab-client', client_secret: 'lab-client-secret' }
    const form = { grant_type: 'refresh_token', refresh_token, ...credentials }
    expect((await lab.token(form, { authorization: undefined })).status).toBe(200)
  })

  test('works once: using it again ends every token of its login', async () => {
    const first = await tokens()
    const second = await renewed(first)
    const third = await renewed(second)
    for (const each of [second, third]) await expectAlive(each)

    await expectRefused(first.refresh_token)
    for (const each of [first, second, third]) await expectDead(each)
    for (const each of [third, second, first]) await expectRefused(each.refresh_token)
  })

  test('works once, even when it is sent ten times at the same moment', async () => {
    const { refresh_token } = await tokens()
    const answers = await Promise.all(Array.from({ length: 10 }, () => lab.refresh(refresh_token)))
    const granted = answers.filter(({ status }) => status === 200)
    expect(granted).toHaveLength(1)
    for (const answer of granted) await expectDead(asTokens(answer))
  })

  test('that is used again ends no other login, not even of the same user', async () => {
    const [one, other] = [await tokens(), await tokens()]
    await renewed(one)
    await expectRefused(one.refresh_token)
    await expectAlive(other)
    await renewed(other)
  })

  test('of another client is rejected, and its attempt ends nothing', async () => {
    const first = await tokens()
    const invalid = { status: 400, body: { error: 'invalid_grant' } }
    expect(await lab.refresh(first.refresh_token, OTHER)).toMatchObject(invalid)
    const second = await renewed(first)
    expect(await lab.refresh(first.refresh_token, OTHER)).toMatchObject(invalid)
    await expectAlive(second)
    await renewed(second)
  })

  test("isn't used up by a client with wrong credentials", async () => {
    const first = await tokens()
    const answer = await lab.refresh(first.refresh_token, WRONG)
    expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
    const second = await renewed(first)
    expect((await lab.refresh(first.refresh_token, WRONG)).status).toBe(401)
    await expectAlive(second)
  })

  test('must be in the request exactly once', async () => {
    const { refresh_token } = await tokens()
    await expectRefused(undefined, lab, 'invalid_request')
    await expectRefused('', lab, 'invalid_request')
    const twice = `grant_type=refresh_token&refresh_token=${refresh_token}&refresh_token=${refresh_token}`
    const answer = await lab.tokenRaw(twice, {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: basic('lab-client', 'lab-client-secret'),
    })
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    await renewed({ refresh_token, access_token: '' })
  })

  test('is neither an access token nor a code, and neither of them is a refresh token', async () => {
    const code = await lab.code()
    await expectRefused(code)
    const first = asTokens(await lab.redeem(code))
    await expectRefused(first.access_token)
    expect((await lab.me(`Bearer ${first.refresh_token}`)).status).toBe(401)
    expect((await lab.redeem(first.refresh_token)).body.error).toBe('invalid_grant')
    await expectAlive(first)
    await renewed(first)
  })

  test('that was never issued is rejected', async () => {
    const right = await tokens()
    const { refresh_token } = right
    // In the first part, which names the family: with a wrong second part it is a used token, and ends it.
    const near = fc.nat(42).map((at) => {
      const other = refresh_token[at] === 'A' ? 'B' : 'A'
      return refresh_token.slice(0, at) + other + refresh_token.slice(at + 1)
    })
    const any = fc.oneof(near, fc.string({ minLength: 1 }), fc.constantFrom('__proto__', '\0', '%'))
    await fc.assert(
      fc.asyncProperty(any, (wrong) => expectRefused(wrong)),
      { numRuns: 50 },
    )
    await renewed(right)
  })

  test('lives thirty days, counted from the login and not from the last refresh', async () => {
    const first = await tokens()
    passTime(20 * DAY)
    const second = await renewed(first)
    passTime(9.9 * DAY)
    const third = await renewed(second)
    passTime(0.2 * DAY)
    await expectRefused(third.refresh_token)
  })

  test('lives as long as the settings say, counted from the password and not from the code', async () => {
    const short = await startLab(programs, { REFRESH_TOKEN_TTL: '100' })
    onTestFinished(() => short.close())
    const code = await short.code()
    passTime(60)
    const first = asTokens(await short.redeem(code))
    passTime(35)
    const second = await renewed(first, short)
    passTime(6)
    await expectRefused(second.refresh_token, short)
    await expectAlive(second, short)
  })

  test('that was used counts as used for as long as there is a token to end', async () => {
    const short = await startLab(programs, { REFRESH_TOKEN_TTL: '100' })
    onTestFinished(() => short.close())
    const first = await tokens(short)
    const second = await renewed(first, short)
    passTime(90)
    const third = await renewed(second, short)
    passTime(200)
    await expectAlive(third, short)
    await expectRefused(first.refresh_token, short)
    await expectDead(third, short)
  })
})

describe("the server's memory", () => {
  test("doesn't grow with refreshes, and still recognizes every used token", async () => {
    const { createStore } = await load<typeof import('../server/store.ts')>('server/store.ts')
    const clients = await load<typeof import('../server/clients.ts')>('server/clients.ts')
    const { issueRefreshToken } =
      await load<typeof import('../server/tokens.ts')>('server/tokens.ts')
    const path = 'server/grants/refresh-token.ts'
    const { refreshTokenGrant } =
      await load<typeof import('../server/grants/refresh-token.ts')>(path)
    const store = createStore(readConfig({}))
    const lab = clients.registeredClients(readConfig({})).get('lab-client')
    const user = authenticateUser('user0', 'password0')
    if (lab === undefined || user === undefined) throw new Error('No such client or user')
    const grant = {
      client_id: 'lab-client',
      user,
      scopes: [],
      allowed: new Set(['profile']),
      authorizedAt: performance.now(),
      ended: false,
    }
    const expiresAt = Number.POSITIVE_INFINITY
    const family: Family = { grant, id: randomToken(), secret: '', expiresAt }
    store.families.set(family.id, family, 3600)
    const first = issueRefreshToken(family)
    let current = first
    for (let n = 0; n < 1000; n += 1) {
      const form = { refresh_token: current }
      current = String((await refreshTokenGrant(form, lab, store)).refresh_token)
    }
    expect([store.families.size, store.usedCodes.size]).toEqual([1, 0])
    await expect(refreshTokenGrant({ refresh_token: first }, lab, store)).rejects.toThrow()
    await expect(refreshTokenGrant({ refresh_token: current }, lab, store)).rejects.toThrow()
  })
})

describe('a token response without its optional fields', () => {
  test('starts a login: the client uses a token without expires_in until it is rejected', async () => {
    omitted = ['expires_in']
    const browser = await loggedIn()
    const before = seen.length
    passTime(299)
    expect((await profile(browser)).status).toBe(200)
    expect(refreshes(before)).toHaveLength(0)
    passTime(2)
    expect((await profile(browser)).status).toBe(200)
    expect(refreshes(before)).toHaveLength(1)
  })

  test('without a refresh token leaves the client nothing to renew with', async () => {
    omitted = ['refresh_token']
    const browser = await loggedIn()
    const before = seen.length
    passTime(299)
    expect((await profile(browser)).status).toBe(200)
    passTime(2)
    expectLoggedOut(await profile(browser))
    expect(refreshes(before)).toHaveLength(0)
  })

  test('without a new refresh token leaves the old one in use', async () => {
    const browser = await loggedIn()
    omitted = ['refresh_token']
    const before = seen.length
    for (const _time of [1, 2]) {
      passTime(ALMOST_EXPIRED)
      await profile(browser)
    }
    const [first, second] = refreshes(before).map(({ form }) => form?.refresh_token)
    expect(first).toBeDefined()
    expect(second).toBe(first)
  })
})

describe('a used code', () => {
  test('ends the tokens of its login, refreshed ones too, when its client sends it again', async () => {
    const code = await lab.code()
    const first = asTokens(await lab.redeem(code))
    const second = await renewed(first)
    const again = await lab.redeem(code)
    expect(again).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    for (const each of [first, second]) await expectDead(each)
    await expectRefused(second.refresh_token)
  })

  test("logs no one out when a stranger brings it to the client's callback", async () => {
    const [victim, attacker] = [new Browser(), new Browser()]
    const callback = await lab.loginUntilCallback(victim)
    await victim.follow(await victim.open(callback))
    const code = new URL(callback).searchParams.get('code') ?? ''
    const planted = await attacker.visit(await lab.answerLogin(attacker, { code }))
    expect(planted.status).toBe(400)
    passTime(301)
    expect((await profile(victim)).status).toBe(200)
  })

  test('still ends its tokens long after it has expired', async () => {
    const code = await lab.code()
    const first = asTokens(await lab.redeem(code))
    passTime(DAY)
    const second = await renewed(first)
    await lab.redeem(code)
    await expectDead(second)
  })

  const harmless: [string, Fields, Fields][] = [
    ['when a parameter is missing', { redirect_uri: undefined }, {}],
    ['with another redirect URI', { redirect_uri: 'https://evil.example/' }, {}],
    ['with another verifier', { code_verifier: 'x'.repeat(43) }, {}],
    ['when the verifier is missing', { code_verifier: undefined }, {}],
    ['when the verifier is malformed', { code_verifier: 'x' }, {}],
    ['when another client sends it', {}, OTHER],
    ['when a client with wrong credentials sends it', {}, WRONG],
  ]
  for (const [sentence, changes, headers] of harmless) {
    test(`ends nothing ${sentence}`, async () => {
      const code = await lab.code()
      const first = asTokens(await lab.redeem(code))
      expect((await lab.redeem(code, changes, headers)).status).toBeGreaterThanOrEqual(400)
      await expectAlive(first)
      await renewed(first)
    })
  }

  test('that failed its first use gets nothing later, and ends no other login', async () => {
    const [code, other] = [await lab.code(), await tokens()]
    expect((await lab.redeem(code, { code_verifier: 'x'.repeat(43) })).status).toBe(400)
    expect((await lab.redeem(code)).body.error).toBe('invalid_grant')
    await expectAlive(other)
  })
})

describe('the client renews its tokens', () => {
  test('in the last tenth of their lifetime, before it calls the resource server', async () => {
    const browser = await loggedIn()
    passTime(265)
    const early = seen.length
    expect((await profile(browser)).status).toBe(200)
    expect(refreshes(early)).toEqual([])

    passTime(10)
    const late = seen.length
    expect((await profile(browser)).status).toBe(200)
    expect(refreshes(late)).toHaveLength(1)
    expect(resourceRequests(late).map(({ status }) => status)).toEqual([200])
    const after = seen.length
    expect((await profile(browser)).status).toBe(200)
    expect(refreshes(after)).toEqual([])
  })

  test('thirty seconds before they expire when they live longer than five minutes', async () => {
    const long = await startLab(programs, { ACCESS_TOKEN_TTL: '3600' })
    onTestFinished(() => long.close())
    const browser = await loggedIn(long)
    passTime(3565)
    const early = seen.length
    expect((await profile(browser, long)).status).toBe(200)
    expect(refreshes(early)).toEqual([])
    passTime(10)
    expect((await profile(browser, long)).status).toBe(200)
    expect(refreshes(early)).toHaveLength(1)
  })

  test('on the first page too, each time with the newest refresh token', async () => {
    const browser = await loggedIn()
    for (const path of ['/', '/profile', '/', '/profile']) {
      const { refresh_token } = newestOfClient()
      passTime(10_000)
      const before = seen.length
      const page = await browser.open(lab.clientUrl + path)
      expect(page.status).toBe(200)
      expect(textOf(page, 'main')).toContain('User Number 0')
      expect(refreshes(before).map(({ form }) => form?.refresh_token)).toEqual([refresh_token])
    }
  })

  test('once after a 401, then calls again', async () => {
    const browser = await loggedIn()
    trouble = revoked(newestOfClient())
    const before = seen.length
    expect((await profile(browser)).status).toBe(200)
    expect(refreshes(before)).toHaveLength(1)
    expect(resourceRequests(before).map(({ status }) => status)).toEqual([401, 200])
  })

  test('only once, even if the resource server rejects the new token too', async () => {
    const browser = await loggedIn()
    trouble = async ({ url }, reply) => {
      return url === '/api/me' ? reply.code(401).send({ error: 'invalid_token' }) : undefined
    }
    const before = seen.length
    expectLoggedOut(await profile(browser))
    expect(refreshes(before)).toHaveLength(1)
    expect(resourceRequests(before)).toHaveLength(2)
    expect(textOf(await profile(browser), 'main')).toContain('token missing from session')
    expect(resourceRequests(before)).toHaveLength(2)
  })

  test('separately for each browser', async () => {
    const browsers = [await loggedIn(), await loggedIn(), await loggedIn()]
    passTime(ALMOST_EXPIRED)
    const before = seen.length
    const pages = await Promise.all(browsers.map((browser) => profile(browser)))
    expect(pages.map(({ status }) => status)).toEqual([200, 200, 200])
    const offered = refreshes(before).map(({ form }) => form?.refresh_token)
    expect(new Set(offered).size).toBe(3)
  })
})

describe('many requests at once', () => {
  test('around an expiry share one refresh, all succeed, and the session lasts', async () => {
    for (const pause of [ALMOST_EXPIRED, 301]) {
      const browser = await loggedIn()
      passTime(pause)
      await expectOneRefresh(browser)
    }
  })

  test('that all get a 401 share one refresh, all succeed, and the session lasts', async () => {
    const browser = await loggedIn()
    await expectOneRefresh(browser, revoked(newestOfClient()))
  })

  test('keep the session when one that started before the refresh ends after it', async () => {
    const browser = await loggedIn()
    const gate = new HoldingGate()
    let first = true
    trouble = async ({ url }) => {
      if (url !== '/api/me' || !first) return
      first = false
      await gate.hold()
    }
    const slow = profile(browser)
    await gate.arrived.opened
    passTime(ALMOST_EXPIRED)
    const before = seen.length
    expect((await profile(browser)).status).toBe(200)
    expect(refreshes(before)).toHaveLength(1)
    gate.open()
    expect((await slow).status).toBe(200)

    passTime(ALMOST_EXPIRED)
    expect((await profile(browser)).status).toBe(200)
    expect(refreshes(before).map(({ status }) => status)).toEqual([200, 200])
  })

  test('start no second refresh when a late 401 comes after another request has renewed the token', async () => {
    const browser = await loggedIn()
    const refuse = revoked(newestOfClient())
    const gate = new HoldingGate()
    let first = true
    trouble = async (request, reply) => {
      if (request.url === '/api/me' && first) {
        first = false
        await gate.hold()
      }
      return refuse(request, reply)
    }
    const before = seen.length
    const slow = profile(browser)
    await gate.arrived.opened
    expect((await profile(browser)).status).toBe(200)
    gate.open()
    expect((await slow).status).toBe(200)
    expect(resourceRequests(before).map(({ status }) => status)).toEqual([401, 200, 401, 200])
    expect(refreshes(before)).toHaveLength(1)
  })

  /** The server holds the refresh until each of the requests has had time to start one. */
  async function expectOneRefresh(browser: Browser, hook?: Hook): Promise<void> {
    const [arrived, gate] = [new Gate(), new Gate()]
    let count = 0
    lab.client.server.on('request', () => {
      count += 1
      if (count === 50) arrived.open()
    })
    trouble = (request, reply) => {
      return request.url === '/token' ? gate.opened : (hook?.(request, reply) ?? Promise.resolve())
    }

    const before = seen.length
    const pages = Array.from({ length: 50 }, () => profile(browser))
    await arrived.opened
    setTimeout(() => gate.open(), 20)
    for (const page of await Promise.all(pages)) {
      expect(page.status).toBe(200)
      expect(textOf(page, '#username')).toBe('User Number 0')
    }
    expect(refreshes(before).map(({ status }) => status)).toEqual([200])

    expect((await profile(browser)).status).toBe(200)
    expect(refreshes(before)).toHaveLength(1)
    passTime(301)
    expect((await profile(browser)).status).toBe(200)
    expect(refreshes(before).map(({ status }) => status)).toEqual([200, 200])
  }
})

describe('a logout', () => {
  test("during a refresh isn't undone: the old cookie opens nothing", async () => {
    const browser = await loggedIn()
    const old = await browser.jar.getCookieString(lab.clientUrl)
    passTime(ALMOST_EXPIRED)
    const gate = new HoldingGate()
    trouble = async ({ url }) => {
      if (url === '/token') await gate.hold()
    }
    const before = seen.length
    const slow = [profile(browser), profile(browser), browser.open(lab.clientUrl)]
    await gate.arrived.opened
    await logOut(browser)
    gate.open()
    for (const page of await Promise.all(slow)) {
      expect(page.status).toBeLessThan(500)
      expect(page.headers).not.toHaveProperty('set-cookie')
    }
    expect(refreshes(before)).toHaveLength(1)
    await expectNothingLeft(browser, old)
  })

  test("during a call to the resource server isn't undone, even if the response is a 401", async () => {
    const browser = await loggedIn()
    const old = await browser.jar.getCookieString(lab.clientUrl)
    const refuse = revoked(newestOfClient())
    const gate = new HoldingGate()
    trouble = async (request, reply) => {
      if (request.url !== '/api/me') return
      await gate.hold()
      return refuse(request, reply)
    }
    const slow = [profile(browser), profile(browser)]
    await gate.arrived.opened
    await logOut(browser)
    gate.open()
    for (const page of await Promise.all(slow)) expect(page.status).toBeLessThan(500)
    await expectNothingLeft(browser, old)
  })

  async function logOut(browser: Browser): Promise<void> {
    const page = await browser.open(`${lab.clientUrl}/logout`, { method: 'POST' })
    expect(page.status).toBe(303)
  }

  async function expectNothingLeft(browser: Browser, cookie: string): Promise<void> {
    trouble = undefined
    const before = seen.length
    const answer = await lab.client.inject({ url: '/profile', headers: { cookie } })
    expect(answer.statusCode).toBe(401)
    expect(answer.body).toContain('token missing from session')
    expectLoggedOut(await profile(browser))
    expect(resourceRequests(before)).toEqual([])
    expect(refreshes(before)).toEqual([])
    expect((await lab.login(browser)).status).toBe(200)
  }
})

describe('a refresh that the server rejects', () => {
  test('ends the login and offers a new one, without a redirect', async () => {
    for (const path of ['/profile', '/']) {
      const browser = await loggedIn()
      await endFamily()
      passTime(ALMOST_EXPIRED)
      const before = seen.length
      expectLoggedOut(await browser.open(lab.clientUrl + path))
      expect(refreshes(before).map(({ status }) => status)).toEqual([400])

      const after = seen.length
      const again = await profile(browser)
      expectLoggedOut(again)
      expect(textOf(again, 'main')).toContain('token missing from session')
      expect(textOf(await browser.open(lab.clientUrl), 'main')).toContain('Not logged in')
      expect(seen.slice(after).map(({ program }) => program)).not.toContain('server')
      expect((await lab.login(browser)).status).toBe(200)
    }
  })

  test('after a 401 does the same', async () => {
    const browser = await loggedIn()
    const refuse = revoked(newestOfClient())
    await endFamily()
    trouble = refuse
    const before = seen.length
    expectLoggedOut(await profile(browser))
    expect(refreshes(before).map(({ status }) => status)).toEqual([400])
    expect(resourceRequests(before).map(({ status }) => status)).toEqual([401])
  })

  test('is sent once for many requests, which all get the same page', async () => {
    const browser = await loggedIn()
    await endFamily()
    passTime(ALMOST_EXPIRED)
    const gate = new Gate()
    trouble = ({ url }) => (url === '/token' ? gate.opened : Promise.resolve())
    const before = seen.length
    const pages = Array.from({ length: 10 }, () => profile(browser))
    setTimeout(() => gate.open(), 20)
    for (const page of await Promise.all(pages)) expectLoggedOut(page)
    expect(refreshes(before)).toHaveLength(1)
  })

  test('comes when the refresh token expires', async () => {
    const short = await startLab(programs, { REFRESH_TOKEN_TTL: '400' })
    onTestFinished(() => short.close())
    const browser = await loggedIn(short)
    passTime(290)
    expect((await profile(browser, short)).status).toBe(200)
    passTime(290)
    expectLoggedOut(await profile(browser, short))
  })

  /** Ends the client's last login, as a thief does who uses its refresh token too. */
  async function endFamily(): Promise<void> {
    const last = newestOfClient()
    await renewed(last)
    await expectRefused(last.refresh_token)
  }
})

describe('a refresh that gets no proper response', () => {
  const access_token = 'a-token-of-another-make'
  const send = (body: object): Hook => {
    return async (_, reply) => reply.send(body)
  }
  const troubles: [string, Hook][] = [
    ['because the server fails', async (_, reply) => reply.code(500).send({ error: 'x' })],
    ['but a page', async (_, reply) => reply.type('text/html').send('<h1>Hello</h1>')],
    ['but a token of an unknown type', send({ access_token, token_type: 'mac' })],
    [
      "but a refresh token that isn't a string",
      send({ access_token, token_type: 'Bearer', refresh_token: 7 }),
    ],
    ['but a redirect', async (_, reply) => reply.redirect('/elsewhere', 307)],
    ['because the server hangs up', hangUp],
  ]
  for (const [sentence, hook] of troubles) {
    test(`${sentence}: is a 502, and the client keeps its tokens`, async () => {
      const browser = await loggedIn()
      passTime(ALMOST_EXPIRED)
      trouble = (request, reply) =>
        request.url === '/token' ? hook(request, reply) : Promise.resolve()
      for (const page of await Promise.all([profile(browser), profile(browser)])) {
        expect(page.status).toBe(502)
        expect(textOf(page, 'main')).toContain(`${lab.serverUrl}/token`)
      }
      trouble = undefined
      expect((await profile(browser)).status).toBe(200)
    })
  }

  test("because the server isn't running: is a 502, and the client keeps running", async () => {
    const alone = await startLab(programs)
    onTestFinished(() => alone.close())
    const browser = await loggedIn(alone)
    passTime(ALMOST_EXPIRED)
    await alone.server.close()
    for (const _try of [1, 2]) expect((await profile(browser, alone)).status).toBe(502)
    expect((await browser.open(`${alone.clientUrl}/login`)).status).toBe(302)
  })

  test('because it was lost on the way: the next refresh sends a used token, and the user logs in again', async () => {
    const browser = await loggedIn()
    passTime(ALMOST_EXPIRED)
    const before = seen.length
    trouble = async ({ url, raw }, reply) => {
      if (url !== '/token') return
      reply.raw.write = () => false
      reply.raw.end = () => {
        raw.socket.destroy()
        return reply.raw
      }
    }
    expect((await profile(browser)).status).toBe(502)
    trouble = undefined
    expectLoggedOut(await profile(browser))
    expect(refreshes(before).map(({ status }) => status)).toEqual([200, 400])
    expect((await lab.login(browser)).status).toBe(200)
  })
})

describe('oauth4webapi, another OAuth client,', () => {
  test('renews its tokens, and finds no error in the responses', async () => {
    const foreign = new ForeignClient(lab)
    const { location } = await lab.enterPassword(new Browser(), lab.authorizeUrl())
    const first = await foreign.redeem(location)
    const second = await foreign.refresh(first.refresh_token)
    expect(second.expires_in).toBe(300)
    expect(second.refresh_token).not.toBe(first.refresh_token)

    const response = await foreign.ask('/api/me', second.access_token)
    expect(await response.json()).toMatchObject({ user_id: 'user0' })
  })

  test('understands the rejection of a used refresh token', async () => {
    const first = await tokens()
    await renewed(first)
    const refreshed = new ForeignClient(lab).refresh(first.refresh_token)
    await expect(refreshed).rejects.toMatchObject({ status: 400, error: 'invalid_grant' })
  })
})

describe('a token', () => {
  test('is in no response of the client', () => {
    const answers = seen.filter(({ program }) => program === 'client')
    const shown = answers.map(({ headers, body }) => JSON.stringify(headers) + body).join('\n')
    const secrets = issuedTokens(seen)
    expect(secrets.length).toBeGreaterThan(50)
    for (const secret of secrets) expect(shown).not.toContain(secret)
  })
})

test('no response of the client may be cached, and the only 5xx was its 502', () => {
  expect(unsoundAnswers(seen.filter(({ program }) => program === 'client'))).toEqual([])
})
