import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { readConfig } from '@oauth-lab/shared/config.ts'
import { authenticateUser } from '@oauth-lab/shared/passwords.ts'
import {
  Browser,
  html,
  type Page,
  redirectQuery,
  textOf,
} from '@oauth-lab/shared/testing/browser.ts'
import { NEEDS_CHROMIUM, testsPages } from '@oauth-lab/shared/testing/chromium.ts'
import { passTime } from '@oauth-lab/shared/testing/clock.ts'
import { credentials, type JsonAnswer } from '@oauth-lab/shared/testing/driver.ts'
import type { FormFields } from '@oauth-lab/shared/testing/exchange.ts'
import {
  basic,
  CODE_VERIFIER,
  type Fields,
  type Lab,
  startLab,
} from '@oauth-lab/shared/testing/lab.ts'
import {
  type Exchange,
  issuedTokens,
  recorded,
  unsoundAnswers,
} from '@oauth-lab/shared/testing/recorder.ts'
import { some } from '@oauth-lab/shared/testing/share.ts'
import { load, snapshot, until } from '@oauth-lab/shared/testing/snapshot.ts'
import { testPage } from '@oauth-lab/shared/testing/test-chromium.ts'
import * as oauth from 'oauth4webapi'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'

/** An access token lives 300 seconds, and the client renews it in the last 30. */
const ALMOST_EXPIRED = 275
const OTHER = {
  client_id: 'other-client',
  redirect_uri: 'http://localhost:25009/callback?from=other',
}
const OTHER_BASIC = { authorization: basic('other-client', 'other-client-secret') }
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

const seen: Exchange[] = []
const programs = recorded(snapshot, seen)
let lab: Lab

// A server of its own for each test, because it remembers what users allowed.
beforeEach(async () => {
  lab = await startLab(programs)
})
afterEach(() => lab.close())

function account(browser: Browser, at = lab): Promise<Page> {
  return browser.open(`${at.serverUrl}/account`)
}

/** Sends the login form of the account page. */
function logIn(
  browser: Browser,
  body: FormFields | string = credentials('user0'),
  headers: Fields = {},
): Promise<Page> {
  return browser.open(`${lab.serverUrl}/account`, { method: 'POST', body, headers })
}

/** A browser that is logged in at the server, and nowhere else. */
async function loggedIn(user = 'user0'): Promise<Browser> {
  const browser = new Browser()
  expect((await logIn(browser, credentials(user))).status).toBe(303)
  return browser
}

/** The names of the clients on an account page, and what each may do. */
function appsOn(page: Page): Record<string, string[]> {
  expect(page.status).toBe(200)
  expect(textOf(page, 'h1')).toBe('Connected apps')
  const forms = html(page).querySelectorAll('form[action="/account/disconnect"]')
  return Object.fromEntries(
    forms.map((form) => [
      form.querySelector('strong')?.text ?? '',
      form.querySelectorAll('li').map(({ text }) => text.trim()),
    ]),
  )
}

async function csrfOf(browser: Browser): Promise<string> {
  const page = await account(browser)
  return html(page).querySelector('[name=csrf]')?.getAttribute('value') ?? ''
}

/** Sends the form of a "Disconnect" button, with anything in it. */
function send(browser: Browser, body: FormFields, headers: Fields = {}): Promise<Page> {
  return browser.open(`${lab.serverUrl}/account/disconnect`, { method: 'POST', body, headers })
}

/** Presses "Disconnect" on the account page of a user, in any browser. */
async function disconnect(browser: Browser, client_id = 'lab-client'): Promise<void> {
  const page = await send(browser, { client_id, csrf: await csrfOf(browser) })
  expect(page.status).toBe(303)
  expect(page.location).toBe(`${lab.serverUrl}/account`)
  expect(appsOn(await browser.follow(page))).not.toHaveProperty(client_id)
}

interface Tokens {
  access_token: string
  refresh_token: string
}

function asTokens({ status, body }: JsonAnswer): Tokens {
  expect(status).toBe(200)
  return { access_token: String(body.access_token), refresh_token: String(body.refresh_token) }
}

/** The tokens of a new login at lab-client, in a browser of its own. */
async function tokens(changes: Fields = {}, user = 'user0'): Promise<Tokens> {
  return asTokens(await lab.redeem(await lab.code(changes, user)))
}

