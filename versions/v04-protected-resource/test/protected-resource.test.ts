import { Browser, html, type Page, textOf } from '@oauth-lab/shared/testing/browser.ts'
import { passTime } from '@oauth-lab/shared/testing/clock.ts'
import { ForeignClient } from '@oauth-lab/shared/testing/foreign-client.ts'
import { HoldingGate, type Hook, hangUp, withServerHook } from '@oauth-lab/shared/testing/hooks.ts'
import { basic, type Lab, startLab } from '@oauth-lab/shared/testing/lab.ts'
import {
  type Exchange,
  issuedTokens,
  recorded,
  tokenRequests,
  unsoundAnswers,
} from '@oauth-lab/shared/testing/recorder.ts'
import { snapshot, until } from '@oauth-lab/shared/testing/snapshot.ts'
import fc from 'fast-check'
import * as oauth from 'oauth4webapi'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'

const seen: Exchange[] = []
const programs = recorded(snapshot, seen)
const USER0 = { user_id: 'user0', username: 'User Number 0' }
const USER1 = { user_id: 'user1', username: 'User Number 1' }

/** What the resource endpoint does in place of its work during a test. */
let trouble: Hook | undefined
/** The same for the token endpoint. */
let tokenTrouble: Hook | undefined
let lab: Lab

beforeAll(async () => {
  const troubled = withServerHook(programs, async (request, reply) => {
    if (request.url === '/api/me') return trouble?.(request, reply)
    if (request.url === '/token') return tokenTrouble?.(request, reply)
    return undefined
  })
  lab = await startLab(troubled)
})
afterEach(() => {
  trouble = undefined
  tokenTrouble = undefined
})
afterAll(() => lab.close())

/** An access token, directly from the server. */
async function accessToken(user = 'user0'): Promise<string> {
  return String((await lab.redeem(await lab.code({}, user))).body.access_token)
}

/** The last access token that the client got. */
function lastTokenOfClient(): string {
  return JSON.parse(tokenRequests(seen).at(-1)?.body ?? '{}').access_token
}

/** How many requests the resource endpoint got. */
function resourceRequests(): Exchange[] {
  return seen.filter(({ path }) => path === '/api/me')
}

/** What the client shows to anyone who has this cookie. */
async function openWith(cookie: string, path: string): Promise<{ status: number; body: string }> {
  const { statusCode, body } = await lab.client.inject({ url: path, headers: { cookie } })
  return { status: statusCode, body }
}

function expectLoggedOut(page: Page): void {
  expect(page.status).toBe(401)
  expect(page.location).toBeUndefined()
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
  // A challenge would make a browser open its own password dialog.
  expect(page.headers).not.toHaveProperty('www-authenticate')
  expect(html(page).querySelector('a[href="/login"]')).not.toBeNull()
}

