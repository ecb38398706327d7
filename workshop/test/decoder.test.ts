import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { NEEDS_CHROMIUM, testsPages } from '@oauth-lab/shared/testing/chromium.ts'
import { basic } from '@oauth-lab/shared/testing/driver.ts'
import type { Page } from 'playwright-core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { seriousProblems, workshopOfFile } from './lab.ts'

const workshop = await workshopOfFile('v13-jwt')

const HEADER = { alg: 'ES256', typ: 'at+jwt', kid: 'key-1' }
const CLAIMS = {
  iss: 'http://localhost:25000',
  sub: 'user0',
  scope: 'profile',
  iat: 1000,
  exp: 1300,
}
const ours = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' })

function encode(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString(
    'base64url',
  )
}

function makeToken(
  claims: unknown = CLAIMS,
  header: unknown = HEADER,
  key: KeyObject = ours.privateKey,
): string {
  const signed = `${encode(header)}.${encode(claims)}`
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' })
  return `${signed}.${signature.toString('base64url')}`
}

/** What a person may paste in place of a token, and words of the sentence about it. */
const NO_TOKENS: [what: string, text: string, words: string][] = [
  ['a random value', randomBytes(32).toString('base64url'), 'says nothing by itself'],
  ['two parts', 'eyJhbGciOiJFUzI1NiJ9.e30', 'This has 2.'],
  ['an encrypted token', 'eyJhbGciOiJkaXIifQ..aXY.Y2lwaGVy.dGFn', 'encrypted token (JWE'],
  ['a character too many', 'eyJhb+ciOiJFUzI1NiJ9.e30.x', 'which has no "+"'],
  ['a character outside the alphabet', 'e30.e30.\u{1f511}', 'which has no "\u{1f511}"'],
  ['a cut part', 'e30.e30.abcde', 'The signature must be base64url. It has one character'],
  ['a header that is no JSON', `${encode('hello')}.e30.abcd`, 'The header is base64url, but not'],
  ['claims in a list', `${encode(HEADER)}.${encode([1])}.abcd`, 'The claims are base64url, but'],
  ['claims that are null', `${encode(HEADER)}.${encode('null')}.abcd`, 'The claims are base64url'],
  ['bytes that are no text', `${encode(HEADER)}._w.abcd`, 'The claims are base64url'],
  ['something endless', `e30.${'a'.repeat(20_000)}.abcd`, 'too long for a token'],
]

/** The page with this token in it. */
async function paste(text: string): Promise<Page> {
  const page = await workshop.visit('/reference/decoder')
  await page.getByLabel('Token', { exact: true }).fill(text)
  return page
}

/** A field of the token on the page. */
function fieldOf(page: Page, name: string) {
  return page
    .locator('.token-parts .field')
    .filter({ has: page.locator('dt').getByText(name, { exact: true }) })
}

/** Until the test ends, the running server publishes this at /jwks. */
async function serveKeys(body: string): Promise<void> {
  const server = createServer((_request, response) => response.end(body)).listen(0, 'localhost')
  await once(server, 'listening')
  const { main } = workshop
  const { addresses } = main
  const { port } = server.address() as AddressInfo
  main.addresses = { ...addresses, server: `http://localhost:${port}` }
  onTestFinished(() => {
    main.addresses = addresses
    server.close()
  })
}

