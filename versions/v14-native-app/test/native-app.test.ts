import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { readConfig } from '@oauth-lab/shared/config.ts'
import { Browser, html, type Page, redirectQuery } from '@oauth-lab/shared/testing/browser.ts'
import { NEEDS_CHROMIUM, testsPages } from '@oauth-lab/shared/testing/chromium.ts'
import { credentials, type JsonAnswer } from '@oauth-lab/shared/testing/driver.ts'
import { type FormFields, send } from '@oauth-lab/shared/testing/exchange.ts'
import { Gate, type Hook, hangUp, withServerHook } from '@oauth-lab/shared/testing/hooks.ts'
import {
  basic,
  CODE_CHALLENGE,
  CODE_VERIFIER,
  type Fields,
  freePort,
  type Lab,
  startLab,
} from '@oauth-lab/shared/testing/lab.ts'
import { OpenidClient } from '@oauth-lab/shared/testing/openid-client.ts'
import {
  type Exchange,
  issuedTokens,
  recorded,
  unsoundAnswers,
} from '@oauth-lab/shared/testing/recorder.ts'
import { some } from '@oauth-lab/shared/testing/share.ts'
import { folder, load, snapshot } from '@oauth-lab/shared/testing/snapshot.ts'
import { testChromium } from '@oauth-lab/shared/testing/test-chromium.ts'
import * as oauth from 'oauth4webapi'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'

/** Of a request that names its client in the body. */
const NO_HEADER = { authorization: undefined }
const API = { authorization: basic('api-server', 'api-server-secret') }
const LOOPBACK = 'http://127.0.0.1:50123/callback'
const CLI = { client_id: 'lab-cli', redirect_uri: LOOPBACK }

const seen: Exchange[] = []
/** What the server or the API does before its work, or in place of it, during a test. */
let trouble: Hook | undefined
const programs = recorded(
  withServerHook(snapshot, async (request, reply) => trouble?.(request, reply)),
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

/** Posts a form as lab-cli unless fields or headers say otherwise. */
function post(path: string, form: FormFields, headers: Fields = {}): Promise<JsonAnswer> {
  return lab.post(path, { client_id: 'lab-cli', ...form }, { ...NO_HEADER, ...headers })
}

/** A code for lab-cli. */
function cliCode(changes: Fields = {}): Promise<string> {
  return lab.code({ ...CLI, ...changes })
}

function redeem(code: string, changes: Fields = {}, headers: Fields = {}): Promise<JsonAnswer> {
  return lab.redeem(code, { ...CLI, ...changes }, { ...NO_HEADER, ...headers })
}

interface Tokens {
  access_token: string
  refresh_token: string
}

/** The tokens of a new login of user0 at lab-cli. */
async function cliTokens(changes: Fields = {}): Promise<Tokens> {
  return tokensIn(await redeem(await cliCode(changes)))
}

function tokensIn({ status, body }: JsonAnswer): Tokens {
  expect(status).toBe(200)
  return { access_token: String(body.access_token), refresh_token: String(body.refresh_token) }
}

/** What the server tells the API about a token. */
async function inspect(token: string, at = lab): Promise<Record<string, unknown>> {
  return (await at.post('/introspect', { token }, API)).body
}

function expectError({ status, body }: JsonAnswer, error: string, expected = 400): void {
  expect({ status, error: body.error }).toEqual({ status: expected, error })
  expect(body.error_description).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/)
  expect(body).not.toHaveProperty('access_token')
}

function expectNotTheClient(answer: JsonAnswer): void {
  expectError(answer, 'invalid_client', 401)
  expect(answer.headers['www-authenticate']).toBe('Basic realm="oauth-lab"')
}

/** A browser in which a user is logged in at the server. */
async function loggedIn(user = 'user0'): Promise<Browser> {
  const browser = new Browser()
  await browser.open(lab.authorizeUrl(), { method: 'POST', body: credentials(user) })
  return browser
}

