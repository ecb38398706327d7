import {
  Browser,
  html,
  type Page,
  redirectQuery,
  textOf,
} from '@oauth-lab/shared/testing/browser.ts'
import { passTime } from '@oauth-lab/shared/testing/clock.ts'
import { ForeignClient } from '@oauth-lab/shared/testing/foreign-client.ts'
import { type Hook, hangUp, withServerHook } from '@oauth-lab/shared/testing/hooks.ts'
import { basic, type Fields, type Lab, startLab } from '@oauth-lab/shared/testing/lab.ts'
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
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'

const FORM = 'application/x-www-form-urlencoded'
/** RFC 6749 section 4.1.2.1 and 5.2: printable ASCII without quotes and backslashes. */
const DESCRIPTION = /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/
/** A client that is registered for `profile` alone. */
const OTHER = {
  client_id: 'other-client',
  redirect_uri: 'http://localhost:25009/callback?from=other',
}
const OTHER_HEADERS = { authorization: basic('other-client', 'other-client-secret') }

const seen: Exchange[] = []
/** What the server does in place of its work at /api/email, while a test lasts. */
let trouble: Hook | undefined
const programs = recorded(
  withServerHook(snapshot, async (request, reply) => {
    return request.url === '/api/email' ? trouble?.(request, reply) : undefined
  }),
  seen,
)
let lab: Lab

beforeAll(async () => {
  lab = await startLab(programs)
})
afterEach(() => {
  trouble = undefined
})
afterAll(() => lab.close())

interface Tokens {
  access_token: string
  refresh_token: string
  scope: string
}

/** The tokens of a new login that asks for these scopes. */
async function tokens(scope?: string, changes: Fields = {}, headers: Fields = {}): Promise<Tokens> {
  const { redirect_uri } = changes
  const code = await lab.code({ scope, ...changes })
  return asTokens(await lab.redeem(code, redirect_uri ? { redirect_uri } : {}, headers))
}

function asTokens({ status, body }: Awaited<ReturnType<Lab['token']>>): Tokens {
  expect({ status, body }).toMatchObject({ status: 200, body: { scope: expect.any(String) } })
  return body as unknown as Tokens
}

function refresh(refresh_token: string, scope?: string): ReturnType<Lab['token']> {
  return lab.token({ grant_type: 'refresh_token', refresh_token, scope })
}

function email(token: string): ReturnType<Lab['me']> {
  return lab.me(`Bearer ${token}`, '/api/email')
}

/** The statuses of `/api/me` and `/api/email` for an access token. */
async function opened(token: string): Promise<number[]> {
  return [(await lab.me(`Bearer ${token}`)).status, (await email(token)).status]
}

function expectErrorRedirect(page: Page, error: string): void {
  expect(page.status).toBe(303)
  expect(page.location).toMatch(new RegExp(`^${lab.redirectUri}\\?`))
  const query = redirectQuery(page)
  expect(query).toMatchObject({ error, state: 'a-state' })
  expect(query.error_description).toMatch(DESCRIPTION)
  expect(query).not.toHaveProperty('code')
}

