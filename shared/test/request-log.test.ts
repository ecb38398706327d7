import fc from 'fast-check'
import Fastify from 'fastify'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { logRequests, mask, maskUrl } from '../request-log.ts'

const SECRET = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
const MASKED = 'dBjf****EjXk'

describe('an address in the log', () => {
  const rows: [string, string, string][] = [
    ['shows a path unchanged', '/profile', '/profile'],
    [
      "shows parameters that aren't secret",
      '/authorize?client_id=a&response_type=code',
      '/authorize?client_id=a&response_type=code',
    ],
    ['masks a code', `/callback?code=${SECRET}`, `/callback?code=${MASKED}`],
    ['masks a state', `/callback?state=${SECRET}&error=x`, `/callback?state=${MASKED}&error=x`],
    [
      'masks a challenge',
      `/authorize?code_challenge=${SECRET}`,
      `/authorize?code_challenge=${MASKED}`,
    ],
    ['masks all of a short value', '/callback?code=password0', '/callback?code=****'],
    ['masks unknown parameters', `/?x=${SECRET}&y=z`, `/?x=${MASKED}&y=****`],
    ['masks a value under a name in capitals', `/?CLIENT_ID=${SECRET}`, `/?CLIENT_ID=${MASKED}`],
    ['masks a name that is percent-encoded', `/?cod%65=${SECRET}`, `/?cod%65=${MASKED}`],
    ['masks a value without a name', `/?${SECRET}`, `/?${MASKED}`],
    ['masks a value with an equals sign', '/?code=a=b', '/?code=****'],
    ['masks a value after a second question mark', `/?a?code=${SECRET}`, `/?a?code=${MASKED}`],
    ['masks a token in a path', `/api/${SECRET}`, `/api/${MASKED}`],
    [
      'masks a secret in a plain value',
      `/?redirect_uri=a?code=${SECRET}`,
      `/?redirect_uri=a?code=${MASKED}`,
    ],
    ['shows an empty value', '/callback?code=', '/callback?code='],
    ['has no control characters for the terminal', '/\x1b[31m?error=\x07é', '/?[31m?error=??'],
  ]
  for (const [sentence, url, shown] of rows) {
    test(sentence, () => expect(maskUrl(url)).toBe(shown))
  }

  test('never contains a secret, wherever it is in the query', () => {
    const secret = fc.stringMatching(/^[\w-]{16,64}$/)
    const name = fc.string({ maxLength: 8 }).map(encodeURIComponent)
    const other = fc.tuple(name, name).map(([one, two]) => `${one}=${two}`)
    fc.assert(
      fc.property(secret, name, fc.array(other), fc.array(other), (value, key, before, after) => {
        const query = [...before, `${key}=${value}`, ...after].join('&')
        expect(maskUrl(`/callback?${query}`)).not.toContain(value)
      }),
    )
  })

  test('shows at most eight characters of a secret, and never half of it', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[\w-]*$/), (secret) => {
        const shown = mask(secret).replaceAll('*', '')
        expect(shown.length).toBeLessThanOrEqual(Math.min(8, secret.length / 2))
      }),
    )
  })
})

describe('the log', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  test('has a line for each request: program, channel, method, path, status, milliseconds', async () => {
    const lines: string[] = []
    vi.spyOn(console, 'log').mockImplementation((text) => lines.push(...text.split('\n')))
    const app = Fastify()
    logRequests(app)
    app.addHook('onRequest', async (_, reply) => {
      reply.header('x-oauth-lab', 'v01-code-flow server')
    })
    app.get('/authorize', async () => 'x')
    app.get('/style.css', async () => 'x')
    const config = { backChannel: true }
    app.post('/token', { config }, async (_, reply) => reply.code(401).send('x'))
    app.get('/api/me', { config }, async () => 'x')

    await app.inject(`/authorize?code_challenge=${SECRET}`)
    await app.inject('/style.css')
    await app.inject({
      method: 'POST',
      url: '/token',
      headers: { authorization: `Basic ${SECRET}` },
      payload: { code: SECRET },
    })
    await app.inject({
      url: '/api/me',
      headers: { authorization: `Bearer ${SECRET}`, cookie: SECRET },
    })
    await app.inject('/tokens')
    await expect.poll(() => lines).toHaveLength(4)
    expect(lines.map((line) => line.replace(/\d+ ms$/, 'N ms').split(/ {2,}/))).toEqual([
      ['server', 'front', 'GET', `/authorize?code_challenge=${MASKED}`, '200', 'N ms'],
      ['server', 'back', 'POST', '/token', '401', 'N ms'],
      ['server', 'back', 'GET', '/api/me', '200', 'N ms'],
      ['server', 'front', 'GET', '/tokens', '404', 'N ms'],
    ])
  })
})