describe('the resource endpoint', () => {
  test('tells anyone with the access token who the user is', async () => {
    const first = await lab.me(`Bearer ${await accessToken()}`)
    expect(first).toMatchObject({ status: 200, body: USER0 })
    const { status, body, headers } = await lab.me(`Bearer ${await accessToken('user1')}`)
    expect({ status, body }).toMatchObject({ status: 200, body: USER1 })
    expect(headers['content-type']).toMatch(/^application\/json\b/)
    expect(headers['cache-control']).toBe('no-store')
    expect(headers).not.toHaveProperty('www-authenticate')
  })

  test('accepts the scheme in any case, with any number of spaces after it', async () => {
    const token = await accessToken()
    for (const scheme of ['Bearer', 'bearer', 'BEARER', 'bEaReR', 'Bearer   ']) {
      expect((await lab.me(`${scheme} ${token}`)).status, scheme).toBe(200)
    }
  })

  test('accepts the same token any number of times', async () => {
    const token = await accessToken()
    const answers = await Promise.all([1, 2, 3].map(() => lab.me(`Bearer ${token}`)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
  })

  test('sends a challenge without an error when there is no token, or another scheme', async () => {
    const token = await accessToken()
    const credentials = basic('lab-client', 'lab-client-secret')
    const schemes = ['Token ', 'Bearer', 'Bearers ', '"Bearer ', 'Basic Bearer ']
    const withToken = schemes.map((scheme) => scheme + token)
    for (const header of [undefined, '', credentials, token, ...withToken]) {
      const answer = await lab.me(header)
      expect(answer.status, header).toBe(401)
      expect(answer.headers['www-authenticate'], header).toBe('Bearer realm="oauth-lab"')
      expect(answer.body, header).not.toHaveProperty('error')
    }
  })

  const wrong: [string, (token: string) => string][] = [
    ['no token after the scheme', () => 'Bearer'],
    ['a token that nobody issued', () => `Bearer ${'x'.repeat(43)}`],
    ['a token in capitals', (token) => `Bearer ${token.toUpperCase()}`],
    ['the beginning of a token', (token) => `Bearer ${token.slice(0, -1)}`],
    ['a longer token', (token) => `Bearer ${token}x`],
    ['two tokens', (token) => `Bearer ${token} ${token}`],
    ['two tokens and a comma', (token) => `Bearer ${token},${token}`],
    ['two header values in one', (token) => `Bearer ${token}, Bearer ${token}`],
    ['a token in quotes', (token) => `Bearer "${token}"`],
    ['a named token', (token) => `Bearer token=${token}`],
    ['a tab before the token', (token) => `Bearer \t${token}`],
    ['a non-breaking space before the token', (token) => `Bearer \xa0${token}`],
    ['a non-breaking space after the token', (token) => `Bearer ${token}\xa0`],
    ['padding after the token', (token) => `Bearer ${token}=`],
    ['a token that is percent-encoded', (token) => `Bearer %${token}`],
    ['a key of every object', () => 'Bearer __proto__'],
    ['the credentials of a client', () => 'Bearer lab-client:lab-client-secret'],
    ['letters outside ASCII', () => 'Bearer \xe9\xff'],
  ]
  for (const [sentence, header] of wrong) {
    test(`rejects ${sentence} as invalid_token`, async () => {
      expectInvalidToken(await lab.me(header(await accessToken())))
    })
  }

  test('rejects a code as invalid_token', async () => {
    expectInvalidToken(await lab.me(`Bearer ${await lab.code()}`))
  })

  test('accepts a token for as long as the settings say, and no longer', async () => {
    const short = await startLab(programs, { ACCESS_TOKEN_TTL: '99.5' })
    onTestFinished(() => short.close())
    const { body } = await short.redeem(await short.code())
    expect(body.expires_in).toBe(100)
    passTime(90)
    expect((await short.me(`Bearer ${body.access_token}`)).status).toBe(200)
    // A token that carries its own times counts in whole seconds.
    passTime(11)
    expectInvalidToken(await short.me(`Bearer ${body.access_token}`))
  })

  test('ignores a token in the query or in the body', async () => {
    const token = await accessToken()
    const url = `${lab.apiUrl}/api/me`
    const pages = [
      await new Browser().open(`${url}?access_token=${token}`),
      await new Browser().open(`${url}?authorization=Bearer%20${token}`),
      await new Browser().open(url, { body: { access_token: token } }),
    ]
    for (const page of pages) {
      expect(page.status).toBe(401)
      expect(page.headers['www-authenticate']).toBe('Bearer realm="oauth-lab"')
    }
    const headers = { authorization: `Bearer ${token}` }
    expect((await new Browser().open(`${url}?access_token=x`, { headers })).status).toBe(200)
  })

  test('exists only for GET and HEAD, whatever the token', async () => {
    const headers = { authorization: `Bearer ${await accessToken()}` }
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const page = await new Browser().open(`${lab.apiUrl}/api/me`, { method, headers })
      expect(page.status, method).toBe(405)
      expect(page.headers.allow, method).toBe('GET, HEAD')
      expect(JSON.parse(page.body), method).toHaveProperty('error')
    }
    const head = await new Browser().open(`${lab.apiUrl}/api/me`, { method: 'HEAD', headers })
    expect(head.status).toBe(200)
    const deeper = await new Browser().open(`${lab.apiUrl}/api/me/x`, { headers })
    expect(deeper.status).toBe(404)
    expect(JSON.parse(deeper.body)).toHaveProperty('error')
  })

  test('accepts no header but the right one', async () => {
    const token = await accessToken()
    const unit = fc
      .integer({ min: 0x20, max: 0xff })
      .map((byte) => String.fromCharCode(byte).replace('\x7f', '?'))
    const text = fc.string({ unit, maxLength: 60 })
    const near = fc.tuple(fc.nat(token.length), text).map(([at, more]) => token.slice(0, at) + more)
    const headers = fc.oneof(
      text,
      text.map((any) => `Bearer ${any}`),
      near.map((any) => `Bearer ${any}`),
    )
    // RFC 4648 section 3.5: the last character of a JWT has four bits that carry no data.
    const same = token.includes('.') ? token.replace(/.$/, '.') : token
    await fc.assert(
      fc.asyncProperty(headers, async (authorization) => {
        fc.pre(!new RegExp(`^bearer +${same}$`, 'i').test(authorization))
        const answer = await lab.api.inject({ url: '/api/me', headers: { authorization } })
        expect(answer.statusCode).toBe(401)
        expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm="oauth-lab"/)
      }),
      { numRuns: 100 },
    )
    expect((await lab.me(`Bearer ${token}`)).status).toBe(200)
  })

  function expectInvalidToken(answer: Awaited<ReturnType<Lab['me']>>): void {
    expect(answer.status).toBe(401)
    expect(answer.body).toMatchObject({
      error: 'invalid_token',
      error_description: expect.stringMatching(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/),
    })
    expect(answer.headers['www-authenticate']).toBe(
      `Bearer realm="oauth-lab", error="invalid_token", error_description="${answer.body.error_description}"`,
    )
  }
})