describe('an authorization request', () => {
  test('without a scope asks for `profile`', async () => {
    expect((await tokens()).scope).toBe('profile')
    expect((await tokens('')).scope).toBe('profile')
  })

  test('may ask for any scope that its client is registered for', async () => {
    for (const scope of ['profile', 'email', 'profile email']) {
      expect((await tokens(scope)).scope).toBe(scope)
    }
    expect((await tokens('profile', OTHER, OTHER_HEADERS)).scope).toBe('profile')
  })

  test('keeps the order of its scopes, and one that it lists twice counts once', async () => {
    expect((await tokens('email profile')).scope).toBe('email profile')
    expect((await tokens('email profile email email')).scope).toBe('email profile')
  })

  const malformed: [string, string][] = [
    ['a name that the server does not know', 'admin'],
    ['a name that the server does not know among others', 'profile admin email'],
    ['a name in capitals', 'Profile'],
    ['the beginning of a name', 'mail'],
    ['a space and nothing else', ' '],
    ['a space at the start', ' profile'],
    ['a space at the end', 'profile '],
    ['two spaces in the middle', 'profile  email'],
    ['a tab between names', 'profile\temail'],
    ['a line break between names', 'profile\nemail'],
    ['a comma between names', 'profile,email'],
    ['a plus sign between names', 'profile+email'],
    ['a space that is none between names', 'profile\xa0email'],
    ['a name in quotes', '"profile"'],
    ['a name that is encoded twice', 'profil%65'],
    ['a NUL after a name', 'profile\0'],
    ['letters that are no ASCII', 'prófile'],
    ['names of fields that every object has', '__proto__'],
    ['names of methods that every object has', 'constructor'],
    ['names of methods that every list has', 'includes'],
    ['very much', `profile ${'x'.repeat(5000)}`],
  ]
  for (const [sentence, scope] of malformed) {
    test(`with ${sentence} is sent back with invalid_scope`, async () => {
      const url = lab.authorizeUrl({ scope })
      expectErrorRedirect(await new Browser().open(url), 'invalid_scope')
      expectErrorRedirect(await lab.postPassword(url), 'invalid_scope')
    })
  }

  test('for a scope that another client is registered for is sent back with invalid_scope', async () => {
    for (const scope of ['email', 'profile email']) {
      const page = await new Browser().open(lab.authorizeUrl({ ...OTHER, scope }))
      expect(page.location).toContain(OTHER.redirect_uri)
      expect(redirectQuery(page)).toMatchObject({ error: 'invalid_scope', from: 'other' })
    }
  })

  test('with two scopes is sent back with invalid_request, even if they are the same', async () => {
    for (const added of ['scope=email', 'scope=profile', 'scope=admin']) {
      const url = `${lab.authorizeUrl({ scope: 'profile' })}&${added}`
      expectErrorRedirect(await new Browser().open(url), 'invalid_request')
      expectErrorRedirect(await lab.postPassword(url), 'invalid_request')
    }
    const empty = `${lab.authorizeUrl({ scope: 'profile' })}&scope=`
    expect((await new Browser().open(empty)).status).toBe(200)
  })

  test('with a scope that is not UTF-8 is sent back with invalid_request', async () => {
    expectErrorRedirect(
      await new Browser().open(`${lab.authorizeUrl()}&scope=%FF`),
      'invalid_request',
    )
  })

  test('gets to hear of every other mistake before that in its scope', async () => {
    const scope = 'admin'
    const type = await new Browser().open(lab.authorizeUrl({ scope, response_type: 'token' }))
    expectErrorRedirect(type, 'unsupported_response_type')
    for (const change of [{ code_challenge: 'x' }, { code_challenge_method: 'plain' }]) {
      const page = await new Browser().open(lab.authorizeUrl({ scope, ...change }))
      expectErrorRedirect(page, 'invalid_request')
    }
  })

  test('with anything but a list of known names is sent back', async () => {
    const name = fc.constantFrom('profile', 'email', 'admin', '', 'profile ', '%', '&', '\t')
    const list = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join(' '))
    await fc.assert(
      fc.asyncProperty(fc.oneof(list, fc.string({ minLength: 1 })), async (scope) => {
        const known = scope.split(' ').every((one) => ['profile', 'email'].includes(one))
        const url = lab.authorizeUrl({ scope }).replace(lab.serverUrl, '')
        const { statusCode, headers } = await lab.server.inject({ url })
        expect(statusCode).toBe(known || scope === '' ? 200 : 303)
        if (statusCode === 303) expect(headers.location).toContain('error=invalid_scope')
      }),
      { numRuns: 100 },
    )
  })
})