/** The tokens of a new login at other-client. */
async function tokensOfOther(): Promise<Tokens> {
  const { redirect_uri } = OTHER
  return asTokens(await lab.redeem(await lab.code(OTHER), { redirect_uri }, OTHER_BASIC))
}

async function expectAlive(login: Tokens, headers: Fields = {}): Promise<void> {
  expect(await lab.isAlive(login.access_token)).toBe(true)
  expect((await lab.refresh(login.refresh_token, headers)).status).toBe(200)
}

function expectInvalidGrant({ status, body }: JsonAnswer): void {
  expect({ status, error: body.error }).toEqual({ status: 400, error: 'invalid_grant' })
}

async function expectDead(login: Tokens): Promise<void> {
  expect(await lab.isAlive(login.access_token)).toBe(false)
  expectInvalidGrant(await lab.refresh(login.refresh_token))
}

function expectRefused(page: Page): void {
  expect(page.status).toBe(400)
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
  expect(page.location).toBeUndefined()
  expect(page.headers).not.toHaveProperty('set-cookie')
}

describe('the account page, when no one is logged in,', () => {
  test('is a login page that posts to itself, for no client', async () => {
    const page = await account(new Browser())
    expect(page.status).toBe(200)
    expect(textOf(page, 'h1')).toBe('Log in')
    expect(page.headers).not.toHaveProperty('set-cookie')
    expect(page.headers['content-security-policy']).toContain("form-action 'self';")
    const forms = html(page).querySelectorAll('form')
    expect(forms).toHaveLength(1)
    expect(forms[0]?.getAttribute('method')).toBe('post')
    expect(forms[0]?.getAttribute('action') ?? '/account').toBe('/account')
    expect(forms[0]?.querySelectorAll('button').map(({ text }) => text)).toEqual(['Log in'])
    expect(textOf(page, 'main')).not.toMatch(/client|undefined|null/)
    expect(html(page).querySelector('[role=alert]')).toBeNull()
    expect(html(page).querySelector('[name=username]')?.getAttribute('value')).toBe('')
  })

  test('leads with the right password to the list of the apps', async () => {
    const browser = new Browser()
    const page = await logIn(browser)
    expect(page.status).toBe(303)
    expect(page.location).toBe(`${lab.serverUrl}/account`)
    const cookie = String(page.headers['set-cookie'])
    expect(cookie).toMatch(new RegExp(`^oauth_lab_${new URL(lab.serverUrl).port}=`))
    expect(cookie).toMatch(/; HttpOnly(;|$)/)
    expect(cookie).toMatch(/; SameSite=Lax(;|$)/)
    expect(textOf(await browser.follow(page), 'main')).toContain('User Number 0')
  })

  const wrong: [string, FormFields][] = [
    ['with a wrong password', { username: 'user0', password: 'wrong' }],
    ['with two passwords', { username: 'user0', password: ['password0', 'password0'] }],
    ['with two users', { username: ['user0', 'user0'], password: 'password0' }],
    ['with nothing', {}],
    ['with an unknown user', { username: 'nobody', password: 'password0' }],
    ["with another user's password", { username: 'user0', password: 'password1' }],
    ['without a password', { username: 'user0' }],
    ['with the name of a client', { username: 'lab-client', password: 'lab-client-secret' }],
  ]
  for (const [sentence, body] of some(wrong, 4)) {
    test(`shows the form again for a login ${sentence}, with status 401 and no session`, async () => {
      const browser = new Browser()
      const page = await logIn(browser, body, FORM)
      expect(page.status).toBe(401)
      expect(page.headers).not.toHaveProperty('set-cookie')
      expect(page.headers).not.toHaveProperty('www-authenticate')
      expect(textOf(page, '[role=alert]')).toBe('Wrong user name or password.')
      expect(html(page).querySelectorAll('[name=password]')).toHaveLength(1)
      expect(textOf(await account(browser), 'h1')).toBe('Log in')
    })
  }

  test('shows the typed user name again, escaped, but not the password', async () => {
    const username = `"><script>alert('1')</script>`
    const page = await logIn(new Browser(), { username, password: 'a-wrong-password' })
    expect(html(page).querySelector('[name=username]')?.getAttribute('value')).toBe(username)
    expect(page.body).not.toContain('<script')
    expect(page.body).not.toContain('a-wrong-password')
  })

  test('shows the form again for a body that is no form, with status 400', async () => {
    const body = JSON.stringify(credentials('user0'))
    for (const type of ['application/json', 'text/plain', undefined]) {
      const browser = new Browser()
      const page = await logIn(browser, body, { 'content-type': type })
      expectRefused(page)
      expect(textOf(page, '[role=alert]')).toBe('Send the form on this page.')
      expect(html(page).querySelector('[name=username]')?.getAttribute('value')).toBe('')
      expect(textOf(await account(browser), 'h1')).toBe('Log in')
    }
  })

  test('has a limit for bodies, and a page for other methods', async () => {
    expect((await logIn(new Browser(), { username: 'x'.repeat(17_000) })).status).toBe(413)
    const put = await new Browser().open(`${lab.serverUrl}/account`, { method: 'PUT' })
    expect(put.status).toBe(405)
    expect(String(put.headers.allow)).toContain('POST')
    const get = await new Browser().open(`${lab.serverUrl}/account/disconnect`)
    expect(get).toMatchObject({ status: 405, headers: { allow: 'POST' } })
    expect(textOf(get, 'h1')).toBe('Method not allowed')
  })
})

