import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { readConfig } from '@oauth-lab/shared/config.ts'
import {
  Browser,
  html,
  type Page,
  redirectQuery,
  textOf,
} from '@oauth-lab/shared/testing/browser.ts'
import { NEEDS_CHROMIUM, testsPages } from '@oauth-lab/shared/testing/chromium.ts'
import { passTime } from '@oauth-lab/shared/testing/clock.ts'
import { ForeignClient } from '@oauth-lab/shared/testing/foreign-client.ts'
import { type Fields, freePort, type Lab, startLab } from '@oauth-lab/shared/testing/lab.ts'
import { type Exchange, recorded, unsoundAnswers } from '@oauth-lab/shared/testing/recorder.ts'
import { some } from '@oauth-lab/shared/testing/share.ts'
import { snapshot, until } from '@oauth-lab/shared/testing/snapshot.ts'
import { testPage } from '@oauth-lab/shared/testing/test-chromium.ts'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'

const PASSWORD = { username: 'user0', password: 'password0' }
const OTHER = {
  client_id: 'other-client',
  redirect_uri: 'http://localhost:25009/callback?from=other',
}

const seen: Exchange[] = []
const programs = recorded(snapshot, seen)
let lab: Lab

// A server of its own for each test: later versions remember what a user allowed.
beforeEach(async () => {
  lab = await startLab(programs)
})
afterEach(() => lab.close())

/** A browser that is logged in at the server. */
async function loggedIn(user = 'user0', at = lab): Promise<Browser> {
  const browser = new Browser()
  expect((await logIn(browser, user, at)).status).toBe(303)
  return browser
}

/** Sends the login form. Follows no redirect. */
function logIn(browser: Browser, user = 'user0', at = lab): Promise<Page> {
  const body = { username: user, password: user.replace('user', 'password') }
  return browser.open(at.authorizeUrl(), { method: 'POST', body })
}

/** The consent page of an authorization request. */
async function consentPage(browser: Browser, changes: Fields = {}, at = lab): Promise<Page> {
  const page = await browser.open(at.authorizeUrl(changes))
  expect(textOf(page, 'h1')).toBe('Allow access?')
  return page
}

/** The value that a consent page carries. */
function consentOn(page: Page): string {
  return html(page).querySelector('[name=consent]')?.getAttribute('value') ?? ''
}

/** Posts an answer to the request of an authorization URL, with anything as the form. */
function answer(
  browser: Browser,
  url: string,
  body: Record<string, string | string[]>,
  headers: Record<string, string> = {},
): Promise<Page> {
  const target = url.replace('/authorize', '/consent')
  // Later versions let the user tick each scope; this one ignores the boxes.
  const scope = new URL(url).searchParams.get('scope')?.split(' ') ?? 'profile'
  return browser.open(target, { method: 'POST', body: { scope, ...body }, headers })
}

/** Whether the server still remembers the login of this browser. */
async function isLoggedIn(browser: Browser, at = lab): Promise<boolean> {
  const page = await browser.open(at.authorizeUrl())
  return html(page).querySelector('[name=password]') === null
}

function expectCode(page: Page): string {
  expect(page.status).toBe(303)
  expect(page.location).toMatch(new RegExp(`^${lab.redirectUri}\\?`))
  const { code, state } = redirectQuery(page)
  expect(code).toMatch(/^[\w-]{43}$/)
  expect(state).toBe('a-state')
  return code ?? ''
}

function expectDenied(page: Page): void {
  expect(page.status).toBe(303)
  expect(page.location).toMatch(new RegExp(`^${lab.redirectUri}\\?`))
  expect(redirectQuery(page)).toMatchObject({ error: 'access_denied', state: 'a-state' })
  expect(redirectQuery(page)).not.toHaveProperty('code')
}

function expectRefused(page: Page): void {
  expect(page.status).toBe(400)
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
  expect(page.location).toBeUndefined()
  expect(page.headers).not.toHaveProperty('set-cookie')
}