describe('the login page', () => {
  test('has a button that Enter presses, and another one to cancel', async () => {
    const page = await new Browser().open(lab.authorizeUrl())
    const [login, cancel, ...more] = html(page).querySelectorAll('form[method=post] button')
    expect(more).toEqual([])
    expect(login?.text).toMatch(/^Log in/)
    expect(login?.hasAttribute('name')).toBe(false)
    expect(cancel?.text).toBe('Cancel')
    expect(cancel?.attributes).toMatchObject({ name: 'decision', value: 'deny' })
    // Without it a browser asks for the required fields first.
    expect(cancel?.hasAttribute('formnovalidate')).toBe(true)
  })

  until('v07', 'lists each scope that is asked for, in words, and no other', async () => {
    const listed = {
      profile: ['profile: see your user name'],
      email: ['email: see your email address'],
      'email profile': ['email: see your email address', 'profile: see your user name'],
    }
    for (const [scope, expected] of Object.entries(listed)) {
      const page = await new Browser().open(lab.authorizeUrl({ scope }))
      expect(textOf(page, 'form button')).toBe('Log in and allow')
      expect(itemsOf(page), scope).toEqual(expected)
      const again = await lab.postPassword(lab.authorizeUrl({ scope }), { password: 'wrong' })
      expect(again.status).toBe(401)
      expect(itemsOf(again), scope).toEqual(expected)
    }
    expect(itemsOf(await new Browser().open(lab.authorizeUrl()))).toEqual(listed.profile)
  })

  function itemsOf(page: Page): string[] {
    return html(page)
      .querySelectorAll('main li')
      .map((item) => item.text.trim())
  }
})

describe('a user who cancels', () => {
  const answers: [string, Record<string, string | string[]>][] = [
    ['with empty fields', { username: '', password: '' }],
    ['with the right password', {}],
    ['with a wrong password', { password: 'wrong' }],
    ['and allows it, too', { decision: ['deny', 'allow'] }],
    ['and allows it, too, in another order', { decision: ['allow', 'deny'] }],
    ['twice', { decision: ['deny', 'deny'] }],
  ]
  for (const [sentence, form] of answers) {
    test(`${sentence} is sent back with access_denied, and without a code`, async () => {
      const page = await lab.postPassword(lab.authorizeUrl(), { decision: 'deny', ...form })
      expectErrorRedirect(page, 'access_denied')
    })
  }

  test('a request that must not be answered with a redirect gets none', async () => {
    const url = lab.authorizeUrl({ redirect_uri: 'https://evil.example/' })
    const page = await lab.postPassword(url, { decision: 'deny' })
    expect(page.status).toBe(400)
    expect(page.location).toBeUndefined()
  })

  test('comes to a page of the client that says so, and is still logged in if that was so', async () => {
    const browser = new Browser()
    await lab.login(browser)
    const denied = await browser.open(await lab.answerLogin(browser, { error: 'access_denied' }))
    expect(denied.status).toBe(400)
    expect(textOf(denied, 'h1')).toBe('access_denied')
    expect((await browser.open(`${lab.clientUrl}/profile`)).status).toBe(200)
  })

  test('is one who says so: any other decision is a login like any other', async () => {
    for (const decision of ['allow', 'DENY', '', 'denied']) {
      const page = await lab.postPassword(lab.authorizeUrl(), { decision })
      expect(redirectQuery(page), decision).toHaveProperty('code')
    }
  })
})

