import { existsSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { NEEDS_CHROMIUM, testsPages } from '@oauth-lab/shared/testing/chromium.ts'
import Fastify from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { keepToThisMachine } from '../local-requests.ts'
import { workshopOfFile } from './lab.ts'

const workshop = await workshopOfFile()

/** Sends headers that fetch would not send, and returns status and body. */
function ask(
  method: string,
  path: string,
  headers: Record<string, string>,
): Promise<[number, string]> {
  return new Promise((resolve, reject) => {
    const sent = request(`${workshop.url}${path}`, { method, headers }, async (response) => {
      const chunks = await response.toArray()
      resolve([response.statusCode ?? 0, Buffer.concat(chunks).toString()])
    })
    sent.on('error', reject)
    sent.end()
  })
}

test('a foreign host name that points here gets no page', async () => {
  const { port } = new URL(workshop.url)
  for (const host of ['evil.example', `evil.example:${port}`, 'localhost', `localhost.:${port}`]) {
    const [status, body] = await ask('GET', '/run', { host })
    expect([host, status]).toEqual([host, 403])
    expect(body).toContain(`This app only responds at ${workshop.url}`)
  }
})

test('each host name of this machine gets a page', async () => {
  const { port } = new URL(workshop.url)
  for (const name of ['localhost', '127.0.0.1', '[::1]']) {
    expect((await ask('GET', '/run', { host: `${name}:${port}` }))[0]).toBe(200)
  }
})

test('at port 80, which browsers leave out, each host name gets a page and can send forms', async () => {
  const app = Fastify()
  keepToThisMachine(app, 80)
  app.all('/', async () => 'a page')
  for (const host of ['localhost', '127.0.0.1', '[::1]']) {
    expect((await app.inject({ url: '/', headers: { host } })).statusCode).toBe(200)
    const headers = { host, origin: `http://${host}` }
    expect((await app.inject({ method: 'POST', url: '/', headers })).statusCode).toBe(200)
  }
  const elsewhere = await app.inject({ url: '/', headers: { host: 'evil.example' } })
  expect(elsewhere.statusCode).toBe(403)
  expect(elsewhere.body).toContain('This app only responds at http://localhost.')
})

test('a page of another site can change nothing', async () => {
  const { port } = new URL(workshop.url)
  const strangers = [
    { origin: 'http://evil.example' },
    { origin: `http://localhost:${Number(port) - 1}` },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ]
  for (const headers of strangers) {
    const [status, body] = await ask('POST', '/run/stop', headers)
    expect([headers, status]).toEqual([headers, 403])
    expect(body).toContain('another site')
  }
})

test('a page of another site can link here, but load nothing in secret', async () => {
  const foreign = { 'sec-fetch-site': 'cross-site' }
  const link = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
  expect((await ask('GET', '/run', { ...foreign, ...link }))[0]).toBe(200)
  for (const kind of ['iframe', 'frame', 'embed', 'object']) {
    const frame = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': kind }
    expect([kind, (await ask('GET', '/run', { ...foreign, ...frame }))[0]]).toEqual([kind, 403])
  }
  expect((await ask('GET', '/run', { ...foreign, 'sec-fetch-mode': 'no-cors' }))[0]).toBe(403)
})

test('a link from another site records nothing and starts nothing', async () => {
  const link = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
  const pages = ['', '/the-idea', '/difference', '/wire', '/attacks']
  for (const site of ['cross-site', 'same-site']) {
    for (const page of pages) {
      const path = `/lessons/v02-state${page}`
      const [status, body] = await ask('GET', path, { ...link, 'sec-fetch-site': site })
      expect([path, status]).toEqual([path, 200])
      expect(body).not.toMatch(/hx-trigger="load/)
    }
  }
  const [, exercise] = await ask('GET', '/exercises/v02', {
    ...link,
    'sec-fetch-site': 'same-site',
  })
  expect(exercise).not.toMatch(/hx-trigger="load/)
  expect(existsSync(join(workshop.playground, '.progress.json'))).toBe(false)
  await ask('GET', '/lessons/v02-state', { ...link, 'sec-fetch-site': 'none' })
  expect(existsSync(join(workshop.playground, '.progress.json'))).toBe(true)
})

test("an address that can't be decoded gets a clear error", async () => {
  const [status, body] = await ask('GET', '/%zz', {})
  expect([status, body]).toEqual([400, 'This address is malformed. Check it for typing errors.\n'])
})

test('its own pages can', async () => {
  const headers = { origin: workshop.url, 'content-type': 'application/x-www-form-urlencoded' }
  const [status, body] = await ask('POST', '/run/beside', headers)
  expect(status).toBe(404)
  expect(body).toContain('There is no version with that name.')
})

test('every response forbids scripts of others, frames and content sniffing', async () => {
  for (const path of ['/run', '/nowhere', '/assets/workshop.css', '/vendor/htmx/htmx.min.js']) {
    const { headers } = await fetch(`${workshop.url}${path}`)
    expect(headers.get('content-security-policy')).toContain("script-src 'self'")
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
  }
})

test('a version is found in a list, and its name never becomes part of a path', async () => {
  for (const version of [
    '../../etc',
    '/',
    '..',
    'v01',
    'copy-v01/..',
    '',
    'constructor',
    'v01-code-flow/',
  ]) {
    const answer = await workshop.post('/run/beside', { version })
    expect([version, answer.status]).toEqual([version, 404])
  }
})

test("a body that isn't a form is rejected, and breaks nothing", async () => {
  const headers = { 'content-type': 'application/xml' }
  const answer = await fetch(`${workshop.url}/run/start`, { method: 'POST', body: 'x', headers })
  expect(answer.status).toBe(415)
  const json = { method: 'POST', headers: { 'content-type': 'application/json' } }
  for (const path of ['/requests/send', '/requests/edit', '/requests/before', '/traffic/next']) {
    const body = JSON.stringify({ path: { toString: 1 }, message: { valueOf: 1, toString: 1 } })
    const sent = await fetch(workshop.url + path, { ...json, body })
    expect([path, sent.status]).toEqual([path, 415])
    expect(await sent.text()).toContain('class="problem"')
  }
})

describe.runIf(testsPages)(NEEDS_CHROMIUM, () => {
  test('frames, images and scripts of another site get nothing, and have no effect', async () => {
    const paths = ['/lessons/v03-pkce', '/lessons/v03-pkce/wire', '/exercises/v03', '/events']
    const elements = paths.flatMap((path) =>
      ['iframe', 'img', 'embed', 'script'].map(
        (tag) => `<${tag} src="${workshop.url}${path}"></${tag}>`,
      ),
    )
    const foreign = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html')
      response.end(`<title>Foreign</title>${elements.join('\n')}`)
    })
    await new Promise<void>((resolve) => foreign.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void foreign.close())
    const page = await workshop.newPage({ own: {}, losesConnection: true })
    const statuses: number[] = []
    page.on('response', (response) => {
      if (response.url().startsWith(workshop.url)) statuses.push(response.status())
    })
    await page.goto(`http://127.0.0.1:${(foreign.address() as AddressInfo).port}/`)
    expect(statuses.length).toBeGreaterThanOrEqual(paths.length)
    expect(new Set(statuses)).toEqual(new Set([403]))
    expect((await workshop.get('/')).text).not.toContain('>Continue: v03')
  })
})