describe('the redirect URI of lab-cli', () => {
  const right = ['', ':1', ':80', ':8080', ':9999', ':10000', ':50123', ':65535']
  for (const port of right) {
    test(`may have any port of 127.0.0.1, or none: ${JSON.stringify(port)}`, async () => {
      const redirect_uri = `http://127.0.0.1${port}/callback`
      const browser = await loggedIn()
      const page = await browser.open(lab.authorizeUrl({ ...CLI, redirect_uri }))
      expect(page.status).toBe(200)
      const { location = '' } = await browser.submit(page)
      // A URL leaves out the default port.
      expect(location.split('?')[0]).toBe(new URL(redirect_uri).href)
      const code = new URL(location).searchParams.get('code') ?? ''
      expect((await redeem(code, { redirect_uri })).status).toBe(200)
    })
  }

  const wrong = [
    'http://localhost:50123/callback',
    'http://[::1]:50123/callback',
    'http://127.0.0.1:50123/callback/',
    'http://127.0.0.1:50123/callback?a=b',
    'http://127.0.0.1:50123/callback#',
    'http://user@127.0.0.1:50123/callback',
    'http://127.0.0.1:50123@evil.example/callback',
    'http://127.0.0.1:0/callback',
    'http://127.0.0.1:65536/callback',
    'http://127.0.0.1:080/callback',
    'http://127.0.0.1:/callback',
    'http://127.0.0.1.evil.example:50123/callback',
    'https://127.0.0.1:50123/callback',
    'HTTP://127.0.0.1:50123/callback',
    'http://localhost/callback',
    'http://[::ffff:127.0.0.1]:50123/callback',
    'http://127.0.0.1:50123/',
    'http://127.0.0.1:50123',
    'http://127.0.0.1:50123//callback',
    'http://127.0.0.1:50123/Callback',
    'http://127.0.0.1:50123/%63allback',
    'http://127.0.0.1:50123/x/../callback',
    'http://127.0.0.1:50123/callback?',
    'http://127.0.0.1:50123/callback#a',
    'http://user:1@127.0.0.1:50123/callback',
    'http://127.0.0.1:99999/callback',
    'http://127.0.0.1:100000/callback',
    'http://127.0.0.1:18446744073709551617/callback',
    'http://127.0.0.1:050123/callback',
    'http://127.0.0.1:-1/callback',
    'http://127.0.0.1:+80/callback',
    'http://127.0.0.1:8e3/callback',
    'http://127.0.0.1:0x50/callback',
    'http://127.0.0.1:NaN/callback',
    'http://127.0.0.1:undefined/callback',
    'http://127.0.0.1: 80/callback',
    'http://127.0.0.1:80:80/callback',
    'http://127.0.0.1:٨٠/callback',
    'http://evil.example/callback?http://127.0.0.1:50123/callback',
    'http://evil.example:50123/callback',
    'http://127.0.0.2:50123/callback',
    'http://127.1:50123/callback',
    'http://2130706433:50123/callback',
    'http://0x7f000001:50123/callback',
    'http://127a0a0a1:50123/callback',
    'http://0.0.0.0:50123/callback',
    'http:127.0.0.1:50123/callback',
    'http:\\\\127.0.0.1:50123/callback',
    ' http://127.0.0.1:50123/callback',
    'http://127.0.0.1:50123/callback ',
    'http://127.0.0.1:50123/callback\n',
    '127.0.0.1:50123/callback',
    'lab-cli://127.0.0.1:50123/callback',
  ]
  for (const redirect_uri of some(wrong, 14)) {
    test(`is exact in everything else: ${JSON.stringify(redirect_uri)}`, async () => {
      await expectNoRedirect(lab.authorizeUrl({ ...CLI, redirect_uri }))
    })
  }

  test('is required, and given once', async () => {
    await expectNoRedirect(lab.authorizeUrl({ ...CLI, redirect_uri: undefined }))
    await expectNoRedirect(lab.authorizeUrl({ ...CLI, redirect_uri: '' }))
    const second = new URLSearchParams({ redirect_uri: LOOPBACK })
    await expectNoRedirect(`${lab.authorizeUrl(CLI)}&${second}`)
  })

  test('gives its port to no other client: theirs stays exact', async () => {
    for (const redirect_uri of [
      LOOPBACK,
      'http://127.0.0.1/callback',
      `http://localhost:${await freePort()}/callback`,
      'http://localhost/callback',
    ]) {
      await expectNoRedirect(lab.authorizeUrl({ redirect_uri }))
      await expectNoRedirect(lab.authorizeUrl({ client_id: 'other-client', redirect_uri }))
    }
    const server = snapshot.buildServer(readConfig({ CLIENT_URL: 'http://127.0.0.1' }))
    onTestFinished(() => server.close())
    const open = async (redirect_uri: string) => {
      const { search } = new URL(lab.authorizeUrl({ redirect_uri }))
      return (await server.inject(`/authorize${search}`)).statusCode
    }
    expect(await open('http://127.0.0.1/callback')).toBe(200)
    expect(await open(LOOPBACK)).toBe(400)
  })

  test('of the token request is the very one that the code was sent to', async () => {
    for (const redirect_uri of [
      'http://127.0.0.1:50124/callback',
      'http://127.0.0.1/callback',
      'http://localhost:50123/callback',
      `${LOOPBACK}/`,
    ]) {
      const code = await cliCode()
      expectError(await redeem(code, { redirect_uri }), 'invalid_grant')
      expectError(await redeem(code), 'invalid_grant')
    }
    const code = await cliCode({ redirect_uri: 'http://127.0.0.1/callback' })
    expectError(
      await redeem(code, { redirect_uri: 'http://127.0.0.1:80/callback' }),
      'invalid_grant',
    )
    expectError(await redeem(await cliCode(), { redirect_uri: undefined }), 'invalid_request')
  })

  test("may be where the server's forms lead, by their content security policy", async () => {
    const url = lab.authorizeUrl(CLI)
    const login = await new Browser().open(url)
    const consent = await (await loggedIn()).open(url)
    for (const page of [login, consent]) {
      expect(page.headers['content-security-policy']).toContain(
        "form-action 'self' http://127.0.0.1:50123;",
      )
      expect(page.body).toContain('<strong>lab-cli</strong> at <code>http://127.0.0.1:50123</code>')
    }
  })

  async function expectNoRedirect(url: string): Promise<void> {
    const body = credentials('user0')
    for (const browser of [new Browser(), await loggedIn()]) {
      expectRefused(await browser.open(url))
      expectRefused(await browser.open(url, { method: 'POST', body }))
      expectRefused(await browser.open(url, { method: 'POST', body: { decision: 'deny' } }))
      const consent = url.replace('/authorize', '/consent')
      expectRefused(await browser.open(consent, { method: 'POST', body: { decision: 'allow' } }))
    }
  }

  function expectRefused(page: Page): void {
    expect(page.status).toBe(400)
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(page.location).toBeUndefined()
  }
})

