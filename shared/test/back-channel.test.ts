import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { callBackChannel, postForm } from '../back-channel.ts'
import type { PageError } from '../page-error.ts'
import { freePort } from '../testing/lab.ts'

const servers: Server[] = []
afterEach(() => {
  vi.restoreAllMocks()
  for (const server of servers.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
})

/** Starts a server that responds like this, and returns the address of its token endpoint. */
function serverThat(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  servers.push(server)
  return new Promise((resolve) => {
    server.listen(0, 'localhost', () => {
      resolve(`http://localhost:${(server.address() as AddressInfo).port}/token`)
    })
  })
}

function call(url: string) {
  return callBackChannel(url, { method: 'POST', headers: { 'x-a': 'b' }, body: 'c=d' })
}

describe('the back channel', () => {
  test('sends a request and returns the JSON of the response, with its status', async () => {
    const url = await serverThat(async (request, answer) => {
      const { method, headers } = request
      const chunks: unknown[] = await request.toArray()
      answer
        .writeHead(418)
        .end(JSON.stringify({ method, header: headers['x-a'], body: chunks.join('') }))
    })
    expect(await call(url)).toEqual({
      status: 418,
      body: { method: 'POST', header: 'b', body: 'c=d' },
    })
  })

  test('follows no redirect', async () => {
    const asked: unknown[] = []
    const url = await serverThat(({ url }, answer) => {
      asked.push(url)
      answer.writeHead(302, { location: '/elsewhere' }).end('{"a":"b"}')
    })
    expect((await call(url)).status).toBe(302)
    expect(asked).toEqual(['/token'])
  })

  test('returns a 401 or 403 as such, whatever its body is', async () => {
    for (const status of [401, 403]) {
      for (const body of ['<h1>No</h1>', '[]', '']) {
        const url = await serverThat((_, answer) => answer.writeHead(status).end(body))
        expect(await call(url)).toEqual({ status, body: {} })
      }
    }
  })

  test('returns the status alone when the caller ignores the body, whatever that is', async () => {
    for (const body of ['<h1>Done</h1>', '[]', '']) {
      const url = await serverThat((_, answer) => answer.end(body))
      const answer = await callBackChannel(url, { method: 'POST', headers: {}, ignoreBody: true })
      expect(answer).toEqual({ status: 200, body: {} })
    }
  })

  const nonsense: [string, RequestListener, RegExp][] = [
    ['a page', (_, answer) => answer.end('<h1>Hello</h1>'), /makes no sense \(status 200\)/],
    ['nothing', (_, answer) => answer.writeHead(204).end(), /makes no sense \(status 204\)/],
    ['an array', (_, answer) => answer.end('[{}]'), /makes no sense/],
    ['null', (_, answer) => answer.end('null'), /makes no sense/],
    ['a number', (_, answer) => answer.end('7'), /makes no sense/],
    [
      'that it is unavailable',
      (_, answer) => answer.writeHead(503).end(),
      /is temporarily unavailable \(status 503\)/,
    ],
    ['more than 64 KiB', (_, answer) => answer.end(`{"a":"${'x'.repeat(65_536)}"}`), /too large/],
    ['more than 64 KiB without an end', (_, answer) => pour(answer), /too large/],
    ['half of what it said', (_, answer) => cutOff(answer), /broke off/],
    ['nothing before it hangs up', ({ socket }) => socket.destroy(), /broke off/],
    ["something that isn't HTTP", ({ socket }) => socket.end('220 mail ready\r\n'), /broke off/],
  ]
  for (const [sentence, answer, words] of nonsense) {
    test(`says, with the address, that the server sent ${sentence}`, async () => {
      const url = await serverThat(answer)
      await expectBadGateway(url, words)
    })
  }

  test("says, with the address, that the server isn't running", async () => {
    const url = `http://localhost:${await freePort()}/token`
    await expectBadGateway(url, /is not running \(connection refused\)/)
    await expectBadGateway('http://nowhere.invalid/token', /was not found \(no machine has/)
  })

  test('says, with the address, that the connection failed', async () => {
    const url = await serverThat((_, answer) => answer.end('{}'))
    await expectBadGateway(url.replace('http:', 'https:'), /can't be reached \(ERR_SSL_/)
  })

  const slow: [string, RequestListener][] = [
    ['sends no response', () => {}],
    ['starts a response and never ends it', (_, answer) => answer.write('{"a":')],
    ['sends its response letter by letter', (_, answer) => drip(answer)],
  ]
  for (const [sentence, answer] of slow) {
    test(`waits five seconds for a server that ${sentence}`, async () => {
      // Each second takes ten milliseconds here. serve.test.ts waits for five real seconds.
      const { timeout } = AbortSignal
      const patience = vi.spyOn(AbortSignal, 'timeout')
      patience.mockImplementation((delay) => timeout.call(AbortSignal, delay / 100))
      await expectBadGateway(await serverThat(answer), /did not respond within 5 seconds/)
      expect(patience).toHaveBeenCalledExactlyOnceWith(5000)
    })
  }

  async function expectBadGateway(url: string, words: RegExp): Promise<void> {
    await expect(call(url)).rejects.toSatisfy(({ status, message }: PageError) => {
      return status === 502 && message.includes(url) && words.test(message)
    })
  }

  type Answer = Parameters<RequestListener>[1]

  function pour(answer: Answer): void {
    while (!answer.destroyed && answer.write('x'.repeat(8192)));
    if (!answer.destroyed) answer.once('drain', () => pour(answer))
  }

  function cutOff(answer: Answer): void {
    answer.writeHead(200, { 'content-length': 100 }).write('{"a":')
    setTimeout(() => answer.destroy(), 5)
  }

  function drip(answer: Answer): void {
    const timer = setInterval(() => answer.write(' '), 5)
    answer.on('close', () => clearInterval(timer))
  }
})

describe('a form for a server', () => {
  const form = { token: 'a b&c', client_id: 'd' }

  test('is sent encoded, and gets the JSON of the response', async () => {
    const url = await serverThat(async (request, answer) => {
      const { method, headers } = request
      const sent = `${method} ${headers['content-type']} ${await request.toArray()}`
      answer.end(JSON.stringify({ sent }))
    })
    const sent = 'POST application/x-www-form-urlencoded token=a+b%26c&client_id=d'
    expect(await postForm(url, form)).toEqual({ sent })
  })

  test('gets an empty object for a success without one', async () => {
    for (const body of ['', '<h1>Done</h1>', '[]']) {
      const url = await serverThat((_, answer) => answer.end(body))
      expect(await postForm(url, form)).toEqual({})
    }
  })

  test('names the error of a server that rejects it', async () => {
    for (const [status, details, message] of [
      [400, { error: 'invalid_grant', error_description: 'Used' }, 'invalid_grant. Used.'],
      [401, { error: 'invalid_client' }, 'invalid_client. It gave no reason.'],
    ] as const) {
      const url = await serverThat((_, answer) => {
        answer.writeHead(status).end(JSON.stringify(details))
      })
      await expect(postForm(url, form)).rejects.toThrow(`rejected the request: ${message}`)
    }
  })

  test('makes no sense of any other response', async () => {
    for (const [status, body] of [
      [400, ''],
      [401, '{"error":7}'],
      [500, '{"error":"server_error"}'],
      [202, '{"access_token":"x"}'],
      [302, '{}'],
    ] as const) {
      const url = await serverThat((_, answer) => answer.writeHead(status).end(body))
      await expect(postForm(url, form)).rejects.toThrow(`makes no sense (status ${status})`)
    }
  })
})