describe('the login page', () => {
  test('says who asks, and of no permission', async () => {
    const page = await new Browser().open(lab.authorizeUrl({ scope: 'profile email' }))
    expect(page.status).toBe(200)
    expect(textOf(page, 'h1')).toBe('Log in')
    expect(textOf(page, 'main')).toContain('lab-client')
    expect(textOf(page, 'main')).toContain(lab.clientUrl)
    expect(textOf(page, 'form button')).toBe('Log in')
    expect(textOf(page, 'main')).not.toMatch(/email address|allow/i)
    expect(page.headers).not.toHaveProperty('set-cookie')
  })

  test('leads with the right password back to the same address, and not to a code', async () => {
    const url = lab.authorizeUrl({ scope: 'email', more: `a b&c"'<>` })
    const page = await new Browser().open(url, { method: 'POST', body: PASSWORD })
    expect(page.status).toBe(303)
    expect(page.location).toBe(url)
  })

  test('is not shown again to whoever is logged in, whichever client asks', async () => {
    const browser = await loggedIn()
    await consentPage(browser)
    expect(textOf(await consentPage(browser, OTHER), 'main')).toContain('other-client')
  })

  test('is as good as ever to whoever is logged in: another user takes over the session', async () => {
    const browser = await loggedIn('user0')
    await logIn(browser, 'user1')
    expect(textOf(await consentPage(browser), 'main')).toContain('User Number 1')
  })
})

describe('the session at the server', () => {
  test('starts with the right password, in a cookie that is out of reach for scripts and other sites', async () => {
    const page = await logIn(new Browser())
    const cookie = String(page.headers['set-cookie'])
    expect(cookie).toMatch(new RegExp(`^oauth_lab_${new URL(lab.serverUrl).port}=`))
    expect(cookie).toMatch(/; HttpOnly(;|$)/)
    expect(cookie).toMatch(/; SameSite=Lax(;|$)/)
    expect(cookie).toMatch(/; Path=\/(;|$)/)
    expect(cookie).not.toMatch(/Secure|Domain|Expires|Max-Age/)
  })

  test('has a cookie that is never sent over http when the server is at an https address', async () => {
    const config = readConfig({ AUTH_SERVER_URL: `https://localhost:${await freePort()}` })
    const server = snapshot.buildServer(config)
    onTestFinished(() => server.close())
    const { headers } = await server.inject({
      method: 'POST',
      url: lab
        .authorizeUrl({ redirect_uri: `${config.clientUrl}/callback` })
        .slice(lab.serverUrl.length),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'username=user0&password=password0',
    })
    expect(headers['set-cookie']).toMatch(/^__Host-oauth_lab_\d+=.*; Secure(;|$)/)
  })

  test('starts with nothing else: not with a page, a wrong password, or a Cancel', async () => {
    const browser = new Browser()
    const url = lab.authorizeUrl()
    const pages = [
      await browser.open(url),
      await browser.open(url, { method: 'POST', body: { ...PASSWORD, password: 'wrong' } }),
      await browser.open(url, { method: 'POST', body: { ...PASSWORD, decision: 'deny' } }),
      await browser.open(`${url}&state=2`, { method: 'POST', body: PASSWORD }),
      await browser.open(lab.serverUrl),
    ]
    for (const page of pages) expect(page.headers).not.toHaveProperty('set-cookie')
    expect(await isLoggedIn(browser)).toBe(false)
  })

  test('is not ended by a wrong password', async () => {
    const browser = await loggedIn()
    const body = { ...PASSWORD, password: 'wrong' }
    expect((await browser.open(lab.authorizeUrl(), { method: 'POST', body })).status).toBe(401)
    expect(await isLoggedIn(browser)).toBe(true)
  })

  test('has another id after each login: a cookie from before opens nothing', async () => {
    // The attacker planted a session of their own.
    const victim = await loggedIn('user1')
    const known = await victim.jar.getCookieString(lab.serverUrl)
    await logIn(victim, 'user0')
    expect(await victim.jar.getCookieString(lab.serverUrl)).not.toBe(known)
    const url = lab.authorizeUrl().slice(lab.serverUrl.length)
    const page = await lab.server.inject({ url, headers: { cookie: known } })
    expect(page.body).toContain('name="password"')
    expect(page.body).not.toContain('User Number')
    expect(await isLoggedIn(victim)).toBe(true)
  })

  test('is one of one browser', async () => {
    const [one, two] = [await loggedIn('user0'), await loggedIn('user1')]
    expect(textOf(await consentPage(one), 'main')).toContain('User Number 0')
    expect(textOf(await consentPage(two), 'main')).toContain('User Number 1')
    expect(await isLoggedIn(new Browser())).toBe(false)
  })

  test('lasts as long as the settings say, counted from the last page', async () => {
    const short = await startLab(programs, { SESSION_TTL: '100' })
    onTestFinished(() => short.close())
    const browser = await loggedIn('user0', short)
    for (const _time of [1, 2, 3]) {
      passTime(90)
      expect(await isLoggedIn(browser, short)).toBe(true)
    }
    passTime(101)
    expect(await isLoggedIn(browser, short)).toBe(false)
  })

  test('is nothing to the endpoints that programs call', async () => {
    const browser = await loggedIn()
    const cookie = await browser.jar.getCookieString(lab.serverUrl)
    expect((await lab.token({ grant_type: 'x' }, { cookie })).status).toBe(400)
    const me = await browser.open(`${lab.apiUrl}/api/me`)
    expect(me.status).toBe(401)
    expect(await isLoggedIn(browser)).toBe(true)
  })
})

