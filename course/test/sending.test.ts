import { execFile } from 'node:child_process'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { startLab } from '@oauth-lab/shared/testing/lab.ts'
import { describe, expect, onTestFinished, test } from 'vitest'
import { loadPrograms } from '../attacks/load-programs.ts'
import { type Addresses, addressesFrom, addressesOf } from '../programs/programs.ts'
import { findVersion, listVersions } from '../programs/versions.ts'
import { curlOf } from '../requests/curl.ts'
import { driverAt, FRESH_NAMES, fillIn, freshValues, namesIn } from '../requests/fresh-values.ts'
import { type Draft, MOST_ROWS, troubleIn } from '../requests/request-draft.ts'
import { sendDraft } from '../requests/send.ts'

const DRAFT: Draft = {
  program: 'server',
  method: 'POST',
  path: '/token',
  query: [],
  headers: [],
  body: undefined,
}

/** Starts a server in place of all programs, and returns their addresses. */
async function serve(listener: RequestListener): Promise<Addresses> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  return { ...addressesFrom(1), server: `http://localhost:${port}` }
}

/** Responds with what arrived: the request line, the headers but for those of the connection, and the body. */
function echo(): Promise<Addresses> {
  return serve(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const pairs = request.rawHeaders.map((text, index, all) =>
      index % 2 === 0 ? `${text.toLowerCase()}: ${all[index + 1]}` : '',
    )
    const own = pairs.filter((pair) => /^(authorization|content-type|x-)/.test(pair))
    response.end([`${request.method} ${request.url}`, ...own, body].join('\n'))
  })
}

const SENT: [name: string, changes: Partial<Draft>, arrives: string[]][] = [
  ['a plain GET', { method: 'GET' }, ['GET /token', '']],
  [
    'a query in order, with a repeated name and an empty value',
    {
      method: 'GET',
      query: [
        ['b', '1 & 2'],
        ['a', "it's"],
        ['b', ''],
      ],
    },
    ['GET /token?b=1+%26+2&a=it%27s&b=', ''],
  ],
  [
    'a form',
    { body: { form: [['code', '@$(ls)']] } },
    ['POST /token', 'content-type: application/x-www-form-urlencoded', 'code=%40%24%28ls%29'],
  ],
  [
    'a text, which has no content type unless a row gives it one',
    { body: { text: '{"a":\n"\'$HOME"}' } },
    ['POST /token', '{"a":\n"\'$HOME"}'],
  ],
  [
    'a header twice, and an empty one',
    {
      headers: [
        ['x-a', '1'],
        ['x-a', '"2" \\'],
        ['x-b', ''],
      ],
      body: { text: '' },
    },
    ['POST /token', 'x-a: 1', 'x-a: "2" \\', 'x-b: ', ''],
  ],
  ['a path as it is', { method: 'PUT', path: '/a/../%zz[1]' }, ['PUT /a/../%zz[1]', '']],
]

describe('a request', () => {
  test.each(SENT)('arrives as it was written: %s', async (_name, changes, arrives) => {
    const addresses = await echo()
    const { body } = await sendDraft({ ...DRAFT, ...changes }, addresses)
    expect(body.split('\n')).toEqual(arrives.join('\n').split('\n'))
  })

  test.each(SENT)('is the same as a curl command: %s', async (_name, changes, arrives) => {
    const addresses = await echo()
    const command = curlOf({ ...DRAFT, ...changes }, addresses)
    expect(command.includes('\n')).toBe(arrives.join('\n').includes('"a":\n'))
    const output = await run(command)
    expect(output.split('\r\n\r\n')[1]).toBe(arrives.join('\n'))
  })

  test('of the method HEAD gets no body, from curl neither', async () => {
    const addresses = await echo()
    const draft = { ...DRAFT, method: 'HEAD' }
    expect(await sendDraft(draft, addresses)).toMatchObject({ status: 200, body: '' })
    expect(await run(curlOf(draft, addresses))).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  })

  test('follows no redirect', async () => {
    const addresses = await serve((_request, response) => {
      response.writeHead(302, { location: 'http://example.com/', 'set-cookie': ['a=1', 'b=2'] })
      response.end()
    })
    const { status, headers } = await sendDraft(DRAFT, addresses)
    expect(status).toBe(302)
    expect(headers.slice(0, 3)).toEqual([
      ['location', 'http://example.com/'],
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ])
  })
})

