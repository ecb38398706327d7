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
import { ForeignClient } from '@oauth-lab/shared/testing/foreign-client.ts'
import { type Hook, withServerHook } from '@oauth-lab/shared/testing/hooks.ts'
import { type Fields, type Lab, type Programs, startLab } from '@oauth-lab/shared/testing/lab.ts'
import {
  type Exchange,
  issuedTokens,
  recorded,
  tokenRequests,
  unsoundAnswers,
} from '@oauth-lab/shared/testing/recorder.ts'
import { some } from '@oauth-lab/shared/testing/share.ts'
import { load, snapshot } from '@oauth-lab/shared/testing/snapshot.ts'
import { testPage } from '@oauth-lab/shared/testing/test-chromium.ts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const OTHER = {
  client_id: 'other-client',
  redirect_uri: 'http://localhost:25009/callback?from=other',
}

const seen: Exchange[] = []
/** What the resource server does instead of its work, while a test lasts. */
let trouble: Hook | undefined
/** What token responses say instead of the scope, while a test lasts: null leaves it out. */
let saidScope: unknown
const changed: Programs = {
  ...snapshot,
  buildServer: (config) => {
    const app = snapshot.buildServer(config)
    app.addHook('preSerialization', async ({ url }, _reply, payload) => {
      if (url !== '/token' || saidScope === undefined) return payload
      const { scope: _scope, ...rest } = Object(payload)
      return saidScope === null ? rest : { ...rest, scope: saidScope }
    })
    return app
  },
}
const programs = recorded(
  withServerHook(changed, async (request, reply) => {
    return request.url.startsWith('/api/') ? trouble?.(request, reply) : undefined
  }),
  seen,
)
let lab: Lab

// A server of its own for each test, because it remembers what users allowed.
beforeEach(async () => {
  lab = await startLab(programs)
  trouble = undefined
  saidScope = undefined
})
afterEach(() => lab.close())

/** A browser that is logged in at the server. */
async function loggedIn(user = 'user0'): Promise<Browser> {
  const browser = new Browser()
  const body = { username: user, password: user.replace('user', 'password') }
  expect((await browser.open(lab.authorizeUrl(), { method: 'POST', body })).status).toBe(303)
  return browser
}

/** The consent page of an authorization request. */
async function consentPage(browser: Browser, changes: Fields = {}): Promise<Page> {
  const page = await browser.open(lab.authorizeUrl(changes))
  expect(textOf(page, 'h1')).toBe('Allow access?')
  return page
}

/** What the boxes of a consent page are for, with a mark at those that are ticked. */
function boxesOn(page: Page): string[] {
  return html(page)
    .querySelectorAll('[type=checkbox][name=scope]')
    .map((box) => `${box.getAttribute('value')}${box.hasAttribute('checked') ? ' ticked' : ''}`)
}

function itemsOn(page: Page): string[] {
  return html(page)
    .querySelectorAll('main li')
    .map((item) => item.text.trim())
}

/** Asks for scopes and allows some of them. Returns the redirect. */
async function allow(browser: Browser, asked: string, ticked: string[]): Promise<Page> {
  return browser.submit(await consentPage(browser, { scope: asked }), { scope: ticked })
}

function expectDenied(page: Page): void {
  expect(page.status).toBe(303)
  expect(redirectQuery(page)).toMatchObject({ error: 'access_denied', state: 'a-state' })
  expect(redirectQuery(page)).not.toHaveProperty('code')
}

function expectRefused(page: Page): void {
  expect(page.status).toBe(400)
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
  expect(page.location).toBeUndefined()
}

/** The scope of the token that a redirect leads to. */
async function grantedScope(page: Page): Promise<unknown> {
  expect(page.status).toBe(303)
  const { code } = redirectQuery(page)
  return (await lab.redeem(code ?? '')).body.scope
}

/** The scope that the client asks for at one of its addresses. */
async function askedScope(browser: Browser, path = '/login'): Promise<string | null> {
  const { status, location } = await browser.open(lab.clientUrl + path)
  expect(status).toBe(302)
  return new URL(location ?? '').searchParams.get('scope')
}

/** Logs in through the client, and ticks only some boxes. Returns the page that it ends at. */
async function clientLogin(browser: Browser, path: string, ticked: string[]): Promise<Page> {
  const start = await browser.visit(lab.clientUrl + path)
  const isLogin = html(start).querySelector('[name=password]') !== null
  const page = isLogin
    ? await browser.follow(
        await browser.submit(start, { username: 'user0', password: 'password0' }),
      )
    : start
  return browser.follow(await browser.submit(page, { scope: ticked }))
}