describe('a client without a secret', () => {
  test('names itself in the body: that is enough to get tokens for a code', async () => {
    const { status, body } = await redeem(await cliCode({ scope: 'profile email' }))
    expect(status).toBe(200)
    expect(body).toMatchObject({ token_type: 'Bearer', scope: 'profile email' })
    expect((await lab.me(`Bearer ${body.access_token}`)).body.username).toBe('User Number 0')
    expect((await redeem(await cliCode(), { client_secret: '' })).status).toBe(200)
  })

  const wrong: [string, Fields, Fields][] = [
    ['a secret', { client_secret: 'x' }, {}],
    ["another client's secret", { client_secret: 'lab-client-secret' }, {}],
    ['its name as the secret', { client_secret: 'lab-cli' }, {}],
    ['a blank as the secret', { client_secret: ' ' }, {}],
    ['Basic with an empty secret', {}, { authorization: basic('lab-cli', '') }],
    ['Basic with a secret', {}, { authorization: basic('lab-cli', 'x') }],
    ['Basic alone', { client_id: undefined }, { authorization: basic('lab-cli', '') }],
    ['Basic with nothing', {}, { authorization: 'Basic' }],
    ['Basic with nonsense', {}, { authorization: 'Basic !!!' }],
    ['Basic with a colon', {}, { authorization: `Basic ${btoa(':')}` }],
    [
      'Basic with a secret that is not UTF-8',
      {},
      { authorization: `Basic ${btoa('lab-cli:%FF')}` },
    ],
    ['no name', { client_id: undefined }, {}],
    ['an empty name', { client_id: '' }, {}],
    ['a name in capitals', { client_id: 'LAB-CLI' }, {}],
    ['an unknown name', { client_id: 'lab-cli2' }, {}],
    ['a name that objects have', { client_id: '__proto__' }, {}],
  ]
  for (const [what, fields, headers] of wrong) {
    test(`gets 401 with ${what}, and nothing is used up`, async () => {
      const code = await cliCode()
      expectNotTheClient(await redeem(code, fields, headers))
      const { access_token, refresh_token } = tokensIn(await redeem(code))
      const refresh = { grant_type: 'refresh_token', refresh_token }
      expectNotTheClient(await post('/token', { ...refresh, ...fields }, headers))
      for (const token of [access_token, refresh_token]) {
        expectNotTheClient(await post('/revoke', { token, ...fields }, headers))
      }
      expect((await inspect(access_token)).active).toBe(true)
      tokensIn(await post('/token', refresh))
    })
  }

  test('sends its name once, and does not send another one in the header', async () => {
    const code = await cliCode()
    const twice = new URLSearchParams({ ...CLI, grant_type: 'authorization_code', code })
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    expectError(await lab.tokenRaw(`${twice}&client_id=lab-cli`, type), 'invalid_request')
    const { clientId, clientSecret } = lab.config
    const headers = { authorization: basic(clientId, clientSecret) }
    expectError(await redeem(code, {}, headers), 'invalid_request')
    tokensIn(await redeem(code))
  })

  test('is the only kind that may do so: a client with a secret still needs it', async () => {
    for (const client_id of [
      lab.config.clientId,
      'other-client',
      lab.config.workerId,
      lab.config.apiId,
    ]) {
      for (const path of ['/token', '/revoke', '/introspect']) {
        const form = { client_id, grant_type: 'client_credentials', token: 'x' }
        expectNotTheClient(await post(path, form))
        expectNotTheClient(await post(path, { ...form, client_secret: '' }))
        const headers = { authorization: basic(client_id, '') }
        expectNotTheClient(await post(path, form, headers))
      }
    }
  })

  test('proves with the verifier alone that a code was sent to it', async () => {
    for (const code_verifier of ['x'.repeat(43), CODE_CHALLENGE, CODE_VERIFIER.toLowerCase()]) {
      expectError(await redeem(await cliCode(), { code_verifier }), 'invalid_grant')
    }
    expectError(await redeem(await cliCode(), { code_verifier: undefined }), 'invalid_request')
    const { clientId, clientSecret } = lab.config
    const own = { client_id: clientId }
    const headers = { authorization: basic(clientId, clientSecret) }
    expectError(await redeem(await cliCode(), own, headers), 'invalid_grant')
    const code = await lab.code()
    expectError(await redeem(code, { redirect_uri: lab.redirectUri }), 'invalid_grant')
    expect((await lab.redeem(code)).status).toBe(200)
    const without = new URL(lab.authorizeUrl({ ...CLI, code_challenge: undefined }))
    expect(redirectQuery(await new Browser().open(without.href)).error).toBe('invalid_request')
  })

  test('gets no token of its own, whatever scope it asks for', async () => {
    for (const scope of [undefined, 'profile', 'stats:read']) {
      expectError(
        await post('/token', { grant_type: 'client_credentials', scope }),
        'unauthorized_client',
      )
    }
  })

  test('is registered for profile and email alone', async () => {
    const { scope } = (await redeem(await cliCode({ scope: undefined }))).body
    expect(scope).toBe('profile')
    const page = await new Browser().open(lab.authorizeUrl({ ...CLI, scope: 'stats:read' }))
    expect(page.location?.split('?')[0]).toBe(LOOPBACK)
    expect(redirectQuery(page)).toMatchObject({ error: 'invalid_scope', state: 'a-state' })
  })

  test('learns nothing at /introspect, not even about its own tokens', async () => {
    const { access_token, refresh_token } = await cliTokens()
    for (const token of [access_token, refresh_token, 'x']) {
      const { status, body } = await post('/introspect', { token })
      expect({ status, body }).toEqual({ status: 200, body: { active: false } })
    }
    expect(await inspect(access_token)).toMatchObject({ active: true, client_id: 'lab-cli' })
  })

  test('gets a new refresh token with each refresh, and a used one ends the login', async () => {
    const first = await cliTokens()
    const refresh = (refresh_token: string) =>
      post('/token', { grant_type: 'refresh_token', refresh_token })
    const second = tokensIn(await refresh(first.refresh_token))
    expect(second.refresh_token).not.toBe(first.refresh_token)
    const third = tokensIn(await refresh(second.refresh_token))
    expectError(await refresh(first.refresh_token), 'invalid_grant')
    expectError(await refresh(third.refresh_token), 'invalid_grant')
    expect((await inspect(third.access_token)).active).toBe(false)
  })

  test('shares no refresh token with another client', async () => {
    const { refresh_token } = await cliTokens()
    expectError(await lab.refresh(refresh_token), 'invalid_grant')
    const theirs = tokensIn(await lab.redeem(await lab.code()))
    const form = { grant_type: 'refresh_token', refresh_token: theirs.refresh_token }
    expectError(await post('/token', form), 'invalid_grant')
    tokensIn(await lab.refresh(theirs.refresh_token))
    tokensIn(await post('/token', { ...form, refresh_token }))
  })

  test("revokes its own tokens, and no other client's", async () => {
    const { access_token, refresh_token } = await cliTokens()
    const theirs = tokensIn(await lab.redeem(await lab.code()))
    for (const token of [theirs.access_token, theirs.refresh_token]) {
      expectError(await post('/revoke', { token }), 'invalid_grant')
    }
    expectError(await lab.post('/revoke', { token: refresh_token }), 'invalid_grant')
    expect((await inspect(access_token)).active).toBe(true)
    expect((await post('/revoke', { token: refresh_token })).status).toBe(200)
    expect((await inspect(access_token)).active).toBe(false)
  })
})

