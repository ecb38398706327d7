import { Browser } from '@oauth-lab/shared/testing/browser.ts'
import { basic, CODE_CHALLENGE, CODE_VERIFIER } from '@oauth-lab/shared/testing/lab.ts'
import { freePort } from '@oauth-lab/shared/testing/ports.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CheckDriver } from '../exercises/check-stage.ts'
import type { RunningProgram } from '../exercises/copy-programs.ts'
import { StandIn, StandInServer } from '../exercises/stand-in.ts'
import { findVersion } from '../programs/versions.ts'
import { startInProcess } from './in-process.ts'

// The stand-in and the server of v09 get the same requests, each with one thing wrong.

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const AUTHORIZATION = { authorization: basic('lab-client', 'lab-client-secret') }
const SECRET = { client_id: 'lab-client', client_secret: 'lab-client-secret' }
const HEADERS = { ...FORM, ...AUTHORIZATION }

interface Sent {
  headers?: Record<string, string>
  form?: Record<string, string>
  /** A field to leave out of the form. */
  without?: string
  /** Text to add after the form in the body. */
  more?: string
}

/** What is wrong with them doesn't depend on the endpoint. */
const wrongSender: [what: string, sent: Sent][] = [
  ['has no content type', { headers: AUTHORIZATION }],
  ['is JSON', { headers: { ...AUTHORIZATION, 'content-type': 'application/json' } }],
  ['has no credentials', { headers: FORM }],
  ['has a wrong secret', { headers: { ...FORM, authorization: basic('lab-client', 'wrong') } }],
  [
    'has a wrong secret in the body',
    { headers: FORM, form: { ...SECRET, client_secret: 'wrong' } },
  ],
  ['is of an unknown client', { headers: { ...FORM, authorization: basic('nobody', 'x') } }],
  ['authenticates with a Bearer token', { headers: { ...FORM, authorization: 'Bearer x' } }],
  ['has the secret twice', { form: SECRET }],
]

const wrong: [what: string, sent: Sent][] = [
  ...wrongSender,
  ['has no grant type', { without: 'grant_type' }],
  ['has another grant type', { form: { grant_type: 'password' } }],
  ['has no code', { without: 'code' }],
  ['has two codes', { more: '&code=another' }],
  ['has an unknown code', { form: { code: 'unknown' } }],
  ['has no redirect URI', { without: 'redirect_uri' }],
  ['has another redirect URI', { form: { redirect_uri: 'http://localhost:25009/evil' } }],
  ['has another verifier', { form: { code_verifier: 'x'.repeat(43) } }],
  ['has no refresh token', { form: { grant_type: 'refresh_token' } }],
  ['has an unknown refresh token', { form: { grant_type: 'refresh_token', refresh_token: 'x' } }],
]

const wrongRevocation: [what: string, sent: Sent][] = [
  ...wrongSender,
  ['has no token', { without: 'token' }],
  ['has an empty token', { form: { token: '' } }],
  ['has two tokens', { more: '&token=another' }],
  ['has token_type_hint twice', { more: '&token_type_hint=a&token_type_hint=b' }],
  [
    'has a wrong secret and no token',
    { headers: { ...FORM, authorization: basic('lab-client', 'wrong') }, without: 'token' },
  ],
]

const right: [what: string, sent: Sent][] = [
  ['has every required parameter', {}],
  [
    'gives a charset',
    { headers: { ...AUTHORIZATION, 'content-type': `${FORM['content-type']}; charset=UTF-8` } },
  ],
  ['has the secret only in the body', { headers: FORM, form: SECRET }],
  ['repeats the client_id of Basic', { form: { client_id: 'lab-client' } }],
  [
    'has more percent-encoding than it needs',
    { headers: { ...FORM, authorization: `basic ${btoa('lab%2Dclient:lab%2Dclient%2Dsecret')}` } },
  ],
]

let running: RunningProgram
let server: CheckDriver
let standIns: StandInServer
let standIn: StandIn
let redirectUri: string

beforeAll(async () => {
  const [serverPort, clientPort] = [await freePort(), await freePort()]
  const [AUTH_SERVER_URL, CLIENT_URL] = [serverPort, clientPort].map(
    (port) => `http://localhost:${port}`,
  ) as [string, string]
  redirectUri = `${CLIENT_URL}/callback`
  running = await startInProcess({
    program: 'server',
    folder: findVersion('v09').folder,
    port: serverPort,
    settings: { AUTH_SERVER_URL, CLIENT_URL },
    signal: new AbortController().signal,
  })
  server = new CheckDriver({
    authServerUrl: AUTH_SERVER_URL,
    clientUrl: CLIENT_URL,
    clientId: 'lab-client',
    clientSecret: 'lab-client-secret',
  })
  standIns = await StandInServer.start(redirectUri, { scopes: ['profile', 'email'] })
  reset()
})

