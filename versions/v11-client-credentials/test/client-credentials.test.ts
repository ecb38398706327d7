import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { readConfig } from '@oauth-lab/shared/config.ts'
import { Browser, html, type Page, textOf } from '@oauth-lab/shared/testing/browser.ts'
import { passTime } from '@oauth-lab/shared/testing/clock.ts'
import { credentials, type JsonAnswer } from '@oauth-lab/shared/testing/driver.ts'
import { send } from '@oauth-lab/shared/testing/exchange.ts'
import { Gate, type Hook, hangUp, withServerHook } from '@oauth-lab/shared/testing/hooks.ts'
import {
  ACCESS_TOKEN,
  basic,
  type Fields,
  freePort,
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
import { folder, load, snapshot, until } from '@oauth-lab/shared/testing/snapshot.ts'
import Fastify from 'fastify'
import * as oauth from 'oauth4webapi'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'

const WORKER = { authorization: basic('worker-client', 'worker-client-secret') }
const OTHER = { authorization: basic('other-client', 'other-client-secret') }

const seen: Exchange[] = []
/** What the server does before its work, or in place of it, during a test. */
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

/** Asks for a token without a user, as the worker unless headers say otherwise. */
function ask(added: Fields = {}, headers: Fields = WORKER, at = lab): Promise<JsonAnswer> {
  return at.token({ grant_type: 'client_credentials', ...added }, headers)
}

/** A new token of the worker. */
async function workerToken(at = lab): Promise<string> {
  const { status, body } = await ask({}, WORKER, at)
  expect(status).toBe(200)
  return String(body.access_token)
}

function stats(access_token: string, at = lab): Promise<JsonAnswer> {
  return at.me(`Bearer ${access_token}`, '/api/stats')
}

async function works(access_token: string): Promise<boolean> {
  return (await stats(access_token)).status === 200
}

/** The tokens of a new login of user0 at lab-client. */
async function userTokens(): Promise<{ access_token: string; refresh_token: string }> {
  const code = await lab.code({ scope: 'profile email' })
  const { access_token, refresh_token } = (await lab.redeem(code)).body
  return { access_token: String(access_token), refresh_token: String(refresh_token) }
}

function expectError({ status, body }: JsonAnswer, error: string, expected = 400): void {
  expect({ status, error: body.error }).toEqual({ status: expected, error })
  expect(body.error_description).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/)
  expect(body).not.toHaveProperty('access_token')
}

function expectInsufficient({ status, body, headers }: JsonAnswer, scope: string): void {
  expect({ status, error: body.error }).toEqual({ status: 403, error: 'insufficient_scope' })
  expect(headers['www-authenticate']).toMatch(
    /^Bearer realm="oauth-lab", error="insufficient_scope", error_description="[^"]+", scope="/,
  )
  expect(headers['www-authenticate']).toContain(`scope="${scope}"`)
}