describe('the consent page', () => {
  test('has a ticked box for each scope that is new, and lists the others without one', async () => {
    const browser = await loggedIn()
    const first = await consentPage(browser, { scope: 'email profile' })
    expect(boxesOn(first)).toEqual(['email ticked', 'profile ticked'])
    await allow(browser, 'profile', ['profile'])
    const second = await consentPage(browser, { scope: 'email profile' })
    expect(boxesOn(second)).toEqual(['email ticked'])
    expect(itemsOn(second)).toEqual([
      'email: see your email address',
      'profile: see your user name (allowed before)',
    ])
  })

  test('is skipped when the user allowed all of it before: the code comes at once', async () => {
    const browser = await loggedIn()
    await allow(browser, 'profile email', ['profile', 'email'])
    for (const scope of ['profile email', 'email profile', 'email', undefined]) {
      const page = await browser.open(lab.authorizeUrl({ scope, state: 'b-state' }))
      expect(redirectQuery(page).state).toBe('b-state')
      expect(await grantedScope(page)).toBe(scope ?? 'profile')
    }
  })

  test('is skipped in another session of the same user, too', async () => {
    await allow(await loggedIn(), 'profile', ['profile'])
    const browser = await loggedIn()
    expect(await grantedScope(await browser.open(lab.authorizeUrl()))).toBe('profile')
    await browser.open(`${lab.serverUrl}/logout`, { method: 'POST' })
    expect(textOf(await browser.open(lab.authorizeUrl()), 'h1')).toBe('Log in')
  })

  test('is not skipped for another user, for another client, or for more', async () => {
    const browser = await loggedIn('user0')
    await allow(browser, 'profile', ['profile'])
    expect(boxesOn(await consentPage(browser, OTHER))).toEqual(['profile ticked'])
    expect(boxesOn(await consentPage(browser, { scope: 'email' }))).toEqual(['email ticked'])
    expect(boxesOn(await consentPage(await loggedIn('user1')))).toEqual(['profile ticked'])
  })

  test('is skipped for no request that is wrong', async () => {
    const browser = await loggedIn()
    await allow(browser, 'profile', ['profile'])
    const wrong = await browser.open(lab.authorizeUrl({ scope: 'profile admin' }))
    expect(redirectQuery(wrong).error).toBe('invalid_scope')
    expectRefused(await browser.open(lab.authorizeUrl({ redirect_uri: 'https://evil.example/' })))
  })
})

describe('Allow', () => {
  test('is for the ticked scopes alone, and the token response says so', async () => {
    const browser = await loggedIn()
    const page = await allow(browser, 'profile email', ['email'])
    const { body } = await lab.redeem(redirectQuery(page).code ?? '')
    expect(body.scope).toBe('email')
    expect((await lab.me(`Bearer ${body.access_token}`)).status).toBe(403)
    expect((await lab.me(`Bearer ${body.access_token}`, '/api/email')).status).toBe(200)
    const more = await lab.token({
      grant_type: 'refresh_token',
      refresh_token: String(body.refresh_token),
      scope: 'profile email',
    })
    expect(more.body.error).toBe('invalid_scope')
  })

  test('adds the requested scopes that were allowed before, and no others', async () => {
    const browser = await loggedIn()
    await allow(browser, 'profile', ['profile'])
    expect(await grantedScope(await allow(browser, 'email', ['email']))).toBe('email')

    const other = await loggedIn('user1')
    await allow(other, 'profile', ['profile'])
    expect(await grantedScope(await allow(other, 'email profile', ['email']))).toBe('email profile')
  })

  test('with nothing ticked is for what was allowed before', async () => {
    const browser = await loggedIn()
    await allow(browser, 'profile', ['profile'])
    expect(await grantedScope(await allow(browser, 'profile email', []))).toBe('profile')
    expect(boxesOn(await consentPage(browser, { scope: 'email' }))).toEqual(['email ticked'])
  })

  test('with nothing ticked and nothing allowed before is a Deny', async () => {
    const browser = await loggedIn()
    for (const ticked of [[], ['']]) {
      expectDenied(await allow(browser, 'profile email', ticked))
    }
    const again = await consentPage(browser, { scope: 'profile email' })
    expect(boxesOn(again)).toHaveLength(2)
  })

  test('takes the order from the request, and a box that is sent twice counts once', async () => {
    const browser = await loggedIn()
    const page = await allow(browser, 'email profile', ['profile', 'email', 'profile'])
    expect(await grantedScope(page)).toBe('email profile')
  })

  test('takes a box for what was allowed before as well', async () => {
    const browser = await loggedIn()
    await allow(browser, 'profile', ['profile'])
    const page = await allow(browser, 'profile email', ['profile'])
    expect(await grantedScope(page)).toBe('profile')
  })

  const foreign: [string, string[]][] = [
    ['that the server knows', ['email']],
    ['beside one that it asked for', ['profile', 'email']],
    ['that nobody knows', ['admin']],
    ['that every object has', ['__proto__']],
    ['with a space', ['profile ']],
    ['that is a list', ['profile profile']],
    ['in capitals', ['PROFILE']],
  ]
  for (const [sentence, ticked] of foreign) {
    test(`of a scope ${sentence}, when the client didn't ask for it, gets status 400 and allows nothing`, async () => {
      const browser = await loggedIn()
      const page = await consentPage(browser, { scope: 'profile' })
      expectRefused(await browser.submit(page, { scope: ticked }))
      expectRefused(await browser.submit(page))
      expect(boxesOn(await consentPage(browser, { scope: 'profile email' }))).toHaveLength(2)
    })
  }

  test('of a scope that is not UTF-8 gets status 400', async () => {
    const browser = await loggedIn()
    const page = await consentPage(browser)
    const consent = html(page).querySelector('[name=consent]')?.getAttribute('value')
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const body = `consent=${consent}&decision=allow&scope=profile&scope=%FF`
    const url = lab.authorizeUrl().replace('/authorize', '/consent')
    expectRefused(await browser.open(url, { method: 'POST', headers, body }))
  })
})