describe('the consent page', () => {
  test('says who is asked, which client asks, from where, and for what, and no more', async () => {
    const browser = await loggedIn('user1')
    const cases: [Fields, string, string, string[]][] = [
      [{}, 'lab-client', lab.clientUrl, ['profile: see your user name']],
      [
        { scope: 'email profile' },
        'lab-client',
        lab.clientUrl,
        ['email: see your email address', 'profile: see your user name'],
      ],
      [OTHER, 'other-client', 'http://localhost:25009', ['profile: see your user name']],
    ]
    for (const [changes, client, origin, scopes] of cases) {
      const page = await consentPage(browser, changes)
      expect(page.status).toBe(200)
      expect(textOf(page, 'main')).toContain('User Number 1')
      expect(textOf(page, 'main')).toContain(client)
      expect(textOf(page, 'main code')).toBe(origin)
      const items = html(page).querySelectorAll('main li')
      expect(items.map((item) => item.text.trim())).toEqual(scopes)
      expect(page.headers['content-security-policy']).toContain(`form-action 'self' ${origin};`)
      expect(page.body).not.toContain('@oauth-lab.me')
    }
  })

  until('v08', 'is asked each time, also after a yes', async () => {
    const browser = await loggedIn()
    for (const _time of [1, 2]) {
      expectCode(await browser.submit(await consentPage(browser)))
    }
  })

  test('has two buttons, and a new value of 256 random bits each time', async () => {
    const browser = await loggedIn()
    const [one, two] = [await consentPage(browser), await consentPage(browser)]
    const buttons = html(one).querySelectorAll('form[action^="/consent"] button')
    expect(
      buttons.map(({ text, attributes }) => [text, attributes.name, attributes.value]),
    ).toEqual([
      ['Deny', 'decision', 'deny'],
      ['Allow', 'decision', 'allow'],
    ])
    for (const page of [one, two]) expect(consentOn(page)).toMatch(/^[\w-]{43}$/)
    expect(consentOn(one)).not.toBe(consentOn(two))
  })

  test('answers for its own request, whatever stands in that', async () => {
    const browser = await loggedIn()
    for (const state of [`"><script>alert('1')</script>`, '&consent=x', '#?%00', '日本語', ' ']) {
      const page = await consentPage(browser, { state })
      expect(page.body).not.toContain('<script')
      const denied = await browser.submit(page, {}, 'deny')
      expect(redirectQuery(denied)).toMatchObject({ state, error: 'access_denied' })
    }
  })

  test('is not shown for a request that is wrong', async () => {
    const browser = await loggedIn()
    const wrong = await browser.open(lab.authorizeUrl({ scope: 'admin' }))
    expect(redirectQuery(wrong)).toMatchObject({ error: 'invalid_scope' })
    expectRefused(await browser.open(lab.authorizeUrl({ redirect_uri: 'https://evil.example/' })))
  })
})