describe('client_credentials', () => {
  test('gives the worker an access token, and no refresh token', async () => {
    const { status, body, headers } = await ask()
    expect(status).toBe(200)
    expect(body).toEqual({
      access_token: expect.stringMatching(ACCESS_TOKEN),
      token_type: 'Bearer',
      expires_in: 300,
      scope: 'stats:read',
    })
    expect(headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache' })
    expect((await ask()).body.access_token).not.toBe(body.access_token)
  })

  test('with a scope gives that, and without one all that is registered', async () => {
    for (const scope of ['stats:read', 'stats:read stats:read', '', undefined]) {
      const { status, body } = await ask({ scope })
      expect({ status, scope: body.scope }).toEqual({ status: 200, scope: 'stats:read' })
    }
  })

  const scopes = [
    'profile',
    'stats:read profile',
    'stats:read  stats:read',
    ' stats:read',
    'STATS:READ',
    'stats',
    'stats:write',
    'admin',
    '__proto__',
    '"\\',
  ]
  for (const scope of some(scopes, 4)) {
    test(`with more than is registered gets invalid_scope: ${JSON.stringify(scope)}`, async () => {
      expectError(await ask({ scope }), 'invalid_scope')
    })
  }

  test('with a scope that comes twice or is not UTF-8 gets invalid_request', async () => {
    const headers = { ...WORKER, 'content-type': 'application/x-www-form-urlencoded' }
    for (const scope of ['scope=stats:read&scope=stats:read', 'scope=%FF']) {
      expectError(
        await lab.tokenRaw(`grant_type=client_credentials&${scope}`, headers),
        'invalid_request',
      )
    }
  })

  test('takes the secret in the body, too', async () => {
    const fields = { client_id: 'worker-client', client_secret: 'worker-client-secret' }
    expect((await ask(fields, { authorization: undefined })).status).toBe(200)
  })

  test('has nothing but the secret to go by: without it there is no token', async () => {
    const wrong: [Fields, Fields][] = [
      [{}, { authorization: basic('worker-client', 'wrong') }],
      [{}, { authorization: basic('worker-client', '') }],
      [{}, { authorization: basic('worker-client', 'lab-client-secret') }],
      [{}, { authorization: undefined }],
      [{ client_id: 'worker-client' }, { authorization: undefined }],
      [credentials('user0'), { authorization: undefined }],
      [{}, { authorization: basic('user0', 'password0') }],
    ]
    for (const [fields, headers] of wrong) {
      const answer = await ask(fields, headers)
      expectError(answer, 'invalid_client', 401)
      expect(answer.headers['www-authenticate']).toBe('Basic realm="oauth-lab"')
    }
  })

  test('ignores what belongs to other grants', async () => {
    const { refresh_token } = await userTokens()
    const code = await lab.code()
    const { body } = await ask({ code, refresh_token, ...credentials('user0'), sub: 'user0' })
    expect(body.scope).toBe('stats:read')
    expect((await lab.redeem(code)).status).toBe(200)
    expect((await lab.refresh(refresh_token)).status).toBe(200)
  })

  test('gives a token that expires like any other', async () => {
    const token = await workerToken()
    passTime(299)
    expect(await works(token)).toBe(true)
    passTime(2)
    expectError(await stats(token), 'invalid_token', 401)
  })
})

describe('a client gets unauthorized_client', () => {
  test('for a grant type that it is not registered for, whatever else is missing', async () => {
    for (const grant_type of ['authorization_code', 'refresh_token']) {
      expectError(await lab.token({ grant_type }, WORKER), 'unauthorized_client')
    }
    for (const headers of [{}, OTHER]) {
      for (const scope of [undefined, 'stats:read', 'profile', 'admin']) {
        expectError(await ask({ scope }, headers), 'unauthorized_client')
      }
    }
  })

  test("for another client's code or refresh token, and uses nothing up", async () => {
    const code = await lab.code()
    expectError(await lab.redeem(code, {}, WORKER), 'unauthorized_client')
    const { status, body } = await lab.redeem(code)
    expect(status).toBe(200)
    const refresh_token = String(body.refresh_token)
    expectError(await lab.refresh(refresh_token, WORKER), 'unauthorized_client')
    expect((await lab.refresh(refresh_token)).status).toBe(200)
  })

  test('only after its secret was checked', async () => {
    const headers = { authorization: basic('worker-client', 'wrong') }
    const form = { grant_type: 'authorization_code' }
    expectError(await lab.token(form, headers), 'invalid_client', 401)
  })

  test('for no grant type that the server does not know: that is unsupported_grant_type', async () => {
    for (const grant_type of ['password', 'CLIENT_CREDENTIALS', '__proto__', 'implicit']) {
      for (const headers of [{}, OTHER, WORKER]) {
        expectError(await lab.token({ grant_type }, headers), 'unsupported_grant_type')
      }
    }
    expectError(await lab.token({}, WORKER), 'invalid_request')
  })
})

describe('a login', () => {
  const WRONG_CLIENT = 'with the worker as the client gets a page with status 400, and no redirect'
  for (const redirect_uri of ['the one of lab-client', undefined, '', 'https://evil.example/']) {
    test(`${WRONG_CLIENT}: redirect_uri ${JSON.stringify(redirect_uri)}`, async () => {
      const uri = redirect_uri?.startsWith('the') ? lab.redirectUri : redirect_uri
      const changes = { client_id: 'worker-client', redirect_uri: uri, scope: 'stats:read' }
      const url = lab.authorizeUrl(changes)
      const browser = new Browser()
      const body = credentials('user0')
      await browser.open(lab.authorizeUrl(), { method: 'POST', body })
      for (const each of [new Browser(), browser]) {
        expectRefused(await each.open(url))
        expectRefused(await each.open(url, { method: 'POST', body }))
        const consent = url.replace('/authorize', '/consent')
        expectRefused(await each.open(consent, { method: 'POST', body: { decision: 'allow' } }))
      }
    })
  }

  test("at other clients can't lead to the worker's scope", async () => {
    const page = await new Browser().open(lab.authorizeUrl({ scope: 'profile stats:read' }))
    expect(new URL(page.location ?? '').searchParams.get('error')).toBe('invalid_scope')
  })

  test('shows no user the worker among their apps', async () => {
    const browser = new Browser()
    await workerToken()
    await lab.login(browser)
    const page = await browser.open(`${lab.serverUrl}/account`)
    expect(html(page).querySelectorAll('[name=client_id]')).toHaveLength(1)
    expect(page.body).not.toContain('worker-client')
  })

  function expectRefused(page: Page): void {
    expect(page.status).toBe(400)
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(page.location).toBeUndefined()
    expect(textOf(page, 'h1')).toMatch(/redirect/)
  }
})

describe('GET /api/stats', () => {
  test('tells the worker how many users there are', async () => {
    const { status, body, headers } = await stats(await workerToken())
    expect({ status, body }).toEqual({ status: 200, body: { users: 2 } })
    expect(headers['content-type']).toMatch(/^application\/json/)
    expect(headers['cache-control']).toBe('no-store')
  })

  test("wants the scope stats:read, which no user's token has", async () => {
    const { access_token } = await userTokens()
    expectInsufficient(await stats(access_token), 'stats:read')
  })

  test('checks the token first, like every resource', async () => {
    const bare = await lab.me(undefined, '/api/stats')
    expect(bare.status).toBe(401)
    expect(bare.headers['www-authenticate']).toBe('Bearer realm="oauth-lab"')
    for (const token of ['x', '', 'worker-client', await lab.code()]) {
      expectError(await stats(token), 'invalid_token', 401)
    }
    expectError(
      await lab.me(WORKER.authorization.replace('Basic', 'Bearer'), '/api/stats'),
      'invalid_token',
      401,
    )
    const post = await send(`${lab.apiUrl}/api/stats`, { method: 'POST' })
    expect(post.status).toBe(405)
    expect(JSON.parse(post.body).error).toBe('invalid_request')
  })
})

describe("the worker's token", () => {
  test('opens nothing that belongs to a user', async () => {
    const token = await workerToken()
    for (const [path, scope] of [
      ['/api/me', 'profile'],
      ['/api/email', 'email'],
    ] as const) {
      const answer = await lab.me(`Bearer ${token}`, path)
      expectInsufficient(answer, scope)
      expect(JSON.stringify(answer.body)).not.toContain('user0')
    }
  })

  until('v12', 'never counts as a user, even with the scopes of one', async () => {
    const { meRoute } = await load<typeof import('../server/routes/me.ts')>('server/routes/me.ts')
    const app = Fastify()
    onTestFinished(() => app.close())
    const scopes = ['profile', 'email']
    const grant = {
      client_id: 'user0',
      scopes,
      allowed: new Set(scopes),
      authorizedAt: performance.now(),
      ended: false,
    }
    app.register(meRoute, { findAccessToken: async () => ({ grant, scopes }) })
    for (const url of ['/api/me', '/api/email']) {
      const { statusCode, body } = await app.inject({ url, headers: { authorization: 'Bearer x' } })
      expect(statusCode).toBe(401)
      expect(JSON.parse(body).error).toBe('invalid_token')
    }
  })

  test('is revoked by the worker, and by no other client', async () => {
    const token = await workerToken()
    expectError(await lab.post('/revoke', { token }), 'invalid_grant')
    expect(await works(token)).toBe(true)
    expect((await lab.post('/revoke', { token }, WORKER)).status).toBe(200)
    expect(await lab.isAlive(token)).toBe(false)
  })

  test("is all that the worker can revoke: a user's tokens go on", async () => {
    const { access_token, refresh_token } = await userTokens()
    for (const token of [access_token, refresh_token]) {
      expectError(await lab.post('/revoke', { token }, WORKER), 'invalid_grant')
    }
    expect((await lab.me(`Bearer ${access_token}`)).status).toBe(200)
    expect((await lab.refresh(refresh_token)).status).toBe(200)
  })

  test('can be many at once: a new one ends no other', async () => {
    const tokens = await Promise.all([workerToken(), workerToken(), workerToken()])
    for (const token of tokens) expect(await works(token)).toBe(true)
  })
})

test('no client has the name of a user or of another client: the programs would not start', async () => {
  for (const name of ['user0', 'user1', 'lab-client', 'other-client', 'api-server', 'lab-cli']) {
    expect(() => readConfig({ WORKER_ID: name })).toThrow(/^WORKER_ID is "/)
  }
  expect(() => readConfig({ CLIENT_ID: 'worker-client' })).toThrow(/^CLIENT_ID is "/)
})

describe('the worker', () => {
  test('asks for a token as itself, and sends that to the resource server', async () => {
    const before = seen.length
    expect(await count()).toBe(2)
    const sent = seen.slice(before).filter(({ path }) => path !== '/introspect')
    const [token, resource, ...more] = sent
    expect(more).toEqual([])
    expect(token).toMatchObject({ method: 'POST', path: '/token', channel: 'back' })
    expect(token?.requestHeaders.authorization).toBe(WORKER.authorization)
    expect(token?.form).toEqual({ grant_type: 'client_credentials', scope: 'stats:read' })
    const { access_token } = JSON.parse(token?.body ?? '')
    expect(resource).toMatchObject({ method: 'GET', path: '/api/stats', channel: 'back' })
    expect(resource?.requestHeaders.authorization).toBe(`Bearer ${access_token}`)
  })

  test('may have any name and secret in printable ASCII', async () => {
    const settings = { WORKER_ID: 'w:1 %+&=', WORKER_SECRET: ':"\\ %41+~' }
    const odd = await startLab(programs, settings)
    onTestFinished(() => odd.close())
    expect(await count(odd)).toBe(2)
  })

  test("takes a token response without what RFC 6749 lets it leave out, and 'bearer' in any case", async () => {
    const access_token = await workerToken()
    trouble = async ({ url }, reply) => {
      return url === '/token' ? reply.send({ access_token, token_type: 'bEARER' }) : undefined
    }
    expect(await count()).toBe(2)
  })

  const nonsense: [string, string, Hook][] = [
    ['/token', 'hangs up', hangUp],
    ['/token', 'sends a page', async (_, reply) => reply.type('text/html').send('<h1>Hi</h1>')],
    ['/token', 'sends no token', async (_, reply) => reply.send({ token_type: 'Bearer' })],
    ['/token', 'sends a token of another type', tokenOf({ token_type: 'mac' })],
    ['/token', 'sends a token without a type', tokenOf({})],
    ['/token', 'sends a token that is no text', tokenOf({ access_token: 7 })],
    ['/token', 'sends an empty token', tokenOf({ access_token: '', token_type: 'Bearer' })],
    ['/token', 'breaks', async (_, reply) => reply.code(500).send({ error: 'server_error' })],
    [
      '/token',
      'sends a token with the wrong status',
      async (_, reply) =>
        reply.code(202).send({ access_token: 'x'.repeat(43), token_type: 'Bearer' }),
    ],
    ['/token', 'redirects', async (_, reply) => reply.redirect('/elsewhere', 307)],
    ['/api/stats', 'hangs up', hangUp],
    ['/api/stats', 'sends a page', async (_, reply) => reply.type('text/html').send('2 users')],
    ['/api/stats', 'sends no number', async (_, reply) => reply.send({ users: '2' })],
    ['/api/stats', 'rejects the token', async (_, reply) => reply.code(401).send('')],
    ['/api/stats', 'forbids it', async (_, reply) => reply.code(403).send({ users: 2 })],
  ]
  for (const [path, sentence, hook] of nonsense) {
    test(`says so when the server ${sentence} at ${path}`, async () => {
      trouble = async (request, reply) => {
        return request.url === path ? hook(request, reply) : undefined
      }
      const url = `${path === '/token' ? lab.serverUrl : lab.apiUrl}${path}`
      await expect(count()).rejects.toThrow(`The server at ${url} `)
    })
  }

  test('names the error of the server that rejects it', async () => {
    const config = { ...lab.config, workerSecret: 'wrong' }
    await expect(count({ config })).rejects.toThrow('rejected the request: invalid_client. Client')
    trouble = async (_, reply) => reply.code(400).send({ error: 'unauthorized_client' })
    await expect(count()).rejects.toThrow('unauthorized_client. It gave no reason.')
  })

  function tokenOf(fields: object): Hook {
    return async (_, reply) => reply.send({ access_token: 'x'.repeat(43), ...fields })
  }

  async function count({ config }: Pick<Lab, 'config'> = lab): Promise<number> {
    const { countUsers } =
      await load<typeof import('../worker/count-users.ts')>('worker/count-users.ts')
    return countUsers(config)
  }
})

// Each of these waits for a new process.
describe.concurrent('`npm run worker`', () => {
  test('prints the number of users, and exits with 0', async () => {
    expect(await run()).toEqual({ status: 0, output: '2 users\n', errors: '' })
  })

  test('says in one line that the server is not there, and exits with 1', async () => {
    const { status, output, errors } = await run({
      serverUrl: `http://localhost:${await freePort()}`,
      apiUrl: lab.apiUrl,
    })
    expect({ status, output }).toEqual({ status: 1, output: '' })
    expect(errors).toMatch(/^The server at .*\/token is not running[^\n]*\n$/)
  })

  test('says in one line that the server rejects it, whatever that sends, and exits with 1', async ({
    onTestFinished,
  }) => {
    const at = await odd(async ({ url }, reply) => {
      const error_description = 'one\r\ntwo\u001b[31m \u202ethree'
      return url === '/token'
        ? reply.code(401).send({ error: 'invalid_client', error_description })
        : undefined
    })
    onTestFinished(() => at.close())
    const { status, output, errors } = await run(at)
    expect({ status, output }).toEqual({ status: 1, output: '' })
    expect(errors).toMatch(/rejected the request: invalid_client\. one two \[31m three\.\n$/)
  })

  test('says in one line that it takes too long, over all its requests, and exits with 1', async ({
    onTestFinished,
  }) => {
    const gate = new Gate()
    const at = await odd(async ({ url }) => (url === '/api/stats' ? gate.opened : undefined))
    onTestFinished(async () => {
      gate.open()
      await at.close()
    })
    // Its time limits run out ten times as fast.
    const source = `const { timeout } = AbortSignal
      AbortSignal.timeout = (delay) => timeout.call(AbortSignal, Math.round(delay / 10))`
    const preload = `data:text/javascript,${encodeURIComponent(source)}`
    const { status, output, errors } = await run(at, {}, preload)
    expect({ status, output }).toEqual({ status: 1, output: '' })
    expect(errors).toMatch(/^This program did not finish within 5 seconds[^\n]*\n$/)
  })

  test('says in one line which setting is wrong, and exits with 1', async () => {
    const { status, output, errors } = await run(lab, { WORKER_ID: 'user0' })
    expect({ status, output }).toEqual({ status: 1, output: '' })
    expect(errors).toMatch(/^WORKER_ID is "user0"\.[^\n]*\n$/)
  })

  async function run(
    { serverUrl, apiUrl }: Pick<Lab, 'serverUrl' | 'apiUrl'> = lab,
    settings: Record<string, string> = {},
    preload?: string,
  ) {
    const modules = ['tsx/esm', preload].flatMap((name) => (name ? ['--import', name] : []))
    const child = spawn(process.execPath, [...modules, 'worker/main.ts'], {
      cwd: folder,
      env: { ...process.env, AUTH_SERVER_URL: serverUrl, API_URL: apiUrl, ...settings },
    })
    const [output, errors, [status]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ])
    return { status, output, errors }
  }

  /** A lab of its own, so that its trouble doesn't reach the tests beside this one. */
  function odd(hook: Hook): Promise<Lab> {
    return startLab(withServerHook(snapshot, hook))
  }
})

describe('oauth4webapi, another OAuth client,', () => {
  const options = { [oauth.allowInsecureRequests]: true }

  test('gets a token without a user, and uses it', async () => {
    const response = await request('worker-client', 'worker-client-secret')
    const token = await oauth.processClientCredentialsResponse(server(), client(), response)
    expect(token).toMatchObject({ token_type: 'bearer', scope: 'stats:read' })
    expect(token.refresh_token).toBeUndefined()
    const url = new URL(`${lab.apiUrl}/api/stats`)
    const resource = await oauth.protectedResourceRequest(
      token.access_token,
      'GET',
      url,
      undefined,
      undefined,
      options,
    )
    expect(await resource.json()).toEqual({ users: 2 })
  })

  test('understands that a client is not registered for it', async () => {
    const response = await request(lab.config.clientId, lab.config.clientSecret)
    await expect(
      oauth.processClientCredentialsResponse(server(), client(), response),
    ).rejects.toMatchObject({ status: 400, error: 'unauthorized_client' })
  })

  function server(): oauth.AuthorizationServer {
    return { issuer: lab.serverUrl, token_endpoint: `${lab.serverUrl}/token` }
  }

  function client(client_id = 'worker-client'): oauth.Client {
    return { client_id }
  }

  function request(client_id: string, secret: string): Promise<Response> {
    return oauth.clientCredentialsGrantRequest(
      server(),
      client(client_id),
      oauth.ClientSecretBasic(secret),
      { scope: 'stats:read' },
      options,
    )
  }
})

test('no page shows a token', () => {
  const pages = seen.filter(({ headers }) =>
    String(headers['content-type']).startsWith('text/html'),
  )
  const shown = pages.map(({ body }) => body).join('\n')
  const secrets = issuedTokens(seen)
  expect(secrets.length).toBeGreaterThan(20)
  for (const secret of secrets) expect(shown).not.toContain(secret)
})

test('no response may be cached, none to a program sets a cookie, and the only 5xx was the 502 of the client', () => {
  const own = seen.filter(({ status, body }) => !(status === 500 && body.includes('server_error')))
  expect(unsoundAnswers(own)).toEqual([])
})