describe('a login at the account page', () => {
  test('is one for clients, too, and the other way around', async () => {
    const browser = await loggedIn()
    expect(textOf(await browser.open(lab.authorizeUrl()), 'h1')).toBe('Allow access?')

    const other = new Browser()
    await lab.login(other)
    expect(appsOn(await account(other))).toHaveProperty('lab-client')
    expect(await csrfOf(other)).toMatch(/^[\w-]{43}$/)
    await disconnect(other)
  })

  test('gets a new session id: a cookie from before opens nothing', async () => {
    const victim = await loggedIn('user1')
    const known = await victim.jar.getCookieString(lab.serverUrl)
    await logIn(victim, credentials('user0'))
    expect(await victim.jar.getCookieString(lab.serverUrl)).not.toBe(known)
    const late = await lab.server.inject({ url: '/account', headers: { cookie: known } })
    expect(late.body).toContain('name="password"')
    expect(textOf(await account(victim), 'main')).toContain('User Number 0')
  })

  test('that fails leaves the session as it was', async () => {
    const browser = await loggedIn('user1')
    const before = await csrfOf(browser)
    await logIn(browser, { username: 'user0', password: 'wrong' })
    expect(textOf(await account(browser), 'main')).toContain('User Number 1')
    expect(await csrfOf(browser)).toBe(before)
  })
})