describe('Deny', () => {
  test('allows nothing, whatever is ticked, and forgets nothing', async () => {
    const browser = await loggedIn()
    await allow(browser, 'profile', ['profile'])
    const page = await consentPage(browser, { scope: 'profile email' })
    expectDenied(await browser.submit(page, { scope: ['email'] }, 'deny'))
    expect(boxesOn(await consentPage(browser, { scope: 'profile email' }))).toEqual([
      'email ticked',
    ])
  })
})

describe('what the server remembers', () => {
  test('grows with users and clients, and not with logins', async () => {
    const { allowedScopesOf, createStore } =
      await load<typeof import('../server/store.ts')>('server/store.ts')
    const store = createStore(readConfig({}))
    const user = authenticateUser('user0', 'password0')
    if (user === undefined) throw new Error('No such user')
    for (let n = 0; n < 1000; n += 1) allowedScopesOf(store, user, 'lab-client').add('profile')
    expect(store.allowedScopes.size).toBe(1)
    expect([...allowedScopesOf(store, user, 'lab-client')]).toEqual(['profile'])
  })
})

describe('the client, without the email,', () => {
  test('says what is missing and what for, and offers to ask for it, but redirects nobody', async () => {
    const browser = new Browser()
    await lab.login(browser)
    const before = tokenRequests(seen).length
    const page = await browser.open(`${lab.clientUrl}/email`)
    expect(page.status).toBe(403)
    expect(page.location).toBeUndefined()
    expect(textOf(page, '[role=alert]')).toContain('not allowed to see your email address')
    expect(html(page).querySelector('main a[href="/login?for=email"]')).not.toBeNull()
    expect((await browser.open(`${lab.clientUrl}/profile`)).status).toBe(200)
    expect(tokenRequests(seen)).toHaveLength(before)
  })

  test('asks for it together with what its token covers, and leads back to the page that needs it', async () => {
    const browser = new Browser()
    await lab.login(browser)
    expect(await askedScope(browser, '/login?for=email')).toBe('profile email')
    const end = await clientLogin(browser, '/login?for=email', ['email'])
    expect(end.url).toBe(`${lab.clientUrl}/email`)
    expect(textOf(end, '#email')).toBe('user0@oauth-lab.me')
    expect(textOf(await browser.open(`${lab.clientUrl}/profile`), '#username')).toBe(
      'User Number 0',
    )
    expect(await askedScope(browser)).toBe('profile email')
  })

  test('asks for both when nobody is logged in', async () => {
    const browser = new Browser()
    expect(await askedScope(browser, '/login?for=email')).toBe('profile email')
    const end = await clientLogin(browser, '/login?for=email', ['profile', 'email'])
    expect(end.url).toBe(`${lab.clientUrl}/email`)
    expect(end.status).toBe(200)
  })

  test('takes part of a yes: without the box it is where it was', async () => {
    const browser = new Browser()
    await lab.login(browser)
    const end = await clientLogin(browser, '/login?for=email', [])
    expect(end.url).toBe(`${lab.clientUrl}/email`)
    expect(end.status).toBe(403)
    expect((await browser.open(`${lab.clientUrl}/profile`)).status).toBe(200)
    expect(await askedScope(browser)).toBe('profile')
  })
})