describe('after a login the client', () => {
  test('shows the name that the resource server sends', async () => {
    const browser = new Browser()
    const callback = await browser.open(await lab.loginUntilCallback(browser, 'user1'))
    expect(callback.status).toBe(303)
    expect(callback.location).toBe(`${lab.clientUrl}/profile`)

    const before = resourceRequests().length
    const profile = await browser.follow(callback)
    expect(profile.status).toBe(200)
    expect(textOf(profile, '#username')).toBe('User Number 1')
    const [asked, ...more] = resourceRequests().slice(before)
    expect(more).toEqual([])
    expect(asked?.requestHeaders.authorization).toBe(`Bearer ${lastTokenOfClient()}`)
  })

  test('says on its first page who is logged in, as the resource server sends it', async () => {
    const browser = new Browser()
    expect(textOf(await browser.open(lab.clientUrl), 'main')).toContain('Not logged in')
    await lab.login(browser)
    const before = resourceRequests().length
    const home = await browser.open(lab.clientUrl)
    expect(textOf(home, 'main')).toContain('User Number 0')
    expect(textOf(home, 'main')).not.toContain('Not logged in')
    expect(resourceRequests()).toHaveLength(before + 1)
  })

  test('keeps two browsers apart', async () => {
    const [one, two] = [new Browser(), new Browser()]
    await lab.login(one, 'user0')
    await lab.login(two, 'user1')
    expect(textOf(await one.open(`${lab.clientUrl}/profile`), '#username')).toBe('User Number 0')
    expect(textOf(await two.open(`${lab.clientUrl}/profile`), '#username')).toBe('User Number 1')
  })

  test('has a new session: a cookie from before the login opens nothing', async () => {
    const victim = new Browser()
    const begun = await lab.beginLogin(victim)
    // The attacker knows this cookie, or even planted it.
    const known = await victim.jar.getCookieString(lab.clientUrl)
    await victim.follow(await lab.enterPassword(victim, begun))
    expect((await victim.open(`${lab.clientUrl}/profile`)).status).toBe(200)

    const fresh = await victim.jar.getCookieString(lab.clientUrl)
    expect(fresh).not.toBe(known)
    expect((await openWith(known, '/profile')).status).toBe(401)
    expect((await openWith(known, '/')).body).toContain('Not logged in')
    expect((await openWith(fresh, '/profile')).status).toBe(200)
  })

  test('keeps only the second of two logins', async () => {
    const browser = new Browser()
    await lab.login(browser, 'user0')
    const first = await browser.jar.getCookieString(lab.clientUrl)
    expect(textOf(await lab.login(browser, 'user1'), '#username')).toBe('User Number 1')
    expect((await openWith(first, '/profile')).status).toBe(401)
  })

  test('keeps the login when a second one fails', async () => {
    const browser = new Browser()
    await lab.login(browser)
    const refused = await browser.visit(await lab.answerLogin(browser, { error: 'access_denied' }))
    expect(refused.status).toBe(400)
    const unknown = await browser.visit(await lab.answerLogin(browser, { code: 'x' }))
    expect(unknown.status).toBe(400)
    expect((await browser.open(`${lab.clientUrl}/profile`)).status).toBe(200)
  })

  test('keeps the login for a day after the last request', async () => {
    const lasting = await startLab(programs, { ACCESS_TOKEN_TTL: '1000000' })
    onTestFinished(() => lasting.close())
    const browser = new Browser()
    await lasting.login(browser)
    for (const _day of [1, 2, 3]) {
      passTime(86_000)
      expect((await browser.open(`${lasting.clientUrl}/profile`)).status).toBe(200)
    }
    passTime(86_401)
    const late = await browser.open(`${lasting.clientUrl}/profile`)
    expectLoggedOut(late)
    expect(late.body).toContain('token missing from session')
  })
})