afterAll(() => Promise.all([running.stop(), standIns.close()]))

describe('the stand-in server rejects, as the server of v09 does, a token request that', () => {
  test.each(wrong)('%s', async (_what, sent) => {
    const { standIn, server } = await sendToBoth(sent)
    expect(standIn).toEqual(server)
    expect(standIn.status).toBeGreaterThanOrEqual(400)
  })

  test('has a code or a refresh token that was used before', async () => {
    const code = await newCode()
    const first = await sendToBoth({}, code)
    expect(first.standIn.status).toBe(200)
    expect((await sendToBoth({}, code)).standIn.error).toBe('invalid_grant')
    const refresh = await refreshAtStandIn()
    expect((await send(standIn.url, refresh, '')).status).toBe(200)
    expect((await send(standIn.url, refresh, '')).body.error).toBe('invalid_grant')
    expect(standIn.refusal?.reason).toContain('used')
  })
})

describe('the stand-in server and the server of v09 agree about a revocation request that', () => {
  test.each(wrongRevocation)('%s', async (_what, sent) => {
    const [standIn, server] = await revokeAtBoth('unknown', sent)
    expect(standIn).toEqual(server)
    expect(standIn?.status).toBeGreaterThanOrEqual(400)
  })

  test.each([...right, ['has a hint', { form: { token_type_hint: 'x' } }] as const])(
    '%s',
    async (_what, sent) => {
      const [standIn, server] = await revokeAtBoth('unknown', sent)
      expect(standIn).toEqual(server)
      expect(standIn).toEqual({ status: 200, challenge: '', error: undefined })
    },
  )

  test.each(['access token', 'refresh token', 'used refresh token', 'unknown token'])(
    'has an %s: what ends',
    async (kind) => {
      const ended = []
      for (const { url, access_token, refresh_token } of await tokensOfBoth('profile')) {
        const form = { grant_type: 'refresh_token', refresh_token }
        const { body } = await send(url, { form }, '')
        const token = {
          'access token': access_token,
          'refresh token': String(body.refresh_token),
          'used refresh token': refresh_token,
          'unknown token': 'unknown',
        }[kind]
        expect(await send(url, revocation(String(token)), '', '/revoke')).toMatchObject({
          status: 200,
        })
        const works = [access_token, String(body.access_token)].map(async (one) => {
          const headers = { authorization: `Bearer ${one}` }
          return (await new Browser().open(`${url}/api/me`, { headers })).status
        })
        const newest = { ...form, refresh_token: String(body.refresh_token) }
        ended.push([...(await Promise.all(works)), (await send(url, { form: newest }, '')).status])
      }
      expect(ended[0]).toEqual(ended[1])
    },
  )

  test('is rejected: the stand-in keeps the reason', async () => {
    reset()
    await send(standIn.url, { ...revocation('x'), without: 'token' }, '', '/revoke')
    expect(standIn.refusedRevocation).toMatchObject({
      reason: 'it has no token',
      file: 'client/revocation.ts',
    })
    reset()
    expect(standIn.refusedRevocation).toBeUndefined()
  })
})

describe('the stand-in server accepts, as the server of v09 does, a token request that', () => {
  test.each(right)('%s', async (_what, sent) => {
    const { standIn, server } = await sendToBoth(sent)
    expect(standIn).toEqual(server)
    expect(standIn.status).toBe(200)
  })

  test('has the old refresh token, when the last refresh returned no new one', async () => {
    const refresh = await refreshAtStandIn()
    standIn.onToken = () => ({ status: 200, body: { access_token: 'x', token_type: 'Bearer' } })
    expect((await send(standIn.url, refresh, '')).status).toBe(200)
    expect((await send(standIn.url, refresh, '')).status).toBe(200)
  })
})

const scopes = [
  ['', 'email', 'profile', 'profile email', 'email profile email'],
  ['admin', 'profile  email', ' ', 'email ', 'profile,email', '__proto__', 'a"b'],
].flat()