describe('consent for lab-cli', () => {
  const url = (scope = 'profile email') => lab.authorizeUrl({ ...CLI, scope })

  test('is asked for each time: every requested scope has a box, also if it was allowed before', async () => {
    const browser = await loggedIn()
    for (const scope of ['profile email', 'profile email', 'email', 'profile']) {
      const page = await browser.open(url(scope))
      expect(boxesOn(page)).toEqual(scope.split(' '))
      expect(page.body).not.toContain('allowed before')
      expect(await scopeOf(await browser.submit(page))).toBe(scope)
    }
  })

  test('gives a code for the ticked scopes alone, whatever was allowed before', async () => {
    const browser = await loggedIn()
    expect(await scopeOf(await allow(browser, ['profile', 'email']))).toBe('profile email')
    expect(await scopeOf(await allow(browser, ['profile']))).toBe('profile')
    expect(await scopeOf(await allow(browser, ['email']))).toBe('email')
    expect(redirectQuery(await allow(browser, [])).error).toBe('access_denied')
    const more = await browser.submit(await browser.open(url('profile')), { scope: ['email'] })
    expect(more.status).toBe(400)
  })

  test('goes on being remembered for a client with a secret', async () => {
    const browser = await loggedIn('user1')
    await browser.submit(await browser.open(lab.authorizeUrl()))
    const again = await browser.open(lab.authorizeUrl())
    expect(redirectQuery(again)).toHaveProperty('code')
    const page = await browser.open(lab.authorizeUrl({ scope: 'profile email' }))
    expect(boxesOn(page)).toEqual(['email'])
    const { code = '' } = redirectQuery(await browser.submit(page))
    expect((await lab.redeem(code)).body.scope).toBe('profile email')
  })

  test('is shown among the connected apps, where the user takes it back', async () => {
    const browser = await loggedIn()
    const { access_token, refresh_token } = tokensIn(
      await redeem(codeIn(await allow(browser, ['profile', 'email']))),
    )
    const account = await browser.open(`${lab.serverUrl}/account`)
    const form = html(account)
      .querySelectorAll('form')
      .find((one) => one.innerHTML.includes('value="lab-cli"'))
    expect(form?.text).toContain('see your email address')
    const csrf = form?.querySelector('[name=csrf]')?.getAttribute('value')
    const body = { csrf, client_id: 'lab-cli' }
    const done = await browser.open(`${lab.serverUrl}/account/disconnect`, { method: 'POST', body })
    expect(done.status).toBe(303)
    expect((await inspect(access_token)).active).toBe(false)
    expectError(
      await post('/token', { grant_type: 'refresh_token', refresh_token }),
      'invalid_grant',
    )
  })

  async function allow(browser: Browser, scope: string[]): Promise<Page> {
    return browser.submit(await browser.open(url()), { scope })
  }

  function codeIn(page: Page): string {
    return redirectQuery(page).code ?? ''
  }

  async function scopeOf(page: Page): Promise<unknown> {
    return (await redeem(codeIn(page))).body.scope
  }

  function boxesOn(page: Page): (string | undefined)[] {
    return html(page)
      .querySelectorAll('[type=checkbox]')
      .map((box) => box.getAttribute('value'))
  }
})