describe.runIf(testsPages)(NEEDS_CHROMIUM, () => {
  test('a token is taken apart, with each field explained and its times in words', async () => {
    const soon = Math.ceil(Date.now() / 1000) + 86_400 * 10 + 60
    const page = await paste(makeToken({ ...CLAIMS, exp: soon, cnf: { jkt: 'x' } }))
    expect(await page.locator('#told').textContent()).toContain('A JWT')
    expect(await fieldOf(page, 'alg').textContent()).toContain('RFC 8725 section 3.1')
    expect(await fieldOf(page, 'sub').textContent()).toContain('RFC 7519 section 4.1.2')
    expect(await fieldOf(page, 'iat').textContent()).toMatch(/1970.*days ago/s)
    expect(await fieldOf(page, 'exp').textContent()).toContain('expires in 10 days')
    expect(await fieldOf(page, 'cnf').textContent()).toContain('{"jkt":"x"}')
    await page.emulateMedia({ colorScheme: 'dark' })
    expect(await seriousProblems(page)).toEqual([])
    await page.getByLabel('Token', { exact: true }).fill(makeToken())
    expect(await fieldOf(page, 'exp').textContent()).toMatch(/expired [\d,]+ days ago/)
  })

  test('a token may be broken over lines and have its header before it', async () => {
    const lines = makeToken().replace(/.{40}/g, '$&\n')
    const page = await paste(`Authorization: Bearer ${lines}`)
    expect(await fieldOf(page, 'sub').textContent()).toContain('user0')
  })

  test('the token stays in the page: no request, no address, nothing stored', async () => {
    await serveKeys('{}')
    const page = await workshop.visit('/reference/decoder')
    const asked: string[] = []
    page.on('request', (request) => asked.push(`${request.url()} ${request.postData() ?? ''}`))
    const token = makeToken()
    await page.getByLabel('Token', { exact: true }).fill(token)
    await page.getByRole('button', { name: 'Check the signature' }).click()
    await page.getByText('No running server has keys').waitFor()
    await page.getByLabel('Token', { exact: true }).press('Enter')

    expect(asked).toContain(`${workshop.url}/reference/decoder/keys `)
    const parts = token.split('.')
    expect(asked.filter((text) => parts.some((part) => text.includes(part)))).toEqual([])
    expect(page.url()).toBe(`${workshop.url}/reference/decoder`)
    const stored = await page.evaluate(
      'document.cookie + JSON.stringify({ ...localStorage, ...sessionStorage })',
    )
    expect(parts.filter((part) => String(stored).includes(part))).toEqual([])
    await page.reload()
    expect(await page.getByLabel('Token', { exact: true }).inputValue()).toBe('')
  })

  test('a text that is no token gets a sentence that says why', async () => {
    const page = await paste('')
    for (const [what, text, words] of NO_TOKENS) {
      await page.getByLabel('Token', { exact: true }).fill(text)
      const told = await page.locator('#told').textContent()
      expect([what, told]).toEqual([what, expect.stringContaining(words)])
      expect(await page.locator('.token-parts').count()).toBe(0)
    }
  })

  test('odd claims are shown as they are', async () => {
    const nested = '['.repeat(4_000) + ']'.repeat(4_000)
    const odd = `{"__proto__":"a","":"<b>b</b>","exp":"tomorrow","iat":1e300,"deep":${nested}}`
    const page = await paste(`${encode(HEADER)}.${encode(odd)}.abcd`)
    expect(await fieldOf(page, '__proto__').textContent()).toContain('a')
    expect(await page.locator('.token-parts dl').last().textContent()).toContain('<b>b</b>')
    expect(await fieldOf(page, 'exp').textContent()).toContain("This isn't a time")
    expect(await fieldOf(page, 'iat').textContent()).toContain("This isn't a time")
  })

  test('the signature of a token that v13 issued is right', async () => {
    const { server } = workshop.main.addresses
    const body = new URLSearchParams({ grant_type: 'client_credentials' })
    const authorization = basic('worker-client', 'worker-client-secret')
    const answer = await fetch(`${server}/token`, {
      method: 'POST',
      body,
      headers: { authorization },
    })
    const { access_token } = (await answer.json()) as { access_token: string }
    const page = await paste(access_token)
    expect(await fieldOf(page, 'sub').textContent()).toContain('worker-client')
    await page.getByRole('button', { name: 'Check the signature' }).click()
    await page.getByText(`It's right: ${server} signed`).waitFor()
  })

  test("a signature is checked with the running server's keys, whatever the token says", async () => {
    const jwk = {
      ...ours.publicKey.export({ format: 'jwk' }),
      kid: 'key-1',
      alg: 'ES256',
      use: 'sig',
    }
    await serveKeys(JSON.stringify({ keys: [jwk, { kid: 'broken' }] }))
    const [header = '', , signature = ''] = makeToken().split('.')
    const own = foreign.publicKey.export({ format: 'jwk' })
    const cases: [token: string, words: string][] = [
      [makeToken(), "It's right"],
      [`${header}.${encode({ ...CLAIMS, sub: 'user1' })}.${signature}`, "It's wrong"],
      [makeToken(CLAIMS, { ...HEADER, jwk: own }, foreign.privateKey), "It's wrong"],
      [makeToken(CLAIMS, { ...HEADER, kid: 'other' }), 'No running server has a key with this kid'],
      [makeToken(CLAIMS, { ...HEADER, kid: 'broken' }), "It's wrong"],
      [makeToken(CLAIMS, { ...HEADER, alg: 'HS256' }), 'accepts ES256 alone'],
    ]
    const page = await workshop.visit('/reference/decoder')
    for (const [token, words] of cases) {
      await page.getByLabel('Token', { exact: true }).fill(token)
      await page.getByRole('button', { name: 'Check the signature' }).click()
      await page.locator('.token-parts').getByText(words).waitFor()
    }
    await page.getByLabel('Token', { exact: true }).fill(`${encode({ alg: 'none' })}.e30.`)
    await page.getByText('nobody signed this token').waitFor()
    expect(await page.getByRole('button', { name: 'Check the signature' }).isVisible()).toBe(false)
  })

  test.each(['', 'no JSON', '{}', '{"keys":{}}'])(
    'a server that publishes %j has no keys',
    async (body) => {
      await serveKeys(body)
      const { status, text } = await workshop.get('/reference/decoder/keys')
      expect([status, text]).toEqual([200, '{"keys":[]}'])
    },
  )

  test('a response that is too long for keys is not read to its end', async () => {
    await serveKeys(`{"keys":[${' '.repeat(10_000_000)}{}]}`)
    expect((await workshop.get('/reference/decoder/keys')).text).toBe('{"keys":[]}')
  })

  test('a server that does not run is not asked for keys', async () => {
    await serveKeys('{"keys":[{}]}')
    const { main } = workshop
    main.state = 'stopped'
    onTestFinished(() => {
      main.state = 'running'
    })
    expect((await workshop.get('/reference/decoder/keys')).text).toBe('{"keys":[]}')
  })

  test('the live traffic takes a token apart in place, and keeps its signature masked', async () => {
    const token = makeToken()
    const authorization = `Bearer ${token}`
    await fetch(`${workshop.main.addresses.server}/here`, { headers: { authorization } })
    const page = await workshop.visit('/traffic')
    const row = page.locator('.row.request', { hasText: 'GET /here' })
    await row.locator('summary').first().press('Enter')
    expect(await fieldOf(page, 'sub').count()).toBe(0)
    await row.getByText('Take it apart').press('Enter')
    await fieldOf(page, 'sub').waitFor()
    const [header = '', , signature = ''] = token.split('.')
    const main = page.locator('main')
    expect(await main.textContent()).toContain(header)
    expect(await main.textContent()).not.toContain(signature)
    await row.locator('.token-parts button.value').click()
    expect(await main.textContent()).toContain(signature)
    expect(await seriousProblems(page, '.row.request .token-parts')).toEqual([])
    await page.setViewportSize({ width: 390, height: 800 })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390)
  })

  test('the page looks right, and the reference leads to it', async () => {
    await workshop.inspect('/reference/decoder', 'decoder')
    const page = await workshop.visit('/reference')
    await page.getByRole('link', { name: 'Take it apart' }).click()
    await page.getByRole('heading', { name: 'Take a token apart' }).waitFor()
  })
})