describe('a request that names a session that has just ended', () => {
  test('counts as logged out, and keeps the cookie of the new session', async () => {
    const browser = new Browser()
    const started = await lab.beginLogin(browser)
    const old = await browser.jar.getCookieString(lab.clientUrl)
    await browser.follow(await lab.enterPassword(browser, started))

    for (const url of ['/', '/profile', '/login', '/style.css', '/callback?state=x&code=x']) {
      const late = await lab.client.inject({ url, headers: { cookie: old } })
      expect(late.headers, url).not.toHaveProperty('set-cookie')
      expect(late.statusCode, url).toBeLessThan(500)
      expect(late.body, url).not.toContain('User Number')
    }
    const logout = { method: 'POST', url: '/logout', headers: { cookie: old } } as const
    expect((await lab.client.inject(logout)).headers).not.toHaveProperty('set-cookie')
    expect((await browser.open(`${lab.clientUrl}/profile`)).status).toBe(200)
  })
})

describe('a browser that never got the cookie of the new session', () => {
  test('can log in again with the cookie it has', async () => {
    const browser = new Browser()
    const callback = await lab.loginUntilCallback(browser)
    // As after a double click: the second click makes the browser drop the response to the first.
    const lost = await lab.client.inject({
      url: callback.replace(lab.clientUrl, ''),
      headers: { cookie: await browser.jar.getCookieString(lab.clientUrl) },
    })
    expect(lost.statusCode).toBe(303)
    expect((await browser.open(`${lab.clientUrl}/profile`)).status).toBe(401)
    expect((await lab.login(browser)).status).toBe(200)
    expect((await browser.open(`${lab.clientUrl}/profile`)).status).toBe(200)
  })
})

describe('a login that gets two responses', () => {
  test('leaves the user logged in, and the page of the late response links to the profile', async () => {
    const browser = new Browser()
    const loginPage = await lab.beginLogin(browser)
    const [first, second] = [
      await lab.enterPassword(browser, loginPage),
      await lab.enterPassword(browser, loginPage),
    ]
    expect((await browser.follow(first)).status).toBe(200)
    const late = await browser.follow(second)
    expect(late.status).toBe(400)
    expect(html(late).querySelector('main a[href="/profile"]')).not.toBeNull()
    expect((await browser.open(`${lab.clientUrl}/profile`)).status).toBe(200)
  })
})

