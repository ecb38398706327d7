import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { freeAddresses } from '@oauth-lab/course/programs/free-addresses.ts'
import { type Addresses, portsOf } from '@oauth-lab/course/programs/programs.ts'
import { type RunningPrograms, startPrograms } from '@oauth-lab/course/programs/run.ts'
import { findVersion } from '@oauth-lab/course/programs/versions.ts'
import { full } from '@oauth-lab/shared/testing/share.ts'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { isTapMessage, TAP, type TapMessage } from '../traffic/tap.ts'

let programs: RunningPrograms | undefined

afterEach(async () => {
  await programs?.stop()
  programs = undefined
})

/** Starts v05, with or without the tap, and collects what the tap reports. */
async function start(addresses: Addresses, preload: string[]): Promise<TapMessage[]> {
  const said: TapMessage[] = []
  programs = startPrograms({
    version: findVersion('v05'),
    addresses,
    preload,
    onOutput: () => {},
    onMessage: (message) => {
      if (isTapMessage(message)) said.push(message)
    },
  })
  expect(await programs.ready).toBe(true)
  return said
}

/** Sends bytes in pieces over one connection, and returns everything received until the other side ends it. */
function converse(port: number, pieces: string[]): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, 'localhost')
    let heard = ''
    socket.setEncoding('latin1').on('data', (text: string) => {
      heard += text
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(heard))
    socket.on('connect', async () => {
      for (const piece of pieces) {
        socket.write(piece)
        await sleep(15)
      }
    })
  })
}

/** What differs from one run to the next: dates and random values. */
function withoutChance(text: string): string {
  return text.replace(/^Date: .*$/gim, 'Date').replace(/[\w-]{43}(\.[^;\r]*)?/g, 'random')
}

function requests(...heads: string[]): string {
  return heads.map((head) => `${head}\r\nHost: localhost\r\n\r\n`).join('')
}

const FORM = 'Content-Type: application/x-www-form-urlencoded'
const LAST = 'Connection: close\r\nHost: localhost\r\n\r\n'

/** Complete conversations with the programs. */
function conversations(addresses: Addresses): Record<string, [number, string[]]> {
  const { server, client } = portsOf(addresses)
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: 'lab-client',
    redirect_uri: `http://localhost:${client}/callback`,
    state: 'of-mine',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  })
  const authorize = `/authorize?${query}`
  const login = 'username=user0&password=password0'
  const body = 'grant_type=authorization_code&code=none'
  return {
    'kept alive': [
      server,
      [requests(`GET ${authorize} HTTP/1.1`), `GET /nowhere HTTP/1.1\r\n${LAST}`],
    ],
    pipelined: [
      server,
      [
        `${requests(`GET ${authorize} HTTP/1.1`, 'GET /token HTTP/1.1', 'GET /api/me HTTP/1.1')}GET / HTTP/1.1\r\n${LAST}`,
      ],
    ],
    HEAD: [server, [requests(`HEAD ${authorize} HTTP/1.1`), `HEAD /nowhere HTTP/1.1\r\n${LAST}`]],
    'a form in pieces': [
      server,
      [
        `POST /token HTTP/1.1\r\n${FORM}\r\nContent-Length: ${body.length}\r\n${LAST}`,
        ...(body.match(/.{1,9}/g) ?? []),
      ],
    ],
    'a form in chunks': [
      server,
      [
        `POST /token HTTP/1.1\r\n${FORM}\r\nTransfer-Encoding: chunked\r\n${LAST}`,
        '5\r\ncode=\r\n',
        '4\r\nnone\r\n',
        '0\r\n\r\n',
      ],
    ],
    'a form that waits to be asked for': [
      server,
      [
        `POST /token HTTP/1.1\r\n${FORM}\r\nExpect: 100-continue\r\nContent-Length: 4\r\n${LAST}`,
        'a=b&',
      ],
    ],
    'a login': [
      server,
      [
        `POST ${authorize} HTTP/1.1\r\n${FORM}\r\nContent-Length: ${login.length}\r\n${LAST}${login}`,
      ],
    ],
    'too large': [
      server,
      [`POST /token HTTP/1.1\r\n${FORM}\r\nContent-Length: 20000\r\n${LAST}${'x'.repeat(20_000)}`],
    ],
    'no HTTP': [server, ['This is no request.\r\n\r\n']],
    'half a good start': [server, [`${requests('GET /api/me HTTP/1.1')}What?\r\n\r\n`]],
    'headers without end': [server, [`GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`]],
    'HTTP/1.0': [server, ['GET /api/me HTTP/1.0\r\n\r\n']],
    'a cookie': [
      client,
      [requests('GET / HTTP/1.1', 'GET /login HTTP/1.1'), `GET /style.css HTTP/1.1\r\n${LAST}`],
    ],
    'an answer to no login': [client, [`GET /callback?code=a&state=b HTTP/1.1\r\n${LAST}`]],
  }
}

