import { request } from 'node:http'
import Fastify from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keepToThisMachine } from '../manners.ts'
import { TestWorkshop } from './lab.ts'

let workshop: TestWorkshop

beforeAll(async () => {
  workshop = await TestWorkshop.open()
})

afterAll(() => workshop.close())

/** Sends headers that fetch would not let pass; gives status and body. */
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

test('a name of somebody else that leads here gets no page', async () => {
  const { port } = new URL(workshop.url)
  for (const host of ['evil.example', `evil.example:${port}`, 'localhost', `localhost.:${port}`]) {
    const [status, body] = await ask('GET', '/run', { host })
    expect([host, status]).toEqual([host, 403])
    expect(body).toContain(`This app answers at ${workshop.url}`)
  }
})

test('each name of this machine gets a page', async () => {
  const { port } = new URL(workshop.url)
  for (const name of ['localhost', '127.0.0.1', '[::1]']) {
    expect((await ask('GET', '/run', { host: `${name}:${port}` }))[0]).toBe(200)
  }
})

test('at port 80, which browsers leave out, each name gets a page, and its form is taken', async () => {
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
  expect(elsewhere.body).toContain('This app answers at http://localhost,')
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

test('a page of another site can follow a link here, and read nothing', async () => {
  const foreign = { 'sec-fetch-site': 'cross-site' }
  expect((await ask('GET', '/run', { ...foreign, 'sec-fetch-mode': 'no-cors' }))[0]).toBe(403)
  expect((await ask('GET', '/run', { ...foreign, 'sec-fetch-mode': 'navigate' }))[0]).toBe(200)
})

test('an address that can not be decoded is told so', async () => {
  const [status, body] = await ask('GET', '/%zz', {})
  expect([status, body]).toEqual([400, 'This address is malformed.\n'])
})

test('its own pages can', async () => {
  const headers = { origin: workshop.url, 'content-type': 'application/x-www-form-urlencoded' }
  const [status, body] = await ask('POST', '/run/beside', headers)
  expect(status).toBe(404)
  expect(body).toContain('There is no version of that name.')
})

test('every answer forbids scripts of others, frames and guesses at its type', async () => {
  for (const path of ['/run', '/nowhere', '/assets/workshop.css', '/vendor/htmx/htmx.min.js']) {
    const { headers } = await fetch(`${workshop.url}${path}`)
    expect(headers.get('content-security-policy')).toContain("script-src 'self'")
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
  }
})

test('a version is looked up in a list, and never made a path of', async () => {
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
    const body = new URLSearchParams({ version })
    const answer = await fetch(`${workshop.url}/run/beside`, { method: 'POST', body })
    expect([version, answer.status]).toEqual([version, 404])
  }
})

test('what is not there is told with the way back', async () => {
  const answer = await fetch(`${workshop.url}/nowhere`)
  expect(answer.status).toBe(404)
  expect(await answer.text()).toContain('There is no page at this address.')
})

test('a body that is no form is refused, and breaks nothing', async () => {
  const headers = { 'content-type': 'application/xml' }
  const answer = await fetch(`${workshop.url}/run/start`, { method: 'POST', body: 'x', headers })
  expect(answer.status).toBe(415)
})