describe('a refresh', () => {
  test('without a scope is for all that the user allowed', async () => {
    for (const scope of ['profile', 'email', 'profile email']) {
      const first = await tokens(scope)
      const second = asTokens(await refresh(first.refresh_token))
      expect(second.scope).toBe(scope)
      expect(asTokens(await refresh(second.refresh_token, '')).scope).toBe(scope)
    }
  })

  test('may ask for a part of it: the access token is for that part, the refresh token for all', async () => {
    const first = await tokens('profile email')
    const part = asTokens(await refresh(first.refresh_token, 'email'))
    expect(part.scope).toBe('email')
    expect(await opened(part.access_token)).toEqual([403, 200])
    const other = asTokens(await refresh(part.refresh_token, 'profile'))
    expect(other.scope).toBe('profile')
    expect(await opened(other.access_token)).toEqual([200, 403])
    const whole = asTokens(await refresh(other.refresh_token))
    expect(whole.scope).toBe('profile email')
    expect(await opened(whole.access_token)).toEqual([200, 200])
  })

  test('leaves older access tokens what they were for', async () => {
    const first = await tokens('profile email')
    await refresh(first.refresh_token, 'profile')
    expect(await opened(first.access_token)).toEqual([200, 200])
  })

  test('may ask for all of it, in any order', async () => {
    const { refresh_token } = await tokens('profile email')
    const again = asTokens(await refresh(refresh_token, 'email profile email'))
    expect(again.scope).toBe('email profile')
  })

  const wrong: [string, string][] = [
    ['a scope that the user was not asked for', 'email'],
    ['more than the user allowed', 'profile email'],
    ['a scope that the server does not know', 'admin'],
    ['a space at the end', 'profile '],
    ['two spaces', 'profile  profile'],
    ['a space and nothing else', ' '],
    ['a name that every object has', '__proto__'],
  ]
  for (const [sentence, scope] of wrong) {
    test(`for ${sentence} is refused as invalid_scope, and uses nothing up`, async () => {
      const first = await tokens('profile')
      const answer = await refresh(first.refresh_token, scope)
      expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_scope' } })
      expect(answer.body.error_description).toMatch(DESCRIPTION)
      expect(answer.body).not.toHaveProperty('access_token')
      expect(await opened(first.access_token)).toEqual([200, 403])
      expect(asTokens(await refresh(first.refresh_token)).scope).toBe('profile')
    })
  }

  test('with a used refresh token ends the login, whatever its scope', async () => {
    for (const scope of [undefined, 'profile', 'email', 'admin', ' ']) {
      const first = await tokens('profile')
      const second = asTokens(await refresh(first.refresh_token))
      const answer = await refresh(first.refresh_token, scope)
      expect(answer, scope).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
      expect(await lab.isAlive(second.access_token)).toBe(false)
      expect((await refresh(second.refresh_token)).status).toBe(400)
    }
  })

  test('with two scopes is refused as invalid_request, and ends and uses up nothing', async () => {
    const first = await tokens('profile email')
    const second = asTokens(await refresh(first.refresh_token))
    for (const { refresh_token } of [first, second]) {
      const form = `grant_type=refresh_token&refresh_token=${refresh_token}&scope=email&scope=email`
      const headers = {
        'content-type': FORM,
        authorization: basic('lab-client', 'lab-client-secret'),
      }
      const answer = await lab.tokenRaw(form, headers)
      expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    }
    expect(await opened(second.access_token)).toEqual([200, 200])
    asTokens(await refresh(second.refresh_token))
  })

  test('of another client is refused before a look at its scope', async () => {
    const { refresh_token } = await tokens('profile')
    const form = { grant_type: 'refresh_token', refresh_token, scope: 'admin' }
    const answer = await lab.token(form, OTHER_HEADERS)
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    asTokens(await refresh(refresh_token))
  })
})