describe('the account page, when someone is logged in,', () => {
  test('lists each client that this user allowed something, with that in words, and no other', async () => {
    await tokens({ scope: 'email profile' })
    await lab.code(OTHER)
    await lab.code({}, 'user1')
    expect(appsOn(await account(await loggedIn('user0')))).toEqual({
      'lab-client': ['email: see your email address', 'profile: see your user name'],
      'other-client': ['profile: see your user name'],
    })
    expect(appsOn(await account(await loggedIn('user1')))).toEqual({
      'lab-client': ['profile: see your user name'],
    })
  })

  test('has one "Disconnect" for each client, and "Log out"', async () => {
    await tokens()
    await lab.code(OTHER)
    const page = await account(await loggedIn())
    const buttons = html(page).querySelectorAll('button')
    expect(buttons.map(({ text }) => text)).toEqual(['Log out', 'Disconnect', 'Disconnect'])
    expect(textOf(page, 'main')).toContain('User Number 0')
  })

  test('says so when there is no client', async () => {
    const page = await account(await loggedIn())
    expect(appsOn(page)).toEqual({})
    expect(textOf(page, 'main')).toContain('No app has access to your account.')
    await tokens()
    expect(textOf(await account(await loggedIn()), 'main')).not.toContain('No app')
  })

  test('lists no client that asked only, or got a no', async () => {
    const browser = await loggedIn()
    const page = await browser.open(lab.authorizeUrl())
    expect(appsOn(await account(browser))).toEqual({})
    await browser.submit(page, {}, 'deny')
    expect(appsOn(await account(browser))).toEqual({})
  })

  test('lists only what was ticked, and adds what comes later', async () => {
    const browser = await loggedIn()
    const page = await browser.open(lab.authorizeUrl({ scope: 'profile email' }))
    await browser.submit(page, { scope: ['email'] })
    expect(appsOn(await account(browser))).toEqual({
      'lab-client': ['email: see your email address'],
    })
    await browser.submit(await browser.open(lab.authorizeUrl()))
    expect(appsOn(await account(browser))['lab-client']).toHaveLength(2)
  })

  test('still lists a client that has logged out: it would get a code without a question', async () => {
    const browser = new Browser()
    await lab.login(browser)
    await browser.open(`${lab.clientUrl}/logout`, { method: 'POST' })
    expect(appsOn(await account(browser))).toHaveProperty('lab-client')
  })

  test('shows any name of a client, escaped', async () => {
    const CLIENT_ID = `<b>"lab" & 'co'</b>`
    const odd = await startLab(programs, { CLIENT_ID })
    onTestFinished(() => odd.close())
    const browser = new Browser()
    await odd.login(browser)
    const page = await account(browser, odd)
    expect(page.body).not.toContain('<b>')
    const ended = await browser.submit(page, { client_id: CLIENT_ID })
    expect(ended.status).toBe(303)
    expect(appsOn(await browser.follow(ended))).toEqual({})
  })

  test('has a value of 256 random bits, another one in each session', async () => {
    await tokens()
    const [one, two] = [await loggedIn(), await loggedIn()]
    const values = [await csrfOf(one), await csrfOf(two)]
    for (const value of values) expect(value).toMatch(/^[\w-]{43}$/)
    expect(values[0]).not.toBe(values[1])
    expect(await csrfOf(one)).toBe(values[0])
    expect(await one.jar.getCookieString(lab.serverUrl)).not.toContain(values[0])
  })

  test('is a link away from the start page of the server', async () => {
    const page = await new Browser().open(lab.serverUrl)
    expect(html(page).querySelector('main a[href="/account"]')).not.toBeNull()
  })
})