describe('Allow', () => {
  test('gives a code for the user who is logged in, and for what the page says', async () => {
    const browser = await loggedIn('user1')
    const page = await consentPage(browser, { scope: 'profile email' })
    const code = expectCode(await browser.submit(page))
    const { status, body } = await lab.redeem(code)
    expect(status).toBe(200)
    expect(body.scope).toBe('profile email')
    expect((await lab.me(`Bearer ${body.access_token}`)).body.user_id).toBe('user1')
  })

  test('is where the time of a login counts from, not the password', async () => {
    const short = await startLab(programs, { REFRESH_TOKEN_TTL: '100' })
    onTestFinished(() => short.close())
    const browser = await loggedIn('user0', short)
    passTime(90)
    const granted = await browser.submit(await consentPage(browser, {}, short))
    let { body } = await short.redeem(redirectQuery(granted).code ?? '')
    passTime(90)
    body = (await short.refresh(String(body.refresh_token))).body
    expect(body).toHaveProperty('access_token')
    passTime(11)
    expect((await short.refresh(String(body.refresh_token))).status).toBe(400)
  })
})

describe('Deny, like any decision that is not `allow`,', () => {
  const decisions: [string, Record<string, string | string[]>][] = [
    ['said', { decision: 'deny' }],
    ['not said at all', {}],
    ['said with an empty word', { decision: '' }],
    ['said with a capital', { decision: 'Allow' }],
    ['said with a space', { decision: 'allow ' }],
    ['said with both words', { decision: ['allow', 'deny'] }],
    ['said with the right word twice', { decision: ['allow', 'allow'] }],
  ]
  for (const [sentence, form] of decisions) {
    test(`${sentence}, sends the browser back with access_denied, and uses the page up`, async () => {
      const browser = await loggedIn()
      const url = lab.authorizeUrl()
      const consent = consentOn(await browser.open(url))
      expectDenied(await answer(browser, url, { consent, ...form }))
      expectRefused(await answer(browser, url, { consent, decision: 'allow' }))
    })
  }

  test('leaves the user logged in at the server', async () => {
    const browser = await loggedIn()
    expectDenied(await browser.submit(await consentPage(browser), {}, 'deny'))
    expect(await isLoggedIn(browser)).toBe(true)
  })
})

