import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createApp } from '../app.ts'
import { OAuthError } from '../oauth.ts'
import { PageError } from '../page-error.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

function appThatThrows(error: Error) {
  const app = createApp(join('somewhere', 'v09-lesson', 'client'))
  for (const path of ['/page', '/api/thing']) {
    app.get(path, async () => {
      throw error
    })
  }
  return app
}

describe('an app', () => {
  test('takes its name and its version from its folder', async () => {
    const { headers, body } = await createApp(join('somewhere', 'v09-lesson', 'client')).inject('/')
    expect(headers['x-oauth-lab']).toBe('v09-lesson client')
    expect(body).toContain('<strong>v09-lesson</strong>')
  })

  test('has one style sheet, which its pages may load', async () => {
    const { statusCode, headers } = await appThatThrows(new Error()).inject('/style.css')
    expect(statusCode).toBe(200)
    expect(headers['content-type']).toMatch(/^text\/css/)
  })

  test("keeps to the schemas of a route, which a learner's copy may have", async () => {
    const app = createApp(join('somewhere', 'v09-lesson', 'server'))
    const properties = { n: { type: 'integer' } }
    const response = { 200: { type: 'object', properties } }
    const querystring = { type: 'object', properties, required: ['n'] }
    app.get('/one', { schema: { querystring, response } }, async ({ query }) => {
      return { ...(query as object), more: true }
    })
    expect((await app.inject('/one?n=5')).json()).toEqual({ n: 5 })
    expect((await app.inject('/one?n=x')).statusCode).toBe(400)
  })

  test('turns a rejection into a page with its status, escaped, and a link to continue', async () => {
    const next = { href: '/login', text: 'Start again' }
    const app = appThatThrows(new PageError(418, '<i>', '<b>', next))
    const { statusCode, headers, body } = await app.inject('/page')
    expect(statusCode).toBe(418)
    expect(headers['content-type']).toBe('text/html; charset=utf-8')
    expect(body).toContain('&lt;b&gt;')
    expect(body).not.toMatch(/<[bi]>/)
    expect(body).toContain('<a class="button" href="/login">Start again</a>')
  })

  test("says in words what it couldn't read, and what to do about it", async () => {
    const app = createApp(join('somewhere', 'v09-lesson', 'client'))
    await app.listen({ port: 0, host: 'localhost' })
    const { port } = app.server.address() as AddressInfo
    const cookies = `Cookie: ${'name=value; '.repeat(1_500)}`
    const unreadable = [
      [
        `GET / HTTP/1.1\r\nHost: localhost\r\n${cookies}\r\n\r\n`,
        /^HTTP\/1\.1 431 .*Delete the cookies of localhost/s,
      ],
      ['GET / HTTP/9.9\r\n\r\n', /^HTTP\/1\.1 400 .*This is not a valid HTTP request/s],
    ] as const
    for (const [request, words] of unreadable) {
      const answer = await text(connect(port, 'localhost').end(request))
      expect(answer).toMatch(words)
      expect(answer).toMatch(/\r\ncontent-type: text\/plain; charset=utf-8\r\n/i)
    }
    await app.close()
  })

  test('reads the rest of a body that is too large, so its sender can read the response', async () => {
    const app = createApp(join('somewhere', 'v09-lesson', 'client'))
    app.post('/form', async () => 'Thanks.')
    await app.listen({ port: 0, host: 'localhost' })
    const { port } = app.server.address() as AddressInfo
    const body = 'x'.repeat(5_000_000)
    const sender = connect(port, 'localhost')
    sender.write(
      `POST /form HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    sender.write('GET /nope HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    const responses = await text(sender)
    expect(responses.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 404'])
    await app.close()
  })

  test('turns an OAuth error that no endpoint has handled into a 400', async () => {
    const app = appThatThrows(new OAuthError('invalid_request', 'state is given more than once'))
    const { statusCode, body } = await app.inject('/page')
    expect(statusCode).toBe(400)
    expect(body).toContain('state is given more than once')
  })

  test('responds to its own bug with a 500 that reveals nothing, and logs the error', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const mistake = new Error('the secret is hunter2')
    const app = appThatThrows(mistake)
    const [page, json] = [await app.inject('/page'), await app.inject('/api/thing')]
    for (const { statusCode, body, headers } of [page, json]) {
      expect(statusCode).toBe(500)
      expect(body).not.toContain('hunter2')
      expect(headers['cache-control']).toBe('no-store')
    }
    expect(json.json()).toHaveProperty('error')
    expect(log).toHaveBeenCalledWith(mistake)
  })
})