describe('Disconnect', () => {
  test('ends the access and refresh tokens of every login, used ones too', async () => {
    const used = await tokens()
    const logins = [await tokens(), await tokens({ scope: 'profile email' })]
    const renewed = asTokens(await lab.refresh(used.refresh_token))
    await disconnect(await loggedIn())
    for (const login of [...logins, renewed, used]) await expectDead(login)
  })

  test('ends a code that is still unused', async () => {
    const code = await lab.code()
    await disconnect(await loggedIn())
    expectInvalidGrant(await lab.redeem(code))
  })

  test('forgets what was allowed: the next login asks for all of it again', async () => {
    const browser = await loggedIn()
    await lab.enterPassword(browser, lab.authorizeUrl({ scope: 'profile email' }))
    await disconnect(browser)
    const page = await browser.open(lab.authorizeUrl({ scope: 'profile email' }))
    expect(textOf(page, 'h1')).toBe('Allow access?')
    expect(html(page).querySelectorAll('[type=checkbox][name=scope]')).toHaveLength(2)
    expect(textOf(page, 'main')).not.toContain('allowed before')
  })

  test('counts for a consent page from before: what was allowed then is no longer', async () => {
    const browser = await loggedIn()
    await lab.enterPassword(browser, lab.authorizeUrl())
    const page = await browser.open(lab.authorizeUrl({ scope: 'profile email' }))
    expect(textOf(page, 'main')).toContain('allowed before')
    await disconnect(browser)
    const { code = '' } = redirectQuery(await browser.submit(page))
    expect((await lab.redeem(code)).body.scope).toBe('email')
    expect(appsOn(await account(browser))['lab-client']).toEqual(['email: see your email address'])
  })

  test('is for good: a new yes brings no old code or token back', async () => {
    const code = await lab.code()
    const old = await tokens()
    await disconnect(await loggedIn())
    const fresh = await tokens()
    await expectDead(old)
    expectInvalidGrant(await lab.redeem(code))
    await expectAlive(fresh)
  })

  test('leaves other clients, other users, and the session', async () => {
    const [other, neighbor] = [await tokensOfOther(), await tokens({}, 'user1')]
    await tokens()
    const browser = await loggedIn()
    await disconnect(browser)
    await expectAlive(other, OTHER_BASIC)
    await expectAlive(neighbor)
    expect(appsOn(await account(browser))).toEqual({
      'other-client': ['profile: see your user name'],
    })
    expect(appsOn(await account(await loggedIn('user1')))).toHaveProperty('lab-client')
  })

  test('works for a second client with the same page', async () => {
    const [login, other] = [await tokens(), await tokensOfOther()]
    const browser = await loggedIn()
    const csrf = await csrfOf(browser)
    for (const client_id of ['other-client', 'lab-client']) {
      expect((await send(browser, { client_id, csrf })).status).toBe(303)
    }
    await expectDead(login)
    expect(await lab.isAlive(other.access_token)).toBe(false)
    expect(appsOn(await account(browser))).toEqual({})
  })

  test('is no error for the client that revokes an ended token, or for another one', async () => {
    const login = await tokens()
    await disconnect(await loggedIn())
    for (const token of Object.values(login)) {
      expect((await lab.post('/revoke', { token })).status).toBe(200)
      expect((await lab.post('/revoke', { token }, OTHER_BASIC)).status).toBe(200)
    }
  })

  test('beats a token request at the same moment', async () => {
    const browser = await loggedIn()
    for (let turn = 0; turn < 5; turn += 1) {
      const [{ refresh_token }, code] = [await tokens(), await lab.code()]
      const csrf = await csrfOf(browser)
      const [redeemed, refreshed, page] = await Promise.all([
        lab.redeem(code),
        lab.refresh(refresh_token),
        send(browser, { client_id: 'lab-client', csrf }),
      ])
      expect(page.status).toBe(303)
      for (const answer of [redeemed, refreshed]) {
        if (answer.status === 200) await expectDead(asTokens(answer))
        else expectInvalidGrant(answer)
      }
    }
  })

  until('v13', 'is seen by the client at its next request', async () => {
    await expectSeenByClient(0)
  })

  test('is seen by the client, which says so and offers to connect again', async () => {
    await expectSeenByClient(ALMOST_EXPIRED)
  })

  async function expectSeenByClient(pause: number): Promise<void> {
    const browser = new Browser()
    await lab.login(browser)
    await disconnect(await loggedIn())
    passTime(pause)
    const page = await browser.open(`${lab.clientUrl}/profile`)
    expect(page.status).toBe(401)
    expect(page.location).toBeUndefined()
    expect(textOf(page, '[role=alert]')).toContain('was ended')
    expect(html(page).querySelector('main a[href="/login"]')?.text).toBe('Connect again')

    const asked = await browser.visit(`${lab.clientUrl}/login`)
    expect(textOf(asked, 'h1')).toBe('Allow access?')
    const end = await browser.follow(await browser.submit(asked))
    expect(textOf(end, '#username')).toBe('User Number 0')
  }

  test('lets nothing pile up: neither what ended nor the name of an unknown client stays', async () => {
    const { allowedScopesOf, createStore, disconnect } =
      await load<typeof import('../server/store.ts')>('server/store.ts')
    const store = createStore(readConfig({}))
    const user = authenticateUser('user0', 'password0')
    if (user === undefined) throw new Error('No such user')
    for (let n = 0; n < 100; n += 1) {
      allowedScopesOf(store, user, 'lab-client').add('profile')
      expect(disconnect(store, user, 'lab-client')).toBe(true)
      expect(disconnect(store, user, 'lab-client')).toBe(false)
      expect(disconnect(store, user, `client${n}`)).toBe(false)
    }
    expect(store.allowedScopes.size).toBe(0)
  })
})