describe('an answer gets a page with status 400, and no code,', () => {
  const ALLOW = { decision: 'allow' }
  const forms: [string, (consent: string) => Record<string, string | string[]>][] = [
    ['without the value of a page', () => ({})],
    ['with an empty value', () => ({ consent: '' })],
    ['with a value that nobody issued', () => ({ consent: 'x'.repeat(43) })],
    ['with the beginning of a value', (consent) => ({ consent: consent.slice(0, -1) })],
    ['with a value twice', (consent) => ({ consent: [consent, consent] })],
    ['with a name that every object has', () => ({ consent: '__proto__' })],
  ]
  for (const [sentence, form] of forms) {
    test(`${sentence}, and uses nothing up`, async () => {
      const browser = await loggedIn()
      const url = lab.authorizeUrl()
      const consent = consentOn(await browser.open(url))
      expectRefused(await answer(browser, url, { ...form(consent), ...ALLOW }))
      expectRefused(await answer(browser, url, { ...form(consent), decision: 'deny' }))
      expectCode(await answer(browser, url, { consent, ...ALLOW }))
    })
  }

  const changes: [string, Fields][] = [
    ['another state', { state: 'b-state' }],
    ['no state', { state: undefined }],
    ['more scopes', { scope: 'profile email' }],
    ['another challenge', { code_challenge: 'x'.repeat(43) }],
    ['another client', OTHER],
  ]
  for (const [sentence, change] of changes) {
    test(`with the value of a page for ${sentence}, and uses nothing up`, async () => {
      const browser = await loggedIn()
      const shown = lab.authorizeUrl(change)
      const consent = consentOn(await browser.open(shown))
      expectRefused(await answer(browser, lab.authorizeUrl(), { consent, ...ALLOW }))
      expect(redirectQuery(await answer(browser, shown, { consent, ...ALLOW })).code).toBeDefined()
    })
  }

  test('with the value of a page that somebody else saw, or the same user elsewhere', async () => {
    const url = lab.authorizeUrl()
    const attacker = await loggedIn('user1')
    const consent = consentOn(await attacker.open(url))
    for (const victim of [await loggedIn('user0'), await loggedIn('user1')]) {
      expectRefused(await answer(victim, url, { consent, ...ALLOW }))
    }
    expectCode(await answer(attacker, url, { consent, ...ALLOW }))
  })

  test('when nobody is logged in, or no longer', async () => {
    const browser = await loggedIn()
    const url = lab.authorizeUrl()
    const consent = consentOn(await browser.open(url))
    expectRefused(await answer(new Browser(), url, { consent, ...ALLOW }))
    const old = await browser.jar.getCookieString(lab.serverUrl)
    await browser.open(`${lab.serverUrl}/logout`, { method: 'POST' })
    expectRefused(await answer(new Browser(), url, { consent, ...ALLOW }, { cookie: old }))
    await logIn(browser)
    expectRefused(await answer(browser, url, { consent, ...ALLOW }))
  })

  test('when a logout came in between, also while the form was arriving', async () => {
    const browser = await loggedIn()
    const url = lab.authorizeUrl()
    const form = `consent=${consentOn(await browser.open(url))}&scope=profile&decision=allow`
    const cookie = await browser.jar.getCookieString(lab.serverUrl)
    const headers = {
      cookie,
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': form.length,
      expect: '100-continue',
    }
    const slow = httpRequest(url.replace('/authorize', '/consent'), { method: 'POST', headers })
    const response = once(slow, 'response')
    // The server asks for the form, so it knows the session.
    await once(slow, 'continue')
    await browser.open(`${lab.serverUrl}/logout`, { method: 'POST' })
    slow.end(form)
    const [{ statusCode, headers: answered }] = await response
    expect(statusCode).toBe(400)
    expect(answered).not.toHaveProperty('location')
  })

  test('when another login came in between', async () => {
    const browser = await loggedIn('user0')
    const url = lab.authorizeUrl()
    const consent = consentOn(await browser.open(url))
    await logIn(browser, 'user1')
    expectRefused(await answer(browser, url, { consent, ...ALLOW }))
  })

  test('when it is a second one, also at the same moment', async () => {
    const browser = await loggedIn()
    const url = lab.authorizeUrl()
    const consent = consentOn(await browser.open(url))
    const tries = Array.from({ length: 10 }, () => answer(browser, url, { consent, ...ALLOW }))
    const pages = await Promise.all(tries)
    expect(pages.filter(({ status }) => status === 303)).toHaveLength(1)
    expect(pages.filter(({ status }) => status === 400)).toHaveLength(9)
    expectRefused(await answer(browser, url, { consent, ...ALLOW }))
  })

  test('when the page is older than a code may be', async () => {
    const short = await startLab(programs, { CODE_TTL: '100' })
    onTestFinished(() => short.close())
    const browser = await loggedIn('user0', short)
    const url = short.authorizeUrl()
    const [one, two] = [await browser.open(url), await browser.open(url)].map(consentOn)
    passTime(99)
    const granted = await answer(browser, url, { consent: one ?? '', ...ALLOW })
    expect(redirectQuery(granted).code).toBeDefined()
    passTime(1)
    expectRefused(await answer(browser, url, { consent: two ?? '', ...ALLOW }))
  })

  test('when twenty newer pages were shown', async () => {
    const browser = await loggedIn()
    const url = lab.authorizeUrl()
    const values: string[] = []
    for (let n = 0; n < 21; n += 1) values.push(consentOn(await browser.open(url)))
    const [first = '', second = ''] = values
    expectRefused(await answer(browser, url, { consent: first, ...ALLOW }))
    for (const consent of [second, values.at(-1) ?? '']) {
      expectCode(await answer(browser, url, { consent, ...ALLOW }))
    }
  })

  test('when it is no form', async () => {
    const browser = await loggedIn()
    const target = lab.authorizeUrl().replace('/authorize', '/consent')
    for (const type of ['application/json', 'text/plain']) {
      const page = await browser.open(target, {
        method: 'POST',
        headers: { 'content-type': type },
        body: '{"decision":"allow"}',
      })
      expectRefused(page)
    }
  })

  test('which offers to show the page again', async () => {
    const browser = await loggedIn()
    const url = lab.authorizeUrl({ scope: 'email' })
    const refused = await answer(browser, url, { consent: 'x', ...ALLOW })
    const link = html(refused).querySelector('main a')?.attributes.href
    expect(new URL(link ?? '', lab.serverUrl).href).toBe(url)
  })

  test('while a wrong request is answered as ever', async () => {
    const browser = await loggedIn()
    const wrong = lab.authorizeUrl({ redirect_uri: 'https://evil.example/' })
    const page = await answer(browser, wrong, ALLOW)
    expectRefused(page)
    expect(textOf(page, 'h1')).toBe('Wrong redirect URI')
    expect((await browser.open(lab.authorizeUrl().replace('/authorize', '/consent'))).status).toBe(
      405,
    )
  })
})