describe('the command-line app', () => {
  test('asks for a code, with a port of its own, a new state and a new challenge each time', async () => {
    const [one, two] = await Promise.all([start(), start()])
    const [first, second] = [one, two].map(({ url }) => new URL(url))
    expect(first?.origin).toBe(lab.serverUrl)
    expect(first?.pathname).toBe('/authorize')
    const query = Object.fromEntries(first?.searchParams ?? [])
    expect(query).toEqual({
      response_type: 'code',
      client_id: 'lab-cli',
      redirect_uri: expect.stringMatching(/^http:\/\/127\.0\.0\.1:[1-9]\d+\/callback$/),
      state: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
      scope: 'profile',
    })
    for (const name of ['redirect_uri', 'state', 'code_challenge']) {
      expect(second?.searchParams.get(name)).not.toBe(query[name])
    }
  })

  test('exchanges the code without a secret, with the verifier of its challenge', async () => {
    const { url, tokens } = await start()
    const before = seen.length
    const { location = '' } = await lab.enterPassword(new Browser(), url)
    await send(location)
    expect(await tokens).toMatchObject({ token_type: 'Bearer', scope: 'profile' })
    const request = seen.slice(before).find(({ path }) => path === '/token')
    const { code_challenge, redirect_uri } = Object.fromEntries(new URL(url).searchParams)
    expect(request?.requestHeaders.authorization).toBeUndefined()
    expect(request?.form).toEqual({
      grant_type: 'authorization_code',
      client_id: 'lab-cli',
      code: new URL(location).searchParams.get('code'),
      redirect_uri,
      code_verifier: expect.stringMatching(/^[\w-]{43}$/),
    })
    const { code_verifier = '' } = request?.form ?? {}
    expect(createHash('sha256').update(code_verifier).digest('base64url')).toBe(code_challenge)
  })

  test('rejects a response that is not its own, and goes on waiting', async () => {
    const { url, tokens, respond } = await start()
    const other = await start()
    const state = stateOf(url)
    const wrong = [
      '',
      'code=x',
      'state=&code=x',
      `state=${state.toLowerCase()}&code=x`,
      `state=${state}x&code=x`,
      `state=${state}&state=${state}&code=x`,
      `state=${stateOf(other.url)}&code=x`,
      'state=%FF&code=x',
      'error=access_denied',
      'error=access_denied&state=x',
    ]
    for (const query of wrong) {
      const { status, body, headers } = await respond(query)
      expect({ query, status }).toEqual({ query, status: 400 })
      expect(headers['content-type']).toBe('text/html; charset=utf-8')
      expect(body).not.toContain(state)
    }
    await finish(url)
    expect((await tokens).access_token).toMatch(/./)
  })

  test('has nothing at any other path, accepts GET alone, and goes on waiting', async () => {
    const { url, tokens } = await start()
    const { origin } = new URL(redirectUriOf(url))
    const right = `state=${stateOf(url)}&code=x`
    for (const path of ['/', '/favicon.ico', '/callback/', '/Callback', '/x', '/callback/x']) {
      expect((await send(`${origin}${path}?${right}`)).status).toBe(404)
    }
    for (const method of ['HEAD', 'POST', 'PUT', 'OPTIONS', 'DELETE']) {
      const { status } = await send(`${origin}/callback?${right}`, { method })
      expect({ method, status }).toEqual({ method, status: 405 })
    }
    const form = { method: 'POST', body: { state: stateOf(url), code: 'x' } }
    expect((await send(`${origin}/callback`, form)).status).toBe(405)
    await finish(url)
    await tokens
  })

  test('says that the page can be closed, and shows nothing of the response', async () => {
    const { url, tokens } = await start()
    const page = await finish(url)
    expect(page.status).toBe(200)
    expect(page.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
    })
    expect(page.body).toContain('You can close this page')
    expect(page.body).not.toMatch(/[\w-]{43}|<script|href=|src=/)
    await tokens
  })

  test('listens on 127.0.0.1 alone, and no more once the right response is there', async () => {
    const { url, tokens } = await start()
    const port = Number(new URL(redirectUriOf(url)).port)
    expect(await reaches(port, '::1')).toBe(false)
    expect(await reaches(port, '127.0.0.2')).toBe(process.platform !== 'linux' && false)
    expect(await reaches(port)).toBe(true)
    await finish(url)
    await tokens
    expect(await reaches(port)).toBe(false)
  })

  test('hangs up on connections that a browser keeps open', async () => {
    const { url, tokens } = await start()
    const port = Number(new URL(redirectUriOf(url)).port)
    const [idle, used, slow] = await Promise.all([open(port), open(port), open(port)])
    used.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
    await once(used, 'data')
    slow.write('GET / HTTP/1.1\r\nHost: 127')
    const closed = [idle, used, slow].map((socket) => once(socket, 'close'))
    await finish(url)
    await tokens
    await Promise.all(closed)
  })

  test('ends with the error that the server sends, and asks for no token', async () => {
    const { url, tokens, respond } = await start()
    const before = seen.length
    const page = await respond(`state=${stateOf(url)}&error=access_denied&code=x`)
    expect(page.status).toBe(200)
    await expect(tokens).rejects.toThrow('The server rejected the login: access_denied')
    expect(seen.slice(before).filter(({ path }) => path === '/token')).toEqual([])
    expect(await reaches(Number(new URL(redirectUriOf(url)).port))).toBe(false)
  })

  test('ends with a response of the server that makes no sense', async () => {
    for (const [query, message] of [
      ['', 'code is missing'],
      ['code=', 'code is missing'],
      ['code=a&code=b', 'code is given more than once'],
      ['error=a&error=b', 'error is given more than once'],
      ['code=%FF', 'code is not UTF-8'],
    ] as const) {
      const { url, tokens, respond } = await start()
      await respond(`state=${stateOf(url)}&${query}`)
      await expect(tokens).rejects.toThrow(message)
    }
  })

  test('stops waiting when it is interrupted, and listens no more', async () => {
    let interrupt: (reason: Error) => void = () => undefined
    const interrupted = new Promise<never>((_, reject) => {
      interrupt = reject
    })
    const { url, tokens } = await start(interrupted)
    interrupt(new Error('Enough.'))
    await expect(tokens).rejects.toThrow('Enough.')
    expect(await reaches(Number(new URL(redirectUriOf(url)).port))).toBe(false)
  })

  const nonsense: [string, string, Hook][] = [
    ['/token', 'hangs up', hangUp],
    ['/token', 'sends a page', async (_, reply) => reply.type('text/html').send('<h1>Hi</h1>')],
    ['/token', 'sends no token', async (_, reply) => reply.send({ token_type: 'Bearer' })],
    ['/token', 'sends a token of another type', tokenOf({ token_type: 'mac' })],
    ['/token', 'sends a token without a type', tokenOf({ token_type: undefined })],
    ['/token', 'sends a token that is no text', tokenOf({ access_token: 7 })],
    ['/token', 'sends an empty token', tokenOf({ access_token: '' })],
    ['/token', 'sends a refresh token that is no text', tokenOf({ refresh_token: {} })],
    ['/token', 'breaks', async (_, reply) => reply.code(500).send({ error: 'server_error' })],
    ['/token', 'sends it with the wrong status', tokenOf({}, 202)],
    ['/token', 'rejects it without a reason', async (_, reply) => reply.code(400).send({})],
    ['/token', 'redirects', async (_, reply) => reply.redirect('/elsewhere', 307)],
    ['/api/me', 'hangs up', hangUp],
    ['/api/me', 'sends a page', async (_, reply) => reply.type('text/html').send('User')],
    ['/api/me', 'sends no name', async (_, reply) => reply.send({ user_id: 'user0' })],
    ['/api/me', 'sends a name that is no text', async (_, reply) => reply.send({ username: 0 })],
    ['/api/me', 'rejects the token', async (_, reply) => reply.code(401).send('')],
    ['/api/me', 'forbids it', async (_, reply) => reply.code(403).send({ username: 'x' })],
    ['/api/me', 'knows nothing now', async (_, reply) => reply.code(503).send({ error: 'x' })],
    ['/revoke', 'hangs up', hangUp],
    ['/revoke', 'breaks', async (_, reply) => reply.code(500).send('')],
  ]
  for (const [path, sentence, hook] of nonsense) {
    test(`says so when the server ${sentence} at ${path}`, async () => {
      const { url, tokens } = await start()
      trouble = async (request, reply) => {
        return request.url === path ? hook(request, reply) : undefined
      }
      const used = tokens.then(async (issued) => {
        const { fetchUsername } = await load<typeof import('../cli/api.ts')>('cli/api.ts')
        await fetchUsername(lab.config, issued.access_token)
        const { revokeTokens } = await load<typeof import('../cli/login.ts')>('cli/login.ts')
        await revokeTokens(lab.config, issued)
      })
      const at = path === '/api/me' ? lab.apiUrl : lab.serverUrl
      await Promise.all([expect(used).rejects.toThrow(`The server at ${at}${path} `), finish(url)])
    })
  }

  test('accepts what RFC 6749 lets a token response leave out, and bearer in any case', async () => {
    const { access_token } = await cliTokens()
    const { url, tokens } = await start()
    trouble = async (request, reply) => {
      return request.url === '/token'
        ? reply.send({ access_token, token_type: 'bEARER' })
        : undefined
    }
    await finish(url)
    const issued = await tokens
    expect(issued).toEqual({ access_token, token_type: 'bEARER' })
    trouble = undefined
    const { revokeTokens } = await load<typeof import('../cli/login.ts')>('cli/login.ts')
    await revokeTokens(lab.config, issued)
    expect((await inspect(access_token)).active).toBe(false)
  })

  test('names the error of the server that rejects the code', async () => {
    const { url, tokens, respond } = await start()
    await respond(`state=${stateOf(url)}&code=made-up`)
    await expect(tokens).rejects.toThrow('rejected the request: invalid_grant. The code is unknown')
  })

  function tokenOf(fields: object, status = 200): Hook {
    const token = { access_token: 'x'.repeat(43), token_type: 'Bearer', ...fields }
    return async (_, reply) => reply.code(status).send(token)
  }

  /** Starts a login in this process. It ends with the test at the latest. */
  async function start(interrupted?: Promise<never>) {
    const { logIn } = await load<typeof import('../cli/login.ts')>('cli/login.ts')
    let end: (reason: Error) => void = () => undefined
    const ended = new Promise<never>((_, reject) => {
      end = reject
    })
    ended.catch(() => undefined)
    onTestFinished(() => end(new Error('The test has finished.')))
    const shown = new Gate()
    let url = ''
    const tokens = logIn(lab.config, interrupted ?? ended, (shownUrl) => {
      url = shownUrl
      shown.open()
    })
    tokens.catch(() => undefined)
    await shown.opened
    return { url, tokens, respond: (query: string) => send(`${redirectUriOf(url)}?${query}`) }
  }

  /** Logs in with a browser. Returns the page at the end. */
  async function finish(url: string): Promise<Page> {
    const { location = '' } = await lab.enterPassword(new Browser(), url)
    return send(location)
  }

  async function open(port: number): Promise<Socket> {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    return socket
  }
})