describe('a "Disconnect" is rejected, and nothing ends,', () => {
  const values: [string, (csrf: string) => FormFields][] = [
    ['without the value of the page', () => ({})],
    ['with an empty value', () => ({ csrf: '' })],
    ['with the value twice', (csrf) => ({ csrf: [csrf, csrf] })],
    ['with a value that no one issued', () => ({ csrf: 'x'.repeat(43) })],
    ['with the start of the value', (csrf) => ({ csrf: csrf.slice(0, -1) })],
    ['with another value beside it', (csrf) => ({ csrf: [csrf, 'x'] })],
    ['with the word undefined', () => ({ csrf: 'undefined' })],
  ]
  for (const [sentence, form] of some(values, 4)) {
    test(sentence, async () => {
      const login = await tokens()
      const browser = await loggedIn()
      const csrf = await csrfOf(browser)
      expectRefused(await send(browser, { client_id: 'lab-client', ...form(csrf) }, FORM))
      await expectAlive(login)
      expect(appsOn(await account(browser))).toHaveProperty('lab-client')
    })
  }

  const clients: [string, FormFields][] = [
    ['without a client', {}],
    ['for a client that is not connected', { client_id: 'other-client' }],
    ['for the client twice', { client_id: ['lab-client', 'lab-client'] }],
    ['for a client that no one knows', { client_id: 'nobody' }],
    ['with an empty client', { client_id: '' }],
    ['for a name that is almost right', { client_id: 'lab-client ' }],
    ['for a name in capitals', { client_id: 'LAB-CLIENT' }],
    ['for a name that every object has', { client_id: '__proto__' }],
    ['for two clients', { client_id: ['lab-client', 'other-client'] }],
  ]
  for (const [sentence, form] of some(clients, 4)) {
    test(sentence, async () => {
      const login = await tokens()
      const browser = await loggedIn()
      expectRefused(await send(browser, { csrf: await csrfOf(browser), ...form }))
      await expectAlive(login)
      expect(appsOn(await account(browser))).toHaveProperty('lab-client')
    })
  }

  test('for a client that only another user has', async () => {
    const login = await tokens({}, 'user1')
    await lab.code(OTHER)
    const browser = await loggedIn('user0')
    const csrf = await csrfOf(browser)
    expectRefused(await send(browser, { client_id: 'lab-client', csrf }))
    expectRefused(await send(browser, { client_id: 'lab-client', csrf, user_id: 'user1' }))
    await expectAlive(login)
  })

  test('with the value of another session, of the same user or another', async () => {
    const login = await tokens()
    await tokens({}, 'user1')
    const victim = await loggedIn('user0')
    for (const user of ['user0', 'user1']) {
      const csrf = await csrfOf(await loggedIn(user))
      expectRefused(await send(victim, { client_id: 'lab-client', csrf }))
    }
    const before = await csrfOf(victim)
    await logIn(victim)
    expectRefused(await send(victim, { client_id: 'lab-client', csrf: before }))
    await expectAlive(login)
  })

  test('with the value of a consent page', async () => {
    const login = await tokens()
    const browser = await loggedIn()
    const page = await browser.open(lab.authorizeUrl({ scope: 'email' }))
    const csrf = html(page).querySelector('[name=consent]')?.getAttribute('value')
    expectRefused(await send(browser, { client_id: 'lab-client', csrf }))
    await expectAlive(login)
  })

  test('when no one is logged in, or no longer', async () => {
    const login = await tokens()
    const browser = await loggedIn()
    const [csrf, client_id] = [await csrfOf(browser), 'lab-client']
    const cookie = await browser.jar.getCookieString(lab.serverUrl)
    for (const form of [{ client_id, csrf }, { client_id }]) {
      expectRefused(await send(new Browser(), form))
    }
    await browser.open(`${lab.serverUrl}/logout`, { method: 'POST' })
    expectRefused(await send(new Browser(), { client_id, csrf }, { cookie }))
    await expectAlive(login)
  })

  test('when a logout came in between, also while the form was arriving', async () => {
    const login = await tokens()
    const browser = await loggedIn()
    const form = await query(browser)
    const cookie = await browser.jar.getCookieString(lab.serverUrl)
    const headers = { ...FORM, cookie, 'content-length': form.length, expect: '100-continue' }
    const slow = httpRequest(`${lab.serverUrl}/account/disconnect`, { method: 'POST', headers })
    const response = once(slow, 'response')
    // The server asks for the form, so it knows the session.
    await once(slow, 'continue')
    await browser.open(`${lab.serverUrl}/logout`, { method: 'POST' })
    slow.end(form)
    const [{ statusCode, headers: answered }] = await response
    expect(statusCode).toBe(400)
    expect(answered).not.toHaveProperty('set-cookie')
    await expectAlive(login)
  })

  test('in a body that is no form', async () => {
    const login = await tokens()
    const browser = await loggedIn()
    const body = JSON.stringify({ client_id: 'lab-client', csrf: await csrfOf(browser) })
    const options = { method: 'POST', body, headers: { 'content-type': 'application/json' } }
    expectRefused(await browser.open(`${lab.serverUrl}/account/disconnect`, options))
    expectRefused(
      await browser.open(`${lab.serverUrl}/account/disconnect?${await query(browser)}`, {
        method: 'POST',
      }),
    )
    await expectAlive(login)
  })

  test('the second time, also at the same moment: the page leads back to the list', async () => {
    const login = await tokens()
    const browser = await loggedIn()
    const form = { client_id: 'lab-client', csrf: await csrfOf(browser) }
    const pages = await Promise.all(Array.from({ length: 5 }, () => send(browser, form)))
    expect(pages.filter(({ status }) => status === 303)).toHaveLength(1)
    for (const page of pages.filter(({ status }) => status !== 303)) {
      expectRefused(page)
      expect(html(page).querySelector('main a[href="/account"]')).not.toBeNull()
    }
    await expectDead(login)
  })

  /** What the form sends, as text. */
  async function query(browser: Browser): Promise<string> {
    return `client_id=lab-client&csrf=${await csrfOf(browser)}`
  }
})