describe('a form that a page of another site sends', () => {
  const sites = ['cross-site', 'same-site', 'none', '', 'same-origin, cross-site']
  for (const site of sites) {
    test(`is refused with status 400, and changes nothing: Sec-Fetch-Site "${site}"`, async () => {
      const headers = { 'sec-fetch-site': site }
      const url = lab.authorizeUrl()
      const browser = await loggedIn('user0')
      const consent = consentOn(await browser.open(url))

      const body = { username: 'user1', password: 'password1' }
      expectRefused(await browser.open(url, { method: 'POST', headers, body }))
      expectRefused(await new Browser().open(url, { method: 'POST', headers, body }))
      expectRefused(await answer(browser, url, { consent, decision: 'allow' }, headers))
      expectRefused(await answer(browser, url, { consent, decision: 'deny' }, headers))
      expectRefused(await browser.open(`${lab.serverUrl}/logout`, { method: 'POST', headers }))

      expect(textOf(await consentPage(browser), 'main')).toContain('User Number 0')
      expectCode(await answer(browser, url, { consent, decision: 'allow' }))
    })
  }

  test('is not one from the pages of this server, nor one of a browser that says nothing of this', async () => {
    const forms = [
      ['profile', { 'sec-fetch-site': 'same-origin' }],
      ['email', {}],
    ] as const
    for (const [scope, headers] of forms) {
      const browser = new Browser()
      const url = lab.authorizeUrl({ scope })
      const login = await browser.open(url, { method: 'POST', headers, body: PASSWORD })
      expect(login.location).toBe(url)
      const consent = consentOn(await browser.open(url))
      expectCode(await answer(browser, url, { consent, decision: 'allow' }, headers))
    }
  })

  test('is something else than a link: those lead here from everywhere', async () => {
    const browser = await loggedIn()
    const headers = { 'sec-fetch-site': 'cross-site' }
    expect((await browser.open(lab.authorizeUrl(), { headers })).status).toBe(200)
    expect((await lab.token({ grant_type: 'x' }, headers)).body.error).toBe(
      'unsupported_grant_type',
    )
  })
})