// Each of these waits for a new process.
describe.concurrent('`npm run cli`', () => {
  test('prints the URL, then the name, revokes the tokens, and exits with 0', async ({
    onTestFinished,
  }) => {
    const exchanges: Exchange[] = []
    const at = await startLab(recorded(snapshot, exchanges))
    onTestFinished(() => at.close())
    const browser = fakeBrowser(onTestFinished)
    const cli = run(at, { settings: browser.settings })
    const { location = '' } = await at.enterPassword(new Browser(), await cli.url)
    await send(location)
    const { status, output, errors } = await cli.ended
    expect({ status, errors }).toEqual({ status: 0, errors: '' })
    expect(output).toMatch(/^Log in at http:\S+\nLogged in as User Number 0\n$/)
    const back = exchanges.filter(({ channel, program }) => {
      return channel === 'back' && program !== 'client'
    })
    const steps = back.map(({ path }) => path).filter((path) => /^\/(token|api|revoke)/.test(path))
    expect(steps).toEqual(['/token', '/api/me', '/revoke'])
    await expectNoneAlive(exchanges, at)
    expectNoSecrets(output, exchanges, location)
    expect(browser.note()).toBe('')
  })

  test.skipIf(process.platform !== 'linux')(
    'opens the URL in the browser of the system, and does not wait for its end (needs Linux)',
    async ({ onTestFinished }) => {
      const browser = fakeBrowser(onTestFinished)
      const cli = run(lab, { args: [], settings: browser.settings })
      const url = await cli.url
      await expect.poll(browser.note).toContain(url)
      const pid = Number(browser.note().split(' ')[0])
      await send((await lab.enterPassword(new Browser(), url)).location ?? '')
      expect((await cli.ended).status).toBe(0)
      // Throws if it runs no more.
      process.kill(pid, 0)
    },
  )

  test('goes on without a browser: the printed URL is enough', async () => {
    const cli = run(lab, { args: [], settings: { BROWSER: '/nowhere', DISPLAY: '', PATH: '' } })
    await send((await lab.enterPassword(new Browser(), await cli.url)).location ?? '')
    expect(await cli.ended).toMatchObject({ status: 0, errors: '' })
  })

  test('revokes the tokens, and says in one line why, when the API is not there', async ({
    onTestFinished,
  }) => {
    const exchanges: Exchange[] = []
    const at = await startLab(recorded(snapshot, exchanges))
    onTestFinished(() => at.close())
    const apiUrl = `http://localhost:${await freePort()}`
    const cli = run({ serverUrl: at.serverUrl, apiUrl })
    await send((await at.enterPassword(new Browser(), await cli.url)).location ?? '')
    const { status, output, errors } = await cli.ended
    expect(status).toBe(1)
    expect(output).not.toContain('Logged in')
    expect(errors).toMatch(/^The server at \S+\/api\/me is not running[^\n]*\n$/)
    await expectNoneAlive(exchanges, at)
  })

  test('says in one line that the tokens may be alive, if the server does not revoke them, and prints no name or error that controls a terminal', async ({
    onTestFinished,
  }) => {
    const at = await odd(async ({ url }, reply) => {
      const text = 'one\r\ntwo\u001b[31m \u202ethree'
      if (url === '/api/me') return reply.send({ user_id: 'user0', username: text })
      if (url !== '/revoke') return
      return reply.code(400).send({ error: 'invalid_request', error_description: text })
    })
    onTestFinished(() => at.close())
    const cli = run(at)
    await send((await at.enterPassword(new Browser(), await cli.url)).location ?? '')
    const { status, output, errors } = await cli.ended
    expect(status).toBe(1)
    expect(output.split('\n').slice(1)).toEqual(['Logged in as one two [31m three', ''])
    expect(errors).toMatch(
      /^The server at \S+\/revoke rejected .* invalid_request\. one two \[31m three\.\n$/,
    )
  })

  test('says in one line that five minutes are over, and exits with 1', async () => {
    // Only this limit is that long. It strikes at once.
    const source = `const { timeout } = AbortSignal
      AbortSignal.timeout = (delay) => timeout.call(AbortSignal, delay === 300_000 ? 1 : delay)`
    const preload = `data:text/javascript,${encodeURIComponent(source)}`
    const { status, errors } = await run(lab, { preload }).ended
    expect(status).toBe(1)
    expect(errors).toBe('This program did not finish within 5 minutes. Start it again.\n')
  })

  test('revokes the tokens after a Ctrl-C, even one that arrives twice', async ({
    onTestFinished,
  }) => {
    const exchanges: Exchange[] = []
    const [asked, gate] = [new Gate(), new Gate()]
    const hook: Hook = async ({ url }) => {
      if (url !== '/api/me') return
      asked.open()
      await gate.opened
    }
    const at = await startLab(recorded(withServerHook(snapshot, hook), exchanges))
    onTestFinished(async () => {
      gate.open()
      await at.close()
    })
    const cli = run(at)
    await send((await at.enterPassword(new Browser(), await cli.url)).location ?? '')
    await asked.opened
    cli.child.kill('SIGINT')
    cli.child.kill('SIGINT')
    const { status, output, errors } = await cli.ended
    expect({ status, errors }).toEqual({ status: 1, errors: 'Stopped before it finished.\n' })
    expect(output).not.toContain('Logged in')
    await expectNoneAlive(exchanges, at)
  })

  test('says in one line that it does not know an option, and exits with 1', async () => {
    const { status, output, errors } = await run(lab, { args: ['--open'] }).ended
    expect({ status, output }).toEqual({ status: 1, output: '' })
    expect(errors).toMatch(/^Unknown option '--open'[^\n]*\n$/)
  })

  interface Settings {
    args?: string[]
    settings?: Record<string, string>
    preload?: string
  }

  function run(
    { serverUrl, apiUrl }: Pick<Lab, 'serverUrl' | 'apiUrl'> = lab,
    { args = ['--no-open'], settings = {}, preload }: Settings = {},
  ) {
    const modules = ['tsx/esm', preload].flatMap((name) => (name ? ['--import', name] : []))
    const child = spawn(process.execPath, [...modules, 'cli/main.ts', ...args], {
      cwd: folder,
      env: { ...process.env, AUTH_SERVER_URL: serverUrl, API_URL: apiUrl, ...settings },
    })
    const url = new Promise<string>((resolve) => {
      createInterface(child.stdout).on('line', (line) => {
        if (line.startsWith('Log in at ')) resolve(line.slice('Log in at '.length))
      })
    })
    const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]).then(
      ([output, errors, [status]]) => ({ status, output, errors }),
    )
    return { child, url, ended }
  }

  /** A lab of its own, so that its trouble doesn't reach the tests beside this one. */
  function odd(hook: Hook): Promise<Lab> {
    return startLab(withServerHook(snapshot, hook))
  }

  /** A browser for systems like Linux. It notes its process and the URL, then runs until its folder is gone. */
  function fakeBrowser(onTestFinished: (clean: () => void) => void) {
    const place = mkdtempSync(join(tmpdir(), 'oauth-lab-'))
    onTestFinished(() => rmSync(place, { recursive: true }))
    const [script, file] = [join(place, 'browser'), join(place, 'note')]
    const lines = [
      `echo "$$ $1" > ${file}.new`,
      `mv ${file}.new ${file}`,
      `while [ -d ${place} ]; do sleep 1; done`,
    ]
    writeFileSync(script, ['#!/bin/sh', ...lines, ''].join('\n'))
    chmodSync(script, 0o755)
    const note = () => (existsSync(file) ? readFileSync(file, 'utf8') : '')
    return { settings: { BROWSER: script, DISPLAY: '' }, note }
  }

  async function expectNoneAlive(exchanges: Exchange[], at: Lab): Promise<void> {
    const [access_token = '', refresh_token = '', ...more] = issuedTokens(exchanges)
    expect(more).toEqual([])
    expect(await inspect(access_token, at)).toEqual({ active: false })
    const form = { grant_type: 'refresh_token', client_id: 'lab-cli', refresh_token }
    expectError(await at.post('/token', form, NO_HEADER), 'invalid_grant')
  }

  function expectNoSecrets(output: string, exchanges: Exchange[], location: string): void {
    const { form } = exchanges.find(({ path }) => path === '/token') ?? {}
    const code = new URL(location).searchParams.get('code') ?? ''
    const secrets = [...issuedTokens(exchanges), code, form?.code_verifier ?? '']
    for (const secret of secrets) {
      expect(secret).not.toBe('')
      expect(output).not.toContain(secret)
    }
  }
})