describe('without a login the client', () => {
  test('says so on /profile, and sends no request to the resource server', async () => {
    const before = seen.filter(({ program }) => program === 'server').length
    const browsers = [new Browser(), new Browser()]
    await lab.beginLogin(browsers[1] ?? new Browser())
    for (const browser of browsers) {
      const page = await browser.open(`${lab.clientUrl}/profile`)
      expectLoggedOut(page)
      expect(textOf(page, 'main')).toContain('token missing from session')
    }
    expect(seen.filter(({ program }) => program === 'server')).toHaveLength(before)
  })

  test('accepts no token from a request', async () => {
    const token = await accessToken()
    const headers = { authorization: `Bearer ${token}` }
    const url = `${lab.clientUrl}/profile?access_token=${token}`
    expectLoggedOut(await new Browser().open(url, { headers }))
  })
})

describe('a logout', () => {
  test('forgets the login: the old cookie opens nothing', async () => {
    const browser = new Browser()
    const profile = await lab.login(browser)
    const old = await browser.jar.getCookieString(lab.clientUrl)
    const page = await browser.submit(profile)
    expect(page.status).toBe(303)
    expect(page.location).toBe(`${lab.clientUrl}/`)
    expect(textOf(await browser.follow(page), 'main')).toContain('Not logged in')

    const before = resourceRequests().length
    const opened = await openWith(old, '/profile')
    expect(opened.status).toBe(401)
    expect(opened.body).toContain('token missing from session')
    expect((await openWith(old, '/')).body).toContain('Not logged in')
    expect(resourceRequests()).toHaveLength(before)
    expect((await lab.login(browser)).status).toBe(200)
  })

  test('must be a POST: a link or an image that leads there changes nothing', async () => {
    const browser = new Browser()
    await lab.login(browser)
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
      const page = await browser.open(`${lab.clientUrl}/logout`, { method })
      expect(page.status, method).toBe(405)
      expect(page.headers.allow, method).toBe('POST')
    }
    expect((await browser.open(`${lab.clientUrl}/profile`)).status).toBe(200)
  })

  test('does no harm when no one is logged in, twice in a row, or with a body', async () => {
    const browser = new Browser()
    for (const body of ['', 'a=b', '{']) {
      for (const type of ['application/x-www-form-urlencoded', 'application/json']) {
        const logout = { method: 'POST', headers: { 'content-type': type }, body }
        expect((await browser.open(`${lab.clientUrl}/logout`, logout)).status).toBe(303)
      }
    }
  })

  test('in one browser leaves the others logged in', async () => {
    const [one, two] = [new Browser(), new Browser()]
    await lab.login(one)
    await lab.login(two)
    await one.open(`${lab.clientUrl}/logout`, { method: 'POST' })
    expect((await two.open(`${lab.clientUrl}/profile`)).status).toBe(200)
  })

  test('also ends a login that was started', async () => {
    const browser = new Browser()
    const callback = await lab.loginUntilCallback(browser)
    await browser.open(`${lab.clientUrl}/logout`, { method: 'POST' })
    expect((await browser.visit(callback)).status).toBe(400)
  })

  test("isn't undone by requests that start before it and end after it", async () => {
    const browser = new Browser()
    await lab.login(browser)
    const old = await browser.jar.getCookieString(lab.clientUrl)
    const gate = new HoldingGate()
    trouble = () => gate.hold()
    const slow = [browser.open(`${lab.clientUrl}/profile`), browser.open(lab.clientUrl)]
    await gate.arrived.opened
    const logout = await browser.open(`${lab.clientUrl}/logout`, { method: 'POST' })
    expect(logout.status).toBe(303)
    gate.open()
    for (const page of await Promise.all(slow)) expect(page.status).toBeLessThan(500)

    expect((await openWith(old, '/profile')).body).toContain('token missing from session')
    expect((await browser.open(`${lab.clientUrl}/profile`)).status).toBe(401)
  })

  test("during the exchange of a code isn't undone", async () => {
    const browser = new Browser()
    await lab.login(browser)
    const callback = await lab.loginUntilCallback(browser)
    const gate = new HoldingGate()
    tokenTrouble = () => gate.hold()
    const exchange = browser.open(callback)
    await gate.arrived.opened
    await browser.open(`${lab.clientUrl}/logout`, { method: 'POST' })
    gate.open()
    expect(textOf(await browser.follow(await exchange), 'main')).toContain('Not logged in')
    expect((await browser.open(`${lab.clientUrl}/profile`)).status).toBe(401)
  })

  test('from another site, which comes without the cookie, clears no cookie', async () => {
    const { headers } = await lab.client.inject({ method: 'POST', url: '/logout' })
    expect(headers).not.toHaveProperty('set-cookie')
  })

  until('v09', 'happens only at the client: the server still accepts the token', async () => {
    const browser = new Browser()
    await lab.login(browser)
    const token = lastTokenOfClient()
    await browser.open(`${lab.clientUrl}/logout`, { method: 'POST' })
    expect(await lab.me(`Bearer ${token}`)).toMatchObject({ status: 200, body: USER0 })
  })
})