describe('a logout at the server', () => {
  test('ends the session: the old cookie opens nothing', async () => {
    const browser = await loggedIn()
    const old = await browser.jar.getCookieString(lab.serverUrl)
    const page = await browser.open(`${lab.serverUrl}/logout`, { method: 'POST' })
    expect(page.status).toBe(303)
    expect(await isLoggedIn(browser)).toBe(false)
    const url = lab.authorizeUrl().slice(lab.serverUrl.length)
    const late = await lab.server.inject({ url, headers: { cookie: old } })
    expect(late.body).toContain('name="password"')
  })

  until('v10', 'without a request of a client leads to the authorization endpoint', async () => {
    const page = await new Browser().open(`${lab.serverUrl}/logout`, { method: 'POST' })
    expect(page.location).toBe(`${lab.serverUrl}/authorize`)
  })

  test('from the consent page leads to the login page of the same request, for another user', async () => {
    const browser = await loggedIn('user0')
    const page = await consentPage(browser, { scope: 'email', state: `'"&=%` })
    const form = html(page).querySelector('form[action^="/logout"]')
    expect(form?.text.trim()).toBe('Not you?')
    const action = new URL(form?.attributes.action ?? '', lab.serverUrl).href
    const out = await browser.open(action, { method: 'POST' })
    expect(out.status).toBe(303)
    const login = await browser.follow(out)
    expect(textOf(login, 'h1')).toBe('Log in')

    const allowed = await browser.answerForms(login, {
      username: 'user1',
      password: 'password1',
    })
    expect(redirectQuery(allowed)).toMatchObject({ state: `'"&=%`, code: expect.any(String) })
    const { body } = await lab.redeem(redirectQuery(allowed).code ?? '')
    expect(body.scope).toBe('email')
    expect((await lab.me(`Bearer ${body.access_token}`, '/api/email')).body.email).toBe(
      'user1@oauth-lab.me',
    )
  })

  test('leads to no other site, whatever the address', async () => {
    for (const query of [
      '?//evil.example',
      '?redirect_uri=https://evil.example/',
      '?%0d%0aa:b',
      '?é',
    ]) {
      const page = await new Browser().open(`${lab.serverUrl}/logout${query}`, { method: 'POST' })
      expect(page.status, query).toBe(303)
      expect(page.location, query).toMatch(new RegExp(`^${lab.serverUrl}/authorize\\?`))
    }
  })

  test('is a POST, and nothing special where nobody is logged in', async () => {
    const browser = await loggedIn()
    const get = await browser.open(`${lab.serverUrl}/logout`)
    expect(get.status).toBe(405)
    expect(get.headers.allow).toBe('POST')
    expect(await isLoggedIn(browser)).toBe(true)
    const page = await new Browser().open(`${lab.serverUrl}/logout`, { method: 'POST' })
    expect(page.status).toBe(303)
    expect(page.headers).not.toHaveProperty('set-cookie')
  })

  test('is one of this browser, and one at the server: clients and their tokens do not notice', async () => {
    const [browser, other] = [new Browser(), await loggedIn()]
    await lab.login(browser)
    await browser.open(`${lab.serverUrl}/logout`, { method: 'POST' })
    expect((await browser.open(`${lab.clientUrl}/profile`)).status).toBe(200)
    expect(await isLoggedIn(other)).toBe(true)
  })
})

describe('a logout at the client', () => {
  test('is none at the server: the next login needs no password', async () => {
    const browser = new Browser()
    await lab.login(browser)
    await browser.open(`${lab.clientUrl}/logout`, { method: 'POST' })
    expect((await browser.open(`${lab.clientUrl}/profile`)).status).toBe(401)

    const before = seen.length
    expect(textOf(await lab.login(browser), '#username')).toBe('User Number 0')
    expect(seen.slice(before).filter(({ form }) => form.password !== undefined)).toEqual([])
  })
})

describe('a page that is answered twice', () => {
  test('leaves the user logged in, and the page of the late answer leads on', async () => {
    const browser = new Browser()
    const login = await browser.visit(`${lab.clientUrl}/login`)
    const page = await browser.follow(await browser.submit(login, PASSWORD))
    // As after a double click: the second click makes the browser drop the response to the first.
    const [, late] = [await browser.submit(page), await browser.submit(page)]
    expectRefused(late)
    const link = html(late).querySelector('main a')?.attributes.href ?? ''
    const again = await browser.open(new URL(link, lab.serverUrl).href)
    const end = await browser.follow(await browser.answerForms(again, {}))
    expect(textOf(end, '#username')).toBe('User Number 0')
  })
})