describe('the client, without the user name,', () => {
  test('says what is missing, offers to ask for it, and lets the user log out', async () => {
    const browser = new Browser()
    const end = await clientLogin(browser, '/login?for=email', ['email'])
    expect(textOf(end, '#email')).toBe('user0@oauth-lab.me')
    for (const path of ['/profile', '/']) {
      const page = await browser.open(lab.clientUrl + path)
      expect(page.status, path).toBe(403)
      expect(page.location, path).toBeUndefined()
      expect(textOf(page, '[role=alert]')).toContain('not allowed to see your user name')
      expect(html(page).querySelector('main a[href="/login"]')).not.toBeNull()
    }
    expect(await askedScope(browser)).toBe('email profile')
    expect(await askedScope(browser, '/login?for=email')).toBe('email')

    const page = await browser.open(`${lab.clientUrl}/profile`)
    const home = await browser.follow(await browser.submit(page))
    expect(textOf(home, 'main')).toContain('Not logged in')
    expect((await browser.open(`${lab.clientUrl}/email`)).status).toBe(401)
  })

  test('gets it with a later yes, and keeps the email', async () => {
    const browser = new Browser()
    await clientLogin(browser, '/login?for=email', ['email'])
    const end = await clientLogin(browser, '/login', ['profile'])
    expect(end.url).toBe(`${lab.clientUrl}/profile`)
    expect(textOf(end, '#username')).toBe('User Number 0')
    expect((await browser.open(`${lab.clientUrl}/email`)).status).toBe(200)
  })
})

describe('the way back', () => {
  test('is no address of a request: any other `for` counts as none', async () => {
    const queries = [
      '',
      'for=',
      'for=profile',
      'for=EMAIL',
      'for=/email',
      'for=https://evil.example/',
      'for=//evil.example',
      'for=__proto__',
      'for=email%20',
      'for=email&for=email',
      'for=%FF',
      'next=/email&wayBack=https://evil.example/&return_to=https://evil.example/',
    ]
    for (const query of queries) {
      const browser = new Browser()
      expect(await askedScope(browser, `/login?${query}`), query).toBe('profile')
      const end = await browser.follow(
        await lab.enterPassword(browser, await start(browser, `/login?${query}`)),
      )
      expect(end.url, query).toBe(`${lab.clientUrl}/profile`)
      expect(end.status, query).toBe(200)
    }
  })

  test('is none of the callback: what is added there changes nothing', async () => {
    const browser = new Browser()
    const url = await start(browser, '/login?for=email')
    const { location } = await lab.enterPassword(browser, url)
    const added = '&wayBack=https://evil.example/&for=profile&next=//evil.example'
    const page = await browser.open(location + added)
    expect(page.status).toBe(303)
    expect(page.location).toBe(`${lab.clientUrl}/email`)
  })

  test('belongs to its login: a later login in the same browser has its own', async () => {
    const browser = new Browser()
    const first = await start(browser, '/login?for=email')
    const second = await start(browser, '/login')
    expect((await browser.follow(await lab.enterPassword(browser, first))).status).toBe(400)
    const end = await browser.follow(await lab.enterPassword(browser, second))
    expect(end.url).toBe(`${lab.clientUrl}/profile`)
  })

  async function start(browser: Browser, path: string): Promise<string> {
    return (await browser.open(lab.clientUrl + path)).location ?? ''
  }
})