describe('the tap', () => {
  test('changes no byte of any response, and reports what was sent, unchanged', async () => {
    const addresses = await freeAddresses()
    let said: TapMessage[] = []
    const heard: Record<string, string>[] = []
    for (const preload of [[], [TAP]]) {
      await programs?.stop()
      said = await start(addresses, preload)
      const answers = Object.entries(conversations(addresses)).map(
        async ([name, [port, pieces]]) => [name, withoutChance(await converse(port, pieces))],
      )
      heard.push(Object.fromEntries(await Promise.all(answers)))
    }
    const [without, withTap] = heard
    expect(withTap).toEqual(without)
    expect(Object.values(withTap ?? {}).every((answer) => answer.startsWith('HTTP/1.1 '))).toBe(
      true,
    )
    expect(withTap?.['a login']).toContain('303 See Other')
    expect(withTap?.['too large']).toContain('413 Payload Too Large')

    const [port, pieces] = conversations(addresses)['a form in pieces'] ?? [0, []]
    said.length = 0
    const answer = await converse(port, pieces)
    await expect.poll(() => said.some(({ tap }) => tap === 'answer')).toBe(true)
    const [head = '', text = ''] = answer.split('\r\n\r\n')
    expect(said.find(({ tap }) => tap === 'request')).toMatchObject({
      method: 'POST',
      url: '/token',
      waits: false,
      headers: [
        'Content-Type',
        'application/x-www-form-urlencoded',
        'Content-Length',
        '39',
        'Connection',
        'close',
        'Host',
        'localhost',
      ],
    })
    expect(said.find(({ tap }) => tap === 'body')).toMatchObject({
      body: { text: 'grant_type=authorization_code&code=none', size: 39 },
    })
    expect(said.find(({ tap }) => tap === 'answer')).toMatchObject({
      status: 401,
      head: `${head}\r\n\r\n`,
      body: { text, size: text.length },
    })
  })

  test.runIf(full)(
    "leaves out the style sheet, and the body that a HEAD request doesn't get",
    async () => {
      const addresses = await freeAddresses()
      const said = await start(addresses, [TAP])
      await converse(portsOf(addresses).client, [
        requests('GET /style.css HTTP/1.1'),
        `HEAD / HTTP/1.1\r\n${LAST}`,
      ])
      await expect.poll(() => said.filter(({ tap }) => tap === 'answer')).toHaveLength(1)
      expect(said.filter(({ tap }) => tap === 'request')).toMatchObject([
        { method: 'HEAD', url: '/' },
      ])
      expect(said.find(({ tap }) => tap === 'answer')).toMatchObject({
        status: 200,
        body: { size: 0 },
      })
    },
  )

  test.runIf(full)(
    'reports a connection closed while a message is held, and the programs still end',
    async () => {
      const addresses = await freeAddresses()
      const said = await start(addresses, [TAP])
      programs?.tell('client', { tap: 'hold', on: true })
      // The order may arrive after a request that was sent later.
      await sleep(100)
      const impatient = connect(portsOf(addresses).client, 'localhost')
      impatient.write(requests('GET /login HTTP/1.1'))
      const patient = converse(portsOf(addresses).client, [requests('GET / HTTP/1.1')])
      await expect.poll(() => said.filter(({ tap }) => tap === 'request')).toHaveLength(2)
      impatient.destroy()
      await expect.poll(() => said.filter(({ tap }) => tap === 'broken')).toHaveLength(1)
      expect(said.some(({ tap }) => tap === 'answer')).toBe(false)

      const began = performance.now()
      await programs?.stop()
      await patient
      expect(performance.now() - began).toBeLessThan(4_000)
    },
  )
})