describe('a resource', () => {
  test('tells the name for `profile`, and no email', async () => {
    const { access_token } = await tokens('profile')
    const { status, body } = await lab.me(`Bearer ${access_token}`)
    expect(status).toBe(200)
    expect(body).toEqual({ user_id: 'user0', username: 'User Number 0' })
  })

  test('tells the email for `email`, and no name', async () => {
    const { access_token } = await tokens('email')
    const { status, body, headers } = await email(access_token)
    expect(status).toBe(200)
    expect(body).toEqual({ email: 'user0@oauth-lab.me' })
    expect(headers['cache-control']).toBe('no-store')
    expect(headers).not.toHaveProperty('www-authenticate')
  })

  test('refuses a good token for something else with 403, and says which scope is missing', async () => {
    const cases = [
      ['email', '/api/me', 'profile'],
      ['profile', '/api/email', 'email'],
    ] as const
    for (const [scope, path, missing] of cases) {
      const { access_token } = await tokens(scope)
      const { status, headers, body } = await lab.me(`Bearer ${access_token}`, path)
      expect(status).toBe(403)
      expect(Object.keys(body)).toEqual(['error', 'error_description'])
      expect(body).toMatchObject({
        error: 'insufficient_scope',
        error_description: expect.stringMatching(DESCRIPTION),
      })
      expect(headers['www-authenticate']).toBe(
        `Bearer realm="oauth-lab", error="insufficient_scope", error_description="${body.error_description}", scope="${missing}"`,
      )
    }
  })

  test('checks the token before its scope', async () => {
    expect((await lab.me(undefined, '/api/email')).headers['www-authenticate']).toBe(
      'Bearer realm="oauth-lab"',
    )
    const { access_token, refresh_token } = await tokens('profile')
    for (const wrong of ['x', refresh_token, `${access_token}x`]) {
      const answer = await email(wrong)
      expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_token' } })
      expect(answer.headers['www-authenticate']).not.toContain('scope=')
    }
    passTime(301)
    expect(await opened(access_token)).toEqual([401, 401])
  })

  test('is at /api/email for GET and HEAD alone', async () => {
    const headers = { authorization: `Bearer ${(await tokens('email')).access_token}` }
    const url = `${lab.apiUrl}/api/email`
    expect((await new Browser().open(url, { method: 'HEAD', headers })).status).toBe(200)
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const page = await new Browser().open(url, { method, headers })
      expect(page.status, method).toBe(405)
      expect(JSON.parse(page.body), method).toHaveProperty('error')
    }
  })
})

describe('the client', () => {
  test('asks for `profile` and nothing more', async () => {
    const sent = new URL(await lab.beginLogin(new Browser())).searchParams
    expect(sent.getAll('scope')).toEqual(['profile'])
  })

  test('shows the name, and links to the page with the email', async () => {
    const profile = await lab.login(new Browser())
    expect(textOf(profile, '#username')).toBe('User Number 0')
    expect(profile.body).not.toContain('@oauth-lab.me')
    expect(html(profile).querySelector('#email')).toBeNull()
    expect(html(profile).querySelector('a[href="/email"]')).not.toBeNull()
  })

  test('has no email to show: it says that it may not see it, and keeps its tokens', async () => {
    const browser = new Browser()
    await lab.login(browser)
    const before = tokenRequests(seen).length
    for (const _time of [1, 2]) {
      const page = await openEmail(browser)
      expect(page.status).toBe(403)
      expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
      expect(page.location).toBeUndefined()
      expect(textOf(page, 'main')).toContain('not allowed to see your email address')
      expect((await browser.open(`${lab.clientUrl}/profile`)).status).toBe(200)
    }
    expect(tokenRequests(seen)).toHaveLength(before)
  })

  test('says the same whatever stands in the body of a 403', async () => {
    const browser = new Browser()
    await lab.login(browser)
    for (const body of ['', '<h1>No</h1>', [], { error: 'insufficient_scope' }]) {
      trouble = async (_, reply) => reply.code(403).send(body)
      expect((await openEmail(browser)).status).toBe(403)
    }
  })

  test('shows the email that a server tells it, escaped', async () => {
    const browser = new Browser()
    await lab.login(browser)
    trouble = async (_, reply) => reply.send({ email: '<b>x@oauth-lab.me' })
    const page = await openEmail(browser)
    expect(page.status).toBe(200)
    expect(page.body).toContain('&lt;b&gt;x@oauth-lab.me')
    expect(page.body).not.toContain('<b>')
  })

  const troubles: [string, Hook][] = [
    ['no email', async (_, reply) => reply.send({ user_id: 'user0' })],
    ['a number for an email', async (_, reply) => reply.send({ email: 7 })],
    ['a page', async (_, reply) => reply.type('text/html').send('<h1>Hello</h1>')],
    ['an error', async (_, reply) => reply.code(500).send({ email: 'user0@oauth-lab.me' })],
    ['nothing', hangUp],
  ]
  for (const [sentence, hook] of troubles) {
    test(`says that the server makes no sense when it answers ${sentence}, and keeps its tokens`, async () => {
      const browser = new Browser()
      await lab.login(browser)
      trouble = hook
      const page = await openEmail(browser)
      expect(page.status).toBe(502)
      expect(textOf(page, 'main')).toContain(`${lab.apiUrl}/api/email`)
      expect((await browser.open(`${lab.clientUrl}/profile`)).status).toBe(200)
    })
  }

  test('without a login shows no email, and asks nobody', async () => {
    const before = seen.length
    const page = await openEmail(new Browser())
    expect(page.status).toBe(401)
    expect(html(page).querySelector('a[href="/login"]')).not.toBeNull()
    expect(seen.slice(before).map(({ program }) => program)).toEqual(['client'])
  })

  test('renews its tokens on the way to the email, too, and forgets those that are refused', async () => {
    const browser = new Browser()
    await lab.login(browser)
    passTime(301)
    const before = tokenRequests(seen).length
    expect((await openEmail(browser)).status).toBe(403)
    const [renewal, ...more] = tokenRequests(seen).slice(before)
    expect(more).toEqual([])
    expect(renewal).toMatchObject({ status: 200, form: { grant_type: 'refresh_token' } })

    trouble = async (_, reply) => reply.code(401).send()
    expect((await openEmail(browser)).status).toBe(401)
    const profile = await browser.open(`${lab.clientUrl}/profile`)
    expect(textOf(profile, 'main')).toContain('token missing from session')
  })

  function openEmail(browser: Browser): Promise<Page> {
    return browser.open(`${lab.clientUrl}/email`)
  }
})