describe('the client, when its token', () => {
  test('has expired: says so, forgets the tokens, and offers to log in again', async () => {
    const short = await startLab(programs, { ACCESS_TOKEN_TTL: '20', REFRESH_TOKEN_TTL: '20' })
    onTestFinished(() => short.close())
    for (const path of ['/profile', '/']) {
      const browser = new Browser()
      await short.login(browser)
      passTime(21)
      const expired = await browser.open(short.clientUrl + path)
      expectLoggedOut(expired)
      expect(textOf(expired, 'main')).toContain('expired')

      const before = seen.length
      const again = await browser.open(`${short.clientUrl}/profile`)
      expectLoggedOut(again)
      expect(textOf(again, 'main')).toContain('token missing from session')
      expect(textOf(await browser.open(short.clientUrl), 'main')).toContain('Not logged in')
      expect(seen.slice(before).map(({ program }) => program)).not.toContain('server')
      expect((await short.login(browser)).status).toBe(200)
    }
  })

  test('is rejected by the resource server: does the same, whatever the body says', async () => {
    for (const body of [{ error: 'invalid_token' }, '<h1>No</h1>', '']) {
      const browser = new Browser()
      await lab.login(browser)
      trouble = async (_request, reply) => reply.code(401).send(body)
      expectLoggedOut(await browser.open(`${lab.clientUrl}/profile`))
      trouble = undefined
      const again = await browser.open(`${lab.clientUrl}/profile`)
      expectLoggedOut(again)
      expect(textOf(again, 'main')).toContain('token missing from session')
    }
  })

  test('is rejected late: keeps a login that was started meanwhile', async () => {
    const browser = new Browser()
    await lab.login(browser)
    const gate = new HoldingGate()
    trouble = async (_request, reply) => {
      await gate.hold()
      return reply.code(401).send({ error: 'invalid_token' })
    }
    const slow = browser.open(`${lab.clientUrl}/profile`)
    await gate.arrived.opened
    const begun = await lab.beginLogin(browser)
    gate.open()
    expectLoggedOut(await slow)
    trouble = undefined
    const end = await browser.follow(await lab.enterPassword(browser, begun))
    expect(end.status).toBe(200)
  })
})