describe('a client of other make (oauth4webapi)', () => {
  test('gets its token after a login and a yes', async () => {
    const browser = await loggedIn()
    const { location } = await browser.submit(await consentPage(browser, { scope: 'email' }))
    const token = await new ForeignClient(lab).redeem(location)
    expect(token.scope).toBe('email')
  })
})

describe.runIf(testsPages)(NEEDS_CHROMIUM, () => {
  for (const width of some([390, 1280])) {
    test(`a double click on Log in answers nothing on the page after it, ${width} pixels wide`, async () => {
      const page = await testPage({ viewport: { width, height: 800 } })
      await page.goto(lab.authorizeUrl({ scope: 'profile email' }))
      await page.fill('[name=username]', 'user0')
      await page.fill('[name=password]', 'password0')
      const login = await page.getByRole('button', { name: 'Log in' }).boundingBox()
      await page.getByRole('button', { name: 'Log in' }).click()
      await page.waitForSelector('[name=consent]', { state: 'attached' })
      for (const name of ['Allow', 'Deny', 'Not you?']) {
        const button = await page.getByRole('button', { name }).boundingBox()
        if (login === null || button === null) throw new Error('A button is not to be seen')
        const isBeside = button.x >= login.x + login.width
        const isAbove = button.y + button.height <= login.y
        // Beside it: what stands above the buttons may be of any height.
        expect(isBeside || (name === 'Not you?' && isAbove), name).toBe(true)
      }
    })
  }

  test('the forms of the pages lead through the whole login, to the client and back', async () => {
    const page = await testPage()
    await page.goto(`${lab.clientUrl}/login`)
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.waitForURL(`${lab.clientUrl}/callback?**`)

    await page.goto(`${lab.clientUrl}/login`)
    await page.fill('[name=username]', 'user0')
    await page.fill('[name=password]', 'password0')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByRole('button', { name: 'Deny' }).click()
    await page.waitForURL(`${lab.clientUrl}/callback?**`)

    await page.goto(`${lab.clientUrl}/login`)
    await page.getByRole('button', { name: 'Not you?' }).click()
    await page.fill('[name=username]', 'user1')
    await page.fill('[name=password]', 'password1')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.waitForURL(`${lab.clientUrl}/profile`)
    expect(await page.textContent('#username')).toBe('User Number 1')
  })

  test('a page of another site can neither allow, nor log in or out', async () => {
    const page = await testPage()
    await page.goto(lab.authorizeUrl())
    await page.fill('[name=username]', 'user0')
    await page.fill('[name=password]', 'password0')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.waitForSelector('[name=consent]', { state: 'attached' })
    for (const path of ['/authorize', '/consent', '/logout']) {
      const action = lab.authorizeUrl().replace('/authorize', path)
      await page.route('http://evil.example/', (route) =>
        route.fulfill({
          contentType: 'text/html',
          body: `<form method="post" action="${action.replaceAll('&', '&amp;')}">
            <input name="username" value="user1"><input name="password" value="password1">
            <input name="decision" value="allow"><button>Win</button></form>`,
        }),
      )
      await page.goto('http://evil.example/')
      const [response] = await Promise.all([
        page.waitForResponse((answer) => answer.url().includes(path)),
        page.click('button'),
      ])
      expect(response.status(), path).toBe(400)
      await page.unroute('http://evil.example/')
    }
    await page.goto(lab.authorizeUrl())
    expect(await page.textContent('main')).toContain('User Number 0')
  })
})

describe('every answer', () => {
  test('of the server that brings a cookie is one to the right password', () => {
    // An empty one takes a cookie back.
    const answers = seen.filter(({ program, headers }) => {
      return program === 'server' && /^\w+=[^;]/.test(String(headers['set-cookie'] ?? ''))
    })
    const places = answers.map(({ method, path, status }) => `${method} ${path} ${status}`)
    expect([...new Set(places)]).toEqual(['POST /authorize 303'])
  })

  test('could be kept by nobody, and only a 502 of the client was a 5xx', () => {
    expect(unsoundAnswers(seen)).toEqual([])
  })
})