test.runIf(testsPages)(`a login ends at the app, ${NEEDS_CHROMIUM}`, async () => {
  const { logIn } = await load<typeof import('../cli/login.ts')>('cli/login.ts')
  const shown = new Gate()
  let url = ''
  const tokens = logIn(lab.config, new Promise<never>(() => undefined), (shownUrl) => {
    url = shownUrl
    shown.open()
  })
  await shown.opened
  const context = await (await testChromium()).newContext()
  onTestFinished(() => context.close())
  const page = await context.newPage()
  await page.goto(url)
  await page.getByLabel('User name').fill('user0')
  await page.getByLabel('Password').fill('password0')
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByRole('button', { name: 'Allow' }).click()
  await page.getByText('You can close this page').waitFor()
  expect((await tokens).scope).toBe('profile')
  expect(await reaches(Number(new URL(redirectUriOf(url)).port))).toBe(false)
})

test('openid-client, a third OAuth client, goes through the native flow without a secret', async () => {
  const client = new OpenidClient(lab, { id: 'lab-cli', redirectUri: LOOPBACK })
  const { refresh_token } = await client.logIn(new Browser(), 'profile')
  const { access_token } = await client.refresh(refresh_token)
  const answer = await client.ask('/api/me', access_token)
  expect(await answer.json()).toMatchObject({ username: 'User Number 0' })
  await client.revoke(access_token)
  expect((await inspect(access_token)).active).toBe(false)
})