describe('the client, when the resource server', () => {
  const troubles: [string, Hook][] = [
    ['fails', async (_, reply) => reply.code(500).type('text/html').send('<h1>Error</h1>')],
    ['fails with JSON', async (_, reply) => reply.code(500).send({ error: 'server_error' })],
    ["doesn't know the address", async (_, reply) => reply.code(404).send({ error: 'not_found' })],
    ['redirects', async (_, reply) => reply.redirect('/elsewhere', 302)],
    ['sends a page', async (_, reply) => reply.type('text/html').send('<h1>Hello</h1>')],
    ['sends an array', async (_, reply) => reply.send([USER0])],
    ['sends an empty body', async (_, reply) => reply.send()],
    ['leaves out the name', async (_, reply) => reply.send({ ...USER0, username: undefined })],
    ['sends a number as the user name', async (_, reply) => reply.send({ ...USER0, username: 7 })],
    ['sends too much', async (_, reply) => reply.send({ ...USER0, more: 'x'.repeat(200_000) })],
    ['hangs up', hangUp],
  ]
  for (const [sentence, hook] of troubles) {
    test(`${sentence}: says so, with the address, and keeps the login`, async () => {
      const browser = new Browser()
      await lab.login(browser)
      trouble = hook
      for (const path of ['/profile', '/']) {
        const page = await browser.open(lab.clientUrl + path)
        expect(page.status).toBe(502)
        expect(textOf(page, 'main')).toContain(`${lab.apiUrl}/api/me`)
      }
      trouble = undefined
      expect((await browser.open(`${lab.clientUrl}/profile`)).status).toBe(200)
    })
  }

  test("isn't running: says so, with the address, and keeps running", async () => {
    const alone = await startLab(programs)
    onTestFinished(() => alone.close())
    const browser = new Browser()
    await alone.login(browser)
    await alone.api.close()
    const page = await browser.open(`${alone.clientUrl}/profile`)
    expect(page.status).toBe(502)
    expect(textOf(page, 'main')).toContain(`${alone.apiUrl}/api/me`)
    expect((await browser.open(`${alone.clientUrl}/login`)).status).toBe(302)
  })

  test('sends markup in a name: shows it escaped', async () => {
    const browser = new Browser()
    await lab.login(browser)
    trouble = async (_, reply) => reply.send({ ...USER0, username: '<script>', email: '<b>x' })
    for (const path of ['/profile', '/']) {
      const page = await browser.open(lab.clientUrl + path)
      expect(page.status).toBe(200)
      expect(page.body).toContain('&lt;script&gt;')
      expect(page.body).not.toMatch(/<script|<b>/)
    }
  })
})

describe('oauth4webapi, another OAuth client,', () => {
  test('reads the resource with the token it got', async () => {
    const foreign = new ForeignClient(lab)
    const { location } = await lab.enterPassword(new Browser(), lab.authorizeUrl(), 'user1')
    const response = await foreign.ask('/api/me', (await foreign.redeem(location)).access_token)
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject(USER1)
  })

  test('understands the challenge when its token is invalid', async () => {
    const parameters = { realm: 'oauth-lab', error: 'invalid_token' }
    await expect(new ForeignClient(lab).ask('/api/me', 'x')).rejects.toMatchObject({
      code: oauth.WWW_AUTHENTICATE_CHALLENGE,
      cause: [{ scheme: 'bearer', parameters }],
    })
  })
})

describe('a token', () => {
  test('is in no response of the client', () => {
    const answers = seen.filter(({ program }) => program === 'client')
    const shown = answers.map(({ headers, body }) => JSON.stringify(headers) + body).join('\n')
    const secrets = issuedTokens(seen)
    expect(secrets.length).toBeGreaterThan(20)
    for (const secret of secrets) expect(shown).not.toContain(secret)
  })
})

test('no response of the client may be cached, and the only 5xx was its 502', () => {
  expect(unsoundAnswers(seen.filter(({ program }) => program === 'client'))).toEqual([])
})

until('v06', 'an access token opens everything: the email comes along unasked', async () => {
  const { body } = await lab.redeem(await lab.code({ scope: 'profile' }))
  expect((await lab.me(`Bearer ${body.access_token}`)).body.email).toBe('user0@oauth-lab.me')
})

until('v06', 'the profile shows the email, and a response without one is rejected', async () => {
  const browser = new Browser()
  expect(textOf(await lab.login(browser), '#email')).toBe('user0@oauth-lab.me')
  trouble = async (_, reply) => reply.send(USER0)
  expect((await browser.open(`${lab.clientUrl}/profile`)).status).toBe(502)
})

until('v08', 'a 403 of the resource server makes no sense to the client', async () => {
  const browser = new Browser()
  await lab.login(browser)
  trouble = async (_, reply) => reply.code(403).send({ error: 'insufficient_scope' })
  expect((await browser.open(`${lab.clientUrl}/profile`)).status).toBe(502)
  trouble = undefined
  expect((await browser.open(`${lab.clientUrl}/profile`)).status).toBe(200)
})