describe('a form that a page of another site sends', () => {
  for (const site of some(['cross-site', 'same-site', 'none', '', 'same-origin, cross-site'], 2)) {
    test(`is rejected, and changes nothing: Sec-Fetch-Site "${site}"`, async () => {
      const login = await tokens()
      const headers = { 'sec-fetch-site': site }
      const browser = await loggedIn('user0')
      const csrf = await csrfOf(browser)
      expectRefused(await send(browser, { client_id: 'lab-client', csrf }, headers))
      expectRefused(await logIn(browser, credentials('user1'), headers))
      expectRefused(await logIn(new Browser(), credentials('user1'), headers))
      expect(textOf(await account(browser), 'main')).toContain('User Number 0')
      expect(await csrfOf(browser)).toBe(csrf)
      await expectAlive(login)
    })
  }

  test('is not one from the pages of this server', async () => {
    await tokens()
    const headers = { 'sec-fetch-site': 'same-origin' }
    const browser = new Browser()
    expect((await logIn(browser, credentials('user0'), headers)).status).toBe(303)
    const csrf = await csrfOf(browser)
    expect((await send(browser, { client_id: 'lab-client', csrf }, headers)).status).toBe(303)
  })
})

describe('a logout at the server', () => {
  test('without a request of a client ends the session, and leads to the account page', async () => {
    for (const address of ['/logout', '/logout?']) {
      const browser = await loggedIn()
      const page = await browser.open(lab.serverUrl + address, { method: 'POST' })
      expect(page.status).toBe(303)
      expect(page.location).toBe(`${lab.serverUrl}/account`)
      expect(textOf(await browser.follow(page), 'h1')).toBe('Log in')
    }
  })

  test('is the first button of the account page, and disconnects nothing', async () => {
    const login = await tokens()
    const browser = await loggedIn()
    const form = html(await account(browser)).querySelector('form')
    expect(form?.text.trim()).toBe('Log out')
    expect(form?.getAttribute('action')).toBe('/logout')
    await browser.open(`${lab.serverUrl}/logout`, { method: 'POST' })
    await expectAlive(login)
    expect(appsOn(await account(await loggedIn()))).toHaveProperty('lab-client')
  })

  test('with a request of a client leads there, as before', async () => {
    const browser = await loggedIn()
    const { search } = new URL(lab.authorizeUrl())
    const page = await browser.open(`${lab.serverUrl}/logout${search}`, { method: 'POST' })
    expect(page.location).toBe(lab.authorizeUrl())
  })
})

describe('oauth4webapi, another OAuth client,', () => {
  test('understands that its code and its refresh token have ended', async () => {
    const server: oauth.AuthorizationServer = {
      issuer: lab.serverUrl,
      token_endpoint: `${lab.serverUrl}/token`,
    }
    const client: oauth.Client = { client_id: lab.config.clientId }
    const secret = oauth.ClientSecretBasic(lab.config.clientSecret)
    const options = { [oauth.allowInsecureRequests]: true }
    const ended = { status: 400, error: 'invalid_grant' }
    const { refresh_token } = await tokens()
    const { location } = await lab.enterPassword(new Browser(), lab.authorizeUrl())
    const response = oauth.validateAuthResponse(server, client, new URL(location ?? ''), 'a-state')
    await disconnect(await loggedIn())

    const redeemed = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      secret,
      response,
      lab.redirectUri,
      CODE_VERIFIER,
      options,
    )
    await expect(
      oauth.processAuthorizationCodeResponse(server, client, redeemed),
    ).rejects.toMatchObject(ended)
    const refreshed = await oauth.refreshTokenGrantRequest(
      server,
      client,
      secret,
      refresh_token,
      options,
    )
    await expect(
      oauth.processRefreshTokenResponse(server, client, refreshed),
    ).rejects.toMatchObject(ended)
  })
})