describe('a request that could do harm is not sent, and says why:', () => {
  test.each<[string, Partial<Draft>, RegExp]>([
    ['another host', { program: 'http://example.com' }, /program of the lab only/],
    ['the workshop', { program: 'workshop' }, /program of the lab only/],
    ['a name that every object has', { program: 'constructor' }, /program of the lab only/],
    ['a whole URL', { path: 'http://example.com/' }, /never leaves the lab/],
    ['a host after two slashes', { path: '//example.com/' }, /one slash only/],
    ['a backslash', { path: '/\\example.com/' }, /backslash/],
    ['another host in front of an at sign', { path: '@example.com/' }, /never leaves the lab/],
    ['a query in the path', { path: '/token?a=b' }, /its own row/],
    ['a line break in the path', { path: '/ HTTP/1.1\r\nHost: example.com' }, /Percent-encode/],
    ['a line break in the method', { method: 'GET / HTTP/1.1\r\n' }, /The method must be one/],
    ['a method for tunnels', { method: 'CONNECT' }, /The method must be one/],
    ['a line break in a name', { headers: [['a\r\nb', '']] }, /can't be the name of a header/],
    ['a line break in a value', { headers: [['a', 'b\r\nHost: c']] }, /would be another header/],
    ['a host', { headers: [['Host', 'example.com']] }, /is set when the request is sent/],
    ['a length', { headers: [['content-length', '1']] }, /is set when the request is sent/],
    [
      'a second length',
      { headers: [['transfer-encoding', 'chunked']] },
      /is set when the request is sent/,
    ],
    ['too many rows', { query: Array(MOST_ROWS + 1).fill(['a', 'b']) }, /100 rows/],
    ['a huge body', { body: { text: 'x'.repeat(1_000_000) } }, /too large/],
  ])('%s', async (_name, changes, words) => {
    let requests = 0
    const addresses = await serve((_request, response) => {
      requests += 1
      response.end()
    })
    const draft = { ...DRAFT, ...changes }
    expect(troubleIn(draft)).toMatch(words)
    await expect(sendDraft(draft, addresses)).rejects.toThrow(words)
    expect(requests).toBe(0)
  })
})

describe('a response that never ends well is told in words:', () => {
  test('a program that is not running', async () => {
    const addresses = await serve(() => undefined)
    const nowhere = { ...addresses, server: 'http://localhost:1' }
    const told: string[] = []
    const sent = sendDraft(DRAFT, nowhere, { tell: (peer) => told.push(peer) })
    await expect(sent).rejects.toThrow("The server sent no response: it isn't")
    // Without a connection there is no address, and another sender may have none either.
    expect(told).toEqual([])
  })

  test('a program that hangs', async () => {
    const addresses = await serve(() => undefined)
    await expect(sendDraft(DRAFT, addresses, { patience: 50 })).rejects.toThrow(
      'within 0.05 seconds',
    )
  })

  test('a program that hangs up', async () => {
    const addresses = await serve(({ socket }) => socket.destroy())
    await expect(sendDraft(DRAFT, addresses)).rejects.toThrow('it closed the connection')
  })

  test('headers without end', async () => {
    const addresses = await serve((_request, response) => {
      response.writeHead(200, { 'x-long': 'x'.repeat(100_000) }).end()
    })
    await expect(sendDraft(DRAFT, addresses)).rejects.toThrow('its headers are too large')
  })

  test("that isn't HTTP gets one sentence, also if it breaks a rule that only undici knows", async () => {
    for (const head of ['hello', 'HTTP/1.1 000 x']) {
      const addresses = await serve(({ socket }) => socket.end(`${head}\r\n\r\n`))
      await expect(sendDraft(DRAFT, addresses)).rejects.toThrow(
        "The server sent no response: it isn't valid HTTP.",
      )
    }
  })

  test('a body without end', async () => {
    const addresses = await serve((_request, response) => {
      const write = () => {
        while (!response.destroyed && response.write('x'.repeat(10_000)));
      }
      response.on('drain', write)
      write()
    })
    const { status, body, cut } = await sendDraft(DRAFT, addresses)
    expect([status, body.length]).toEqual([200, 256 * 1024])
    expect(cut).toContain('only the first 256 KiB')
  })

  test('a body that stops in the middle', async () => {
    const addresses = await serve((_request, response) => {
      response.write('the start')
    })
    const { body, cut } = await sendDraft(DRAFT, addresses, { patience: 300 })
    expect([body, cut]).toEqual(['the start', expect.stringContaining('did not end in time')])
  })
})

describe('the names in a draft', () => {
  test('get values in every part, and braces of JSON stay', () => {
    const draft: Draft = {
      ...DRAFT,
      path: '/{a}',
      query: [['x', '{a}{b}']],
      headers: [['cookie', 'c={a}']],
      body: { text: '{"a":{}, "b":"{a}"}' },
    }
    expect([...namesIn(draft)]).toEqual(['a', 'b'])
    expect(fillIn(draft, { a: '1' })).toEqual({
      ...DRAFT,
      path: '/1',
      query: [['x', '1{b}']],
      headers: [['cookie', 'c=1']],
      body: { text: '{"a":{}, "b":"1"}' },
    })
  })

  test('come from the programs alone, wherever a copy leads', async () => {
    const away: string[] = []
    const other = await serve(({ url = '' }, response) => {
      away.push(url)
      response.end()
    })
    const { server } = await serve((_request, response) => {
      response.writeHead(302, { location: `${other.server}/away` }).end()
    })
    const driver = driverAt(findVersion('v02'), { ...other, server, client: server })
    await expect(freshValues(['session_cookie'], driver)).rejects.toThrow(
      `it leads to ${other.server}/away, which is no program of the lab`,
    )
    expect(away).toEqual([])
  })

  test.each([
    ['v01', /refresh|state|cookie|consent|csrf/],
    ['v05', /consent|csrf/],
    [listVersions().at(-1)?.name ?? '', /no name/],
  ])('get values from real logins at %s, as far as it has any', async (name, unknown) => {
    const version = findVersion(name)
    const lab = await startLab(await loadPrograms(version.folder))
    onTestFinished(() => lab.close())
    const addresses = { ...addressesOf(lab.config), api: lab.apiUrl }
    const values = await freshValues(FRESH_NAMES, driverAt(version, addresses))

    const missing = FRESH_NAMES.filter((one) => values[one] === undefined)
    expect(missing).toEqual(FRESH_NAMES.filter((one) => unknown.test(one)))

    const ask = (code: string) =>
      lab.redeem(values[code] ?? '', { code_verifier: values.code_verifier })
    expect((await ask('code')).status).toBe(200)
    expect((await ask('used_code')).status).toBe(400)
    expect(new Set(Object.values(values)).size).toBe(Object.keys(values).length)
  })
})

/** Runs a command as a terminal does, while this process responds to it. */
function run(command: string): Promise<string> {
  return new Promise((resolve) => {
    execFile('sh', ['-c', command], (_error, stdout) => resolve(stdout))
  })
}
