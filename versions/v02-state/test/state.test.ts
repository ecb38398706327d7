import { Browser, html, redirectQuery, textOf } from '@oauth-lab/shared/testing/browser.ts'
import { passTime } from '@oauth-lab/shared/testing/clock.ts'
import { freePort, type Lab, startLab } from '@oauth-lab/shared/testing/lab.ts'
import {
  type Exchange,
  recorded,
  tokenRequests,
  unsoundAnswers,
} from '@oauth-lab/shared/testing/recorder.ts'
import { snapshot } from '@oauth-lab/shared/testing/snapshot.ts'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'

const seen: Exchange[] = []
const programs = recorded(snapshot, seen)
let lab: Lab

beforeAll(async () => {
  lab = await startLab(programs)
})
afterAll(() => lab.close())

describe('the server returns the state', () => {
  const values: [string, string][] = [
    ['of one letter', 'a'],
    ['of one digit', '0'],
    ['of letters from many scripts', 'Ünï-código-日本語-🎉'],
    ['of characters that separate parameters', '&=#+% "?;/\\'],
    ['that is percent-encoded', '%41%26%00'],
    ['that is a query', 'a=b&code=c&error=d'],
    ['of markup', `<script>alert('1')</script>`],
    ['with line breaks', 'a\r\nset-cookie: b=c\r\n\r\n'],
    ['with spaces around it', ' a '],
    ['of control characters', '\0\t\x7f'],
    ['of two thousand letters', 'x'.repeat(2000)],
  ]
  for (const [sentence, state] of values) {
    test(`unchanged, ${sentence}`, async () => {
      const granted = await lab.postPassword(lab.authorizeUrl({ state }))
      expect(redirectQuery(granted)).toMatchObject({ state, code: expect.any(String) })

      const wrong = lab.authorizeUrl({ state, response_type: 'token' })
      for (const refused of [await new Browser().open(wrong), await lab.postPassword(wrong)]) {
        expect(redirectQuery(refused)).toMatchObject({ state, error: 'unsupported_response_type' })
      }
    })
  }

  test('unchanged, whatever it contains', async () => {
    const character = fc
      .nat(0x10ffff)
      .map((point) => String.fromCodePoint(point).replace(/\p{Cs}/u, '?'))
    const text = fc.oneof(fc.string({ minLength: 1 }), fc.string({ unit: character, minLength: 1 }))
    await fc.assert(
      fc.asyncProperty(text, async (state) => {
        const { pathname, search } = new URL(lab.authorizeUrl({ state, response_type: 'token' }))
        const { headers } = await lab.server.inject(pathname + search)
        expect(new URL(String(headers.location)).searchParams.getAll('state')).toEqual([state])
      }),
      { numRuns: 50 },
    )
  })

  test('to a redirect URI with a query of its own too', async () => {
    const redirect_uri = 'http://localhost:25009/callback?from=other'
    const page = await lab.postPassword(
      lab.authorizeUrl({ client_id: 'other-client', redirect_uri }),
    )
    expect(redirectQuery(page)).toMatchObject({ from: 'other', state: 'a-state' })
  })

  test('even when another parameter came twice', async () => {
    const page = await new Browser().open(`${lab.authorizeUrl()}&response_type=code`)
    expect(redirectQuery(page)).toMatchObject({ state: 'a-state', error: 'invalid_request' })
  })

  test("unless it isn't UTF-8, which is invalid_request", async () => {
    const withoutState = lab.authorizeUrl({ state: undefined })
    for (const encoded of ['%FF', 'a%C3', '%ED%A0%80']) {
      const page = await new Browser().open(`${withoutState}&state=${encoded}`)
      expect(redirectQuery(page).error, encoded).toBe('invalid_request')
      expect(redirectQuery(page), encoded).not.toHaveProperty('state')
    }
  })

  test('to no one who sent none, or an empty one', async () => {
    for (const state of [undefined, '']) {
      const granted = await lab.postPassword(lab.authorizeUrl({ state }))
      expect(redirectQuery(granted).code).toBeDefined()
      expect(redirectQuery(granted)).not.toHaveProperty('state')
      const refused = await new Browser().open(lab.authorizeUrl({ state, response_type: 'token' }))
      expect(redirectQuery(refused)).not.toHaveProperty('state')
    }
  })

  test('to no one who sent two, which is an error', async () => {
    for (const second of ['a-state', 'another']) {
      const url = `${lab.authorizeUrl()}&state=${second}`
      for (const page of [await new Browser().open(url), await lab.postPassword(url)]) {
        expect(page.location?.split('?')[0]).toBe(lab.redirectUri)
        expect(redirectQuery(page).error).toBe('invalid_request')
        expect(redirectQuery(page)).not.toHaveProperty('state')
        expect(redirectQuery(page)).not.toHaveProperty('code')
      }
    }
  })
})