describe.runIf(testsPages)(NEEDS_CHROMIUM, () => {
  test('the user finds the app, disconnects it, and connects it again', async () => {
    const page = await testPage()
    await page.goto(`${lab.clientUrl}/login`)
    await page.fill('[name=username]', 'user0')
    await page.fill('[name=password]', 'password0')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.waitForURL(`${lab.clientUrl}/profile`)

    await page.goto(lab.serverUrl)
    await page.getByRole('link', { name: 'See which apps have access' }).click()
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.fill('[name=username]', 'user0')
    await page.fill('[name=password]', 'password0')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByRole('button', { name: 'Disconnect' }).click()
    await page.getByText('No app has access to your account.').waitFor()
    expect(page.url()).toBe(`${lab.serverUrl}/account`)

    passTime(ALMOST_EXPIRED)
    await page.goto(`${lab.clientUrl}/profile`)
    await page.getByRole('link', { name: 'Connect again' }).click()
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.waitForURL(`${lab.clientUrl}/profile`)
    expect(await page.textContent('#username')).toBe('User Number 0')
  })

  for (const width of some([390, 1280])) {
    test(`a double click on Log in disconnects nothing, ${width} pixels wide`, async () => {
      await tokens({ scope: 'profile email' })
      await lab.code(OTHER)
      const page = await testPage({ viewport: { width, height: 800 } })
      await page.goto(`${lab.serverUrl}/account`)
      await page.fill('[name=username]', 'user0')
      await page.fill('[name=password]', 'password0')
      const login = await page.getByRole('button', { name: 'Log in' }).boundingBox()
      await page.getByRole('button', { name: 'Log in' }).click()
      await page.waitForSelector('[name=csrf]', { state: 'attached' })
      for (const element of await page.getByRole('button').all()) {
        const button = await element.boundingBox()
        if (login === null || button === null) throw new Error('A button is not visible')
        const isBeside = button.x >= login.x + login.width
        const isAbove = button.y + button.height <= login.y
        expect(isBeside || isAbove).toBe(true)
      }
    })

    test(`a double click on Disconnect disconnects one app, ${width} pixels wide`, async () => {
      await tokens()
      await lab.code(OTHER)
      const page = await testPage({ viewport: { width, height: 800 } })
      await page.goto(`${lab.serverUrl}/account`)
      await page.fill('[name=username]', 'user0')
      await page.fill('[name=password]', 'password0')
      await page.getByRole('button', { name: 'Log in' }).click()
      const first = page.getByRole('button', { name: 'Disconnect' }).first()
      const button = await first.boundingBox()
      if (button === null) throw new Error('The button is not visible')
      await first.click({ trial: true })

      // The next page stays as it is when the second click comes.
      await page.route('**/style.css', async (route) => {
        const css = await (await route.fetch()).text()
        await route.fulfill({ body: css.replaceAll('0.5s', '99999s'), contentType: 'text/css' })
      })
      await first.click()
      await page.getByText('lab-client').waitFor({ state: 'detached' })
      await page.waitForLoadState()
      expect(await first.boundingBox()).toEqual(button)
      const [x, y] = [button.x + button.width / 2, button.y + button.height / 2]
      const target = await page.evaluate(`document.elementFromPoint(${x}, ${y}).tagName`)
      expect(target).not.toBe('BUTTON')
    })
  }
})

test('no page shows a token, a code or a password', () => {
  const pages = seen.filter(({ path }) => path.startsWith('/account'))
  const shown = pages.map(({ headers, body }) => JSON.stringify(headers) + body).join('\n')
  const secrets = issuedTokens(seen)
  expect(secrets.length).toBeGreaterThan(50)
  for (const secret of secrets) expect(shown).not.toContain(secret)
})

test('no response may be cached, none to a program sets a cookie, and the only 5xx was the 502 of the client', () => {
  expect(unsoundAnswers(seen)).toEqual([])
})