describe('oauth4webapi, another OAuth client,', () => {
  const options = { [oauth.allowInsecureRequests]: true }
  const client: oauth.Client = { client_id: 'lab-cli' }

  test('goes through the native flow without a secret', async () => {
    const callback = await lab.enterPassword(new Browser(), lab.authorizeUrl(CLI))
    const response = await request(callback)
    const token = await oauth.processAuthorizationCodeResponse(server(), client, response)
    expect(token).toMatchObject({ token_type: 'bearer', scope: 'profile' })
    const url = new URL(`${lab.apiUrl}/api/me`)
    const resource = await oauth.protectedResourceRequest(
      token.access_token,
      'GET',
      url,
      undefined,
      undefined,
      options,
    )
    expect(await resource.json()).toMatchObject({ username: 'User Number 0' })

    const refreshed = await oauth.processRefreshTokenResponse(
      server(),
      client,
      await oauth.refreshTokenGrantRequest(
        server(),
        client,
        oauth.None(),
        token.refresh_token ?? '',
        options,
      ),
    )
    const { refresh_token = '' } = refreshed
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(server(), client, oauth.None(), refresh_token, options),
    )
    expect((await inspect(refreshed.access_token)).active).toBe(false)
  })

  test('understands that a secret is one too many', async () => {
    const callback = await lab.enterPassword(new Browser(), lab.authorizeUrl(CLI))
    for (const method of [oauth.ClientSecretPost, oauth.ClientSecretBasic]) {
      await expect(
        oauth.processAuthorizationCodeResponse(
          server(),
          client,
          await request(callback, method('x')),
        ),
      ).rejects.toMatchObject({ status: 401 })
    }
  })

  function server(): oauth.AuthorizationServer {
    return {
      issuer: lab.serverUrl,
      token_endpoint: `${lab.serverUrl}/token`,
      revocation_endpoint: `${lab.serverUrl}/revoke`,
    }
  }

  function request({ location = '' }: Page, authentication = oauth.None()): Promise<Response> {
    return oauth.authorizationCodeGrantRequest(
      server(),
      client,
      authentication,
      oauth.validateAuthResponse(server(), client, new URL(location), 'a-state'),
      LOOPBACK,
      CODE_VERIFIER,
      options,
    )
  }
})

test('no response may be cached, none to a program sets a cookie, and the only 5xx was the 502 of the client', () => {
  const own = seen.filter(({ status }) => status < 500)
  expect(unsoundAnswers(own)).toEqual([])
})

function redirectUriOf(url: string): string {
  return new URL(url).searchParams.get('redirect_uri') ?? ''
}

function stateOf(url: string): string {
  return new URL(url).searchParams.get('state') ?? ''
}

/** Whether anything listens on a port. */
async function reaches(port: number, host = '127.0.0.1'): Promise<boolean> {
  const socket = connect(port, host)
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
  }).finally(() => socket.destroy()) as Promise<boolean>
}