describe('the client makes a state', () => {
  test('that no one can guess, and a new one for each login', async () => {
    const browsers = [new Browser(), new Browser()]
    const states = []
    for (const browser of [...browsers, ...browsers]) states.push(await beginLogin(browser))
    expect(new Set(states).size).toBe(4)
    for (const state of states) expect(state).toMatch(/^[\w-]{43}$/)
  })

  test('that comes back with the code, and the login continues', async () => {
    const browser = new Browser()
    const state = await beginLogin(browser)
    const callback = await lab.loginUntilCallback(browser)
    expect(new URL(callback).searchParams.get('state')).not.toBe(state)
    expect((await browser.visit(callback)).status).toBe(200)
  })
})

describe('the client rejects a response', () => {
  const rows: [string, (state: string) => string][] = [
    ['without a state', () => ''],
    ['with an empty state', () => 'state='],
    ['with another state', () => `state=${'x'.repeat(43)}`],
    ['with the state in capitals', (state) => `state=${state.toUpperCase()}`],
    ['with the beginning of the state', (state) => `state=${state.slice(0, -1)}`],
    ['with the state and more', (state) => `state=${state}x`],
    ['with a space after the state', (state) => `state=${state}%20`],
    ['with the state twice', (state) => `state=${state}&state=${state}`],
    ['with the state and another one', (state) => `state=${state}&state=x`],
    ['with another one and the state', (state) => `state=x&state=${state}`],
    ['with the state under another name', (state) => `State=${state}`],
    ['with a state that is a key of every object', () => 'state=__proto__'],
    ['with an error and no state', () => 'error=access_denied'],
  ]
  for (const [sentence, query] of rows) {
    test(`${sentence}: exchanges nothing, and keeps the login that was started`, async () => {
      const browser = new Browser()
      const callback = await lab.loginUntilCallback(browser)
      const { state, code } = Object.fromEntries(new URL(callback).searchParams)
      expect(state).toBeDefined()

      await expectWrongState(browser, `${lab.redirectUri}?code=${code}&${query(state ?? '')}`)
      expect((await browser.visit(callback)).status).toBe(200)
    })
  }

  test('that was used already, even with everything right', async () => {
    const browser = new Browser()
    const callback = await lab.loginUntilCallback(browser)
    expect((await browser.visit(callback)).status).toBe(200)
    await expectWrongState(browser, callback)
  })

  test('that comes again after the server rejected the code, or the user', async () => {
    for (const refusal of [{ code: 'x' }, { error: 'access_denied' }]) {
      const browser = new Browser()
      const callback = await lab.loginUntilCallback(browser)
      const { state } = Object.fromEntries(new URL(callback).searchParams)
      const query = new URLSearchParams({ ...refusal, state: state ?? '' })
      const refused = await browser.visit(`${lab.redirectUri}?${query}`)
      expect(refused.status).toBe(400)
      expect(textOf(refused, 'h1')).not.toBe('Wrong state')
      await expectWrongState(browser, callback)
    }
  })

  test('that comes five times at the same moment, all but once', async () => {
    const browser = new Browser()
    const callback = await lab.loginUntilCallback(browser)
    const before = tokenRequests(seen).length
    const pages = await Promise.all([1, 2, 3, 4, 5].map(() => browser.open(callback)))
    expect(pages.filter(({ status }) => status === 400)).toHaveLength(4)
    expect(tokenRequests(seen)).toHaveLength(before + 1)
  })

  test('of another browser: no link can log you in as someone else', async () => {
    const [attacker, victim] = [new Browser(), new Browser()]
    const attack = await lab.loginUntilCallback(attacker, 'user1')
    await expectWrongState(victim, attack)

    const callback = await lab.loginUntilCallback(victim)
    await expectWrongState(victim, attack)
    expect((await victim.visit(callback)).status).toBe(200)
    expect((await attacker.visit(attack)).status).toBe(200)
  })

  test('to the first of two logins in one browser, because the later one counts', async () => {
    const browser = new Browser()
    const first = await lab.loginUntilCallback(browser)
    const second = await lab.loginUntilCallback(browser)
    await expectWrongState(browser, first)
    expect((await browser.visit(second)).status).toBe(200)
    await expectWrongState(browser, first)
  })

  test('in a session that was idle for a day, however old the session is', async () => {
    const browser = new Browser()
    const begun = await lab.beginLogin(browser)
    passTime(86_000)
    await browser.open(lab.clientUrl)
    passTime(86_000)
    const callback = await lab.enterPassword(browser, begun)
    expect((await browser.follow(callback)).status).toBe(200)

    const late = await lab.beginLogin(browser)
    passTime(86_401)
    const refused = await browser.follow(await lab.enterPassword(browser, late))
    expect(refused.status).toBe(400)
    expect(textOf(refused, 'h1')).toBe('Wrong state')
  })

  test('with any state but its own', async () => {
    const browser = new Browser()
    const state = await beginLogin(browser)
    const cookie = await browser.jar.getCookieString(lab.clientUrl)
    const before = tokenRequests(seen).length
    const near = fc.nat(42).map((at) => state.slice(0, at) + state.slice(at + 1))
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), near), async (any) => {
        const url = `/callback?code=x&state=${encodeURIComponent(any)}`
        expect((await lab.client.inject({ url, headers: { cookie } })).statusCode).toBe(400)
      }),
      { numRuns: 50 },
    )
    expect(tokenRequests(seen)).toHaveLength(before)
  })

  async function expectWrongState(browser: Browser, url: string): Promise<void> {
    const before = tokenRequests(seen).length
    const page = await browser.visit(url)
    expect(page.status).toBe(400)
    expect(textOf(page, 'h1')).toBe('Wrong state')
    expect(page.body).not.toContain('access_denied')
    expect(
      html(page).querySelector('main a[href="/login"], main a[href="/profile"]'),
    ).not.toBeNull()
    expect(tokenRequests(seen)).toHaveLength(before)
  }
})