/** A server that echoes each piece it gets, with the tap in front of it. */
const ECHO = `
  import { createServer } from 'node:http'
  const server = createServer((request, response) => {
    response.writeHead(200, { 'x-first': 'yes' })
    request.on('data', (piece) => response.write(piece))
    request.on('end', () => response.end(request.method === 'PUT' ? 'the end' : undefined))
  })
  server.listen(0, 'localhost', () => process.send({ port: server.address().port }))
`

async function startEcho(): Promise<{ url: string; said: TapMessage[]; child: ChildProcess }> {
  const said: TapMessage[] = []
  const child = spawn(process.execPath, ['--import', TAP, '--input-type=module', '-e', ECHO], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  onTestFinished(async () => {
    if (child.exitCode !== null) return
    child.kill()
    await once(child, 'exit')
  })
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  child.on('message', (message) => {
    if (isTapMessage(message)) said.push(message)
  })
  return { url: `http://localhost:${port}`, said, child }
}

function told<Name extends TapMessage['tap']>(said: TapMessage[], name: Name) {
  return said.filter((message) => message.tap === name) as Extract<TapMessage, { tap: Name }>[]
}

describe('the tap in front of any server', () => {
  test('cuts a long body for display, never on the wire', async () => {
    const { url, said } = await startEcho()
    const body = 'ab'.repeat(100_000)
    const answer = await fetch(url, { method: 'PUT', body })
    expect(await answer.text()).toBe(`${body}the end`)

    await expect.poll(() => told(said, 'answer')).toHaveLength(1)
    const shown = { text: body.slice(0, 64 * 1024) }
    expect(told(said, 'body')[0]?.body).toEqual({ ...shown, size: 200_000 })
    expect(told(said, 'answer')[0]?.body).toEqual({ ...shown, size: 200_007 })
  })

  test('holds a request and a response until they are sent on, with all pieces in order', async () => {
    const { url, said, child } = await startEcho()
    child.send({ tap: 'hold', on: true })
    await sleep(100)
    let answered = false
    const answer = fetch(url, { method: 'PUT', body: 'a body ' }).then(async (response) => {
      answered = true
      return response.text()
    })

    await expect.poll(() => told(said, 'body')).toHaveLength(1)
    expect(told(said, 'request')[0]?.waits).toBe(true)
    child.send({ tap: 'let go', id: 1, half: 'request' })
    await expect.poll(() => told(said, 'answer')).toHaveLength(1)
    expect(told(said, 'passed')).toHaveLength(1)
    expect(told(said, 'answer')[0]).toMatchObject({ waits: true, body: { text: 'a body the end' } })
    await sleep(50)
    expect(answered).toBe(false)

    child.send({ tap: 'let go', id: 1, half: 'answer' })
    expect(await answer).toBe('a body the end')
    await expect.poll(() => told(said, 'answer').map(({ waits }) => waits)).toEqual([true, false])
  })

  test('sends everything on as soon as holding ends', async () => {
    const { url, said, child } = await startEcho()
    child.send({ tap: 'hold', on: true })
    await sleep(100)
    const answers = ['one', 'two', 'three'].map(async (body) =>
      (await fetch(url, { method: 'POST', body })).text(),
    )
    await expect.poll(() => told(said, 'request')).toHaveLength(3)
    child.send({ tap: 'hold', on: false })
    expect(await Promise.all(answers)).toEqual(['one', 'two', 'three'])
  })

  test('sends everything on when the workshop is gone', async () => {
    const { url, said, child } = await startEcho()
    child.send({ tap: 'hold', on: true })
    await sleep(100)
    const answer = fetch(url, { method: 'POST', body: 'one' })
    await expect.poll(() => told(said, 'request')).toHaveLength(1)
    child.disconnect()
    expect(await (await answer).text()).toBe('one')
  })
})