describe('the stand-in server and the server of v09 agree about a scope:', () => {
  test.each(scopes)('"%s" in an authorization request', async (scope) => {
    const { location } = await server.authorize({ scope })
    const error = location && new URL(location).searchParams.get('error')
    reset()
    standIn.noteLogin(new URLSearchParams({ scope }))
    expect(standIn.refusedLogin?.error).toBe(error)
  })

  test.each(scopes)(
    '"%s" in a refresh of a login for profile and email, or for profile',
    async (scope) => {
      for (const login of ['email profile', 'profile']) {
        const tokens = await tokensOfBoth(login)
        const answers = []
        for (const { url, refresh_token } of tokens) {
          const form = { grant_type: 'refresh_token', refresh_token, scope }
          const narrowed = (await send(url, { form }, '')).body
          const again = {
            ...form,
            scope: '',
            refresh_token: narrowed.refresh_token ?? refresh_token,
          }
          const whole = (await send(url, { form: again }, '')).body
          answers.push([narrowed.error, narrowed.scope, whole.scope])
        }
        expect(answers[0]).toEqual(answers[1])
      }
    },
  )

  test.each(['profile', 'email', 'profile email'])('"%s" at the resources', async (scope) => {
    for (const path of ['/api/me', '/api/email']) {
      const answers = []
      for (const { url, access_token } of await tokensOfBoth(scope)) {
        const headers = { authorization: `Bearer ${access_token}` }
        const page = await new Browser().open(url + path, { headers })
        const { error_description: _, ...body } = JSON.parse(page.body)
        answers.push([page.status, body])
      }
      expect(answers[0]).toEqual(answers[1])
    }
  })

  test('one that comes twice is rejected', () => {
    reset()
    standIn.noteLogin(new URLSearchParams('scope=profile&scope=profile'))
    expect(standIn.refusedLogin?.error).toBe('invalid_request')
  })
})

test('a stand-in whose user allows part of what is asked for issues a token for that part', async () => {
  const code = await newCode({ scope: 'profile email' })
  standIn.allows = ['email']
  const { body } = await send(standIn.url, {}, code)
  expect(body.scope).toBe('email')
  const headers = { authorization: `Bearer ${body.access_token}` }
  expect((await new Browser().open(`${standIn.url}/api/me`, { headers })).status).toBe(403)
  const form = { grant_type: 'refresh_token', refresh_token: String(body.refresh_token) }
  expect((await send(standIn.url, { form }, '')).body.scope).toBe('email')
  reset()
  expect(standIn.allows).toBeUndefined()
})

test('a stand-in for a server without scopes ignores one', () => {
  const old = new StandIn('http://localhost:0', redirectUri)
  old.noteLogin(new URLSearchParams({ scope: 'admin' }))
  expect(old.refusedLogin).toBeUndefined()
  expect(old.tokens().body).not.toHaveProperty('scope')
})

/** The tokens of a login for a scope, at the stand-in and at the server. */
async function tokensOfBoth(scope: string) {
  const code = await newCode({ scope })
  const answers = []
  for (const url of [standIn.url, server.serverUrl]) {
    const { body } = await send(url, {}, code)
    expect(body.scope).toBe(scope)
    const { access_token = '', refresh_token = '' } = body
    answers.push({ url, access_token, refresh_token })
  }
  return answers
}

/** Lets the stand-in forget everything. */
function reset(): void {
  standIns.reset()
  standIn = standIns.standIn
}

/** A code that both servers know. */
async function newCode(changes: Record<string, string> = {}): Promise<string> {
  const code = await server.code(changes)
  reset()
  standIn.noteLogin(new URLSearchParams({ code_challenge: CODE_CHALLENGE, ...changes }))
  standIn.noteCode(code)
  return code
}

/** A refresh request with the token of a new login at the stand-in. */
async function refreshAtStandIn(): Promise<Sent> {
  const { body } = await send(standIn.url, {}, await newCode())
  return { form: { grant_type: 'refresh_token', refresh_token: String(body.refresh_token) } }
}

/** A revocation request. */
function revocation(token: string, { form, ...sent }: Sent = {}): Sent {
  return { ...sent, form: { token, ...form } }
}

async function revokeAtBoth(token: string, sent: Sent) {
  const urls = [standIn.url, server.serverUrl]
  const answers = await Promise.all(
    urls.map((url) => send(url, revocation(token, sent), '', '/revoke')),
  )
  return answers.map(({ status, challenge, body }) => ({ status, challenge, error: body.error }))
}

async function sendToBoth(sent: Sent, code?: string) {
  const known = code ?? (await newCode())
  const urls = [standIn.url, server.serverUrl]
  const answers = await Promise.all(urls.map((url) => send(url, sent, known)))
  const [ofStandIn, ofServer] = answers.map(({ status, challenge, body }) => {
    return { status, challenge, error: body.error }
  })
  return { standIn: ofStandIn as Outcome, server: ofServer as Outcome }
}

interface Outcome {
  status: number
  challenge: string | undefined
  error: string | undefined
}

async function send(
  url: string,
  { headers = HEADERS, form, without, more = '' }: Sent,
  code: string,
  path = '/token',
) {
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUri,
    code_verifier: CODE_VERIFIER,
    ...form,
  })
  if (without !== undefined) body.delete(without)
  const page = await new Browser().open(url + path, {
    method: 'POST',
    headers,
    body: body + more,
  })
  const [challenge] = String(page.headers['www-authenticate'] ?? '').split(' ')
  return {
    status: page.status,
    challenge,
    body: JSON.parse(page.body || '{}') as Record<string, string>,
  }
}