describe('the session cookie', () => {
  test('is out of reach of scripts and of posts from other sites', async () => {
    const { headers } = await new Browser().open(`${lab.clientUrl}/login`)
    const cookie = String(headers['set-cookie'])
    expect(cookie).toMatch(/; HttpOnly(;|$)/)
    expect(cookie).toMatch(/; SameSite=Lax(;|$)/)
    expect(cookie).toMatch(/; Path=\/(;|$)/)
    expect(cookie).not.toMatch(/Secure|Domain|Expires|Max-Age/)
  })

  test('is never sent over http when the client has an https address', async () => {
    const CLIENT_URL = `https://localhost:${await freePort()}`
    const secure = await startLab(programs, { CLIENT_URL })
    onTestFinished(() => secure.close())
    const { headers } = await secure.client.inject('/login')
    expect(headers['set-cookie']).toMatch(/; Secure(;|$)/)
    // RFC 6265bis section 4.1.3: no neighbor on another port or subdomain can set this one.
    expect(headers['set-cookie']).toMatch(/^__Host-oauth_lab_\d+=/)
  })

  test('is set by the first login, and reveals nothing about the session', async () => {
    const browser = new Browser()
    const home = await browser.open(lab.clientUrl)
    expect(home.headers).not.toHaveProperty('set-cookie')
    const state = await beginLogin(browser)
    expect(await browser.jar.getCookieString(lab.clientUrl)).not.toContain(state)
  })

  test("has the port in its name, so two pairs in one browser don't disturb each other", async () => {
    const other = await startLab(programs)
    onTestFinished(() => other.close())
    const browser = new Browser()
    const one = await lab.loginUntilCallback(browser)
    const two = await other.loginUntilCallback(browser)
    const names = (await browser.jar.getCookies(lab.clientUrl)).map(({ key }) => key)
    expect(names.map((name) => /\d+$/.exec(name)?.[0])).toEqual(
      expect.arrayContaining([lab, other].map(({ clientUrl }) => new URL(clientUrl).port)),
    )
    expect((await browser.visit(one)).status).toBe(200)
    expect((await browser.visit(two)).status).toBe(200)
  })

  test('opens no session after it was changed', async () => {
    const browser = new Browser()
    const callback = await lab.loginUntilCallback(browser)
    const { port } = new URL(lab.clientUrl)
    const cookies = await browser.jar.getCookies(lab.clientUrl)
    const cookie = String(cookies.find(({ key }) => key.endsWith(port))?.cookieString())
    const [name = '', value = ''] = cookie.split('=')
    const id = decodeURIComponent(value).split('.')[0]
    const other = `${name}=${id}.${'x'.repeat(43)}`
    for (const forged of [`${name}=${id}`, other, `${cookie}x`, `${name}=%`]) {
      const url = callback.replace(lab.clientUrl, '')
      const { statusCode } = await lab.client.inject({ url, headers: { cookie: forged } })
      expect(statusCode, forged).toBe(400)
    }
    expect((await browser.visit(callback)).status).toBe(200)
  })
})

test('no response may be cached, no program got a cookie, and nothing crashed', () => {
  expect(unsoundAnswers(seen)).toEqual([])
})

/** Starts a login at the client and returns its state. */
async function beginLogin(browser: Browser): Promise<string> {
  return new URL(await lab.beginLogin(browser)).searchParams.get('state') ?? ''
}