describe('the client learns what its token covers', () => {
  test('from the token response, also when that is less than it asked for', async () => {
    const browser = new Browser()
    saidScope = 'email'
    await lab.login(browser)
    expect(await askedScope(browser)).toBe('email profile')
  })

  test('from its own request, when the token response has no scope', async () => {
    const browser = new Browser()
    saidScope = null
    await clientLogin(browser, '/login?for=email', ['profile', 'email'])
    expect(await askedScope(browser)).toBe('profile email')
  })

  test('from a 403, whatever the token response said', async () => {
    const browser = new Browser()
    await clientLogin(browser, '/login?for=email', ['profile', 'email'])
    expect(await askedScope(browser)).toBe('profile email')
    trouble = async ({ url }, reply) => {
      return url === '/api/email' ? reply.code(403).send() : undefined
    }
    expect((await browser.open(`${lab.clientUrl}/email`)).status).toBe(403)
    expect(await askedScope(browser)).toBe('profile')
    expect(await askedScope(browser, '/login?for=email')).toBe('profile email')
  })

  test('from a refresh, which leaves all as it was when it has no scope', async () => {
    const browser = new Browser()
    await clientLogin(browser, '/login?for=email', ['profile', 'email'])
    saidScope = null
    passTime(301)
    expect((await browser.open(`${lab.clientUrl}/email`)).status).toBe(200)
    expect(await askedScope(browser)).toBe('profile email')
    saidScope = 'profile'
    passTime(301)
    await browser.open(`${lab.clientUrl}/profile`)
    expect(await askedScope(browser)).toBe('profile')
  })

  for (const scope of [7, '', ' ', 'profile  email', ['profile'], { profile: true }]) {
    test(`from no response whose scope is ${JSON.stringify(scope)}: that makes no sense`, async () => {
      const browser = new Browser()
      const callback = await lab.loginUntilCallback(browser)
      saidScope = scope
      const page = await browser.visit(callback)
      expect(page.status).toBe(502)
      expect(textOf(page, 'main')).toContain(`${lab.serverUrl}/token`)
    })
  }
})

describe('a no to a client that asks for more', () => {
  test('leaves whoever is logged in there with the tokens they had', async () => {
    const browser = new Browser()
    await lab.login(browser)
    const before = tokenRequests(seen).length
    const page = await browser.visit(`${lab.clientUrl}/login?for=email`)
    const denied = await browser.follow(await browser.submit(page, {}, 'deny'))
    expect(denied.status).toBe(400)
    expect(textOf(denied, 'h1')).toBe('access_denied')
    expect((await browser.open(`${lab.clientUrl}/profile`)).status).toBe(200)
    expect(await askedScope(browser)).toBe('profile')
    expect(tokenRequests(seen)).toHaveLength(before)
  })
})

describe('oauth4webapi, another OAuth client,', () => {
  test('asks for two scopes, gets a yes to one, and later asks for the other', async () => {
    const browser = await loggedIn()
    const scopes = []
    for (const ticked of ['email', 'profile']) {
      const { location } = await allow(browser, 'profile email', [ticked])
      scopes.push((await new ForeignClient(lab).redeem(location)).scope)
    }
    expect(scopes).toEqual(['email', 'profile email'])
  })
})

describe.runIf(testsPages)(NEEDS_CHROMIUM, () => {
  test('the user allows one thing after the other, and ends where they wanted to be', async () => {
    const page = await testPage()
    await page.goto(lab.clientUrl)
    await page.getByRole('link', { name: 'Start authorization' }).click()
    await page.fill('[name=username]', 'user0')
    await page.fill('[name=password]', 'password0')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.getByRole('link', { name: 'Your email address' }).click()
    await page.getByRole('link', { name: 'Allow it' }).click()
    await page.getByLabel('email: see your email address').uncheck()
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.getByRole('link', { name: 'Allow it' }).click()
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.waitForURL(`${lab.clientUrl}/email`)
    expect(await page.textContent('#email')).toBe('user0@oauth-lab.me')

    await page.goto(`${lab.clientUrl}/profile`)
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.goto(`${lab.clientUrl}/login?for=email`)
    expect(page.url()).toBe(`${lab.clientUrl}/email`)
  })

  for (const width of some([390, 1280])) {
    test(`a double click on Log in unticks no box, ${width} pixels wide`, async () => {
      const page = await testPage({ viewport: { width, height: 800 } })
      await page.goto(lab.authorizeUrl({ scope: 'profile email' }))
      await page.fill('[name=username]', 'user0')
      await page.fill('[name=password]', 'password0')
      const login = await page.getByRole('button', { name: 'Log in' }).boundingBox()
      await page.getByRole('button', { name: 'Log in' }).click()
      for (const item of await page.locator('main li').all()) {
        const box = await item.boundingBox()
        if (login === null || box === null) throw new Error('Something is not to be seen')
        expect(box.y + box.height).toBeLessThanOrEqual(login.y)
      }
    })
  }
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

test('no response may be cached, no program got a cookie, and nothing crashed', () => {
  const crashes = unsoundAnswers(seen.filter(({ path }) => !path.startsWith('/api/')))
  expect(crashes).toEqual([])
})