describe('a client of other make (oauth4webapi)', () => {
  test('asks for scopes, sees which it has, and gives one of them up at a refresh', async () => {
    const foreign = new ForeignClient(lab)
    const url = lab.authorizeUrl({ scope: 'profile email' })
    const { location } = await lab.enterPassword(new Browser(), url)
    const whole = await foreign.redeem(location)
    expect(whole.scope).toBe('profile email')
    const email = await foreign.ask('/api/email', whole.access_token)
    expect(await email.json()).toEqual({ email: 'user0@oauth-lab.me' })

    const part = await foreign.refresh(whole.refresh_token, { scope: 'profile' })
    expect(part.scope).toBe('profile')
    await expect(foreign.ask('/api/email', part.access_token)).rejects.toMatchObject({
      code: oauth.WWW_AUTHENTICATE_CHALLENGE,
      status: 403,
      cause: [{ scheme: 'bearer', parameters: { error: 'insufficient_scope', scope: 'email' } }],
    })
  })

  test('understands that a scope was refused, and that the user canceled', async () => {
    const unknown = await new Browser().open(lab.authorizeUrl({ scope: 'admin' }))
    const canceled = await lab.postPassword(lab.authorizeUrl(), { decision: 'deny' })
    const errors = [unknown, canceled].map(({ location }) => {
      try {
        return new ForeignClient(lab).read(location)
      } catch (error) {
        return error
      }
    })
    expect(errors).toMatchObject([{ error: 'invalid_scope' }, { error: 'access_denied' }])
  })
})

describe('a token', () => {
  test('was in no answer of the client, however it went', () => {
    const answers = seen.filter(({ program }) => program === 'client')
    const shown = answers.map(({ headers, body }) => JSON.stringify(headers) + body).join('\n')
    const secrets = issuedTokens(seen)
    expect(secrets.length).toBeGreaterThan(50)
    for (const secret of secrets) expect(shown).not.toContain(secret)
  })
})

test('no answer could be kept, no program got a cookie, and only a 502 of the client was a 5xx', () => {
  expect(unsoundAnswers(seen.filter(({ path }) => path !== '/api/email'))).toEqual([])
})
