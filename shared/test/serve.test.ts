import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import {
  connect,
  createServer as createTcpServer,
  type Socket,
  Server as TcpServer,
} from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { ConfigError } from '../config.ts'
import { refuseUnusablePort } from '../serve.ts'
import { Browser } from '../testing/browser.ts'
import { CODE_CHALLENGE, CODE_VERIFIER, Driver } from '../testing/driver.ts'
import { Gate } from '../testing/hooks.ts'
import { freePort } from '../testing/ports.ts'

const VERSIONS = join(import.meta.dirname, '..', '..', 'versions')
const names = readdirSync(VERSIONS)
  .filter((name) => /^v\d+-/.test(name))
  .sort()
const [first = '', last = ''] = [names[0], names.at(-1)]
/** Windows has no signals: a program that is told to end is killed there. */
const hasSignals = process.platform !== 'win32'

/** Makes the time limits of a program run out four times as fast. */
const QUICK_SECONDS = `data:text/javascript,${encodeURIComponent(`
  const { timeout } = AbortSignal
  const wait = globalThis.setTimeout
  AbortSignal.timeout = (delay) => timeout.call(AbortSignal, delay / 4)
  globalThis.setTimeout = (run, delay, ...values) => wait(run, delay / 4, ...values)`)}`

const children: ChildProcess[] = []
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
})

/** A program of a version as `npm run server` runs it, in its own process. */
class Run {
  readonly child: ChildProcess
  /** The exit status, once it has ended. */
  readonly ended: Promise<number | null>
  output = ''
  errors = ''

  constructor(
    version: string,
    program: string,
    settings: Record<string, string>,
    preload: string[] = [],
  ) {
    const modules = ['tsx/esm', ...preload].flatMap((name) => ['--import', name])
    this.child = spawn(process.execPath, [...modules, `${program}/main.ts`], {
      cwd: join(VERSIONS, version),
      env: { ...process.env, ...settings },
    })
    children.push(this.child)
    this.child.stdout?.on('data', (text) => {
      this.output += text
    })
    this.child.stderr?.on('data', (text) => {
      this.errors += text
    })
    this.ended = once(this.child, 'close').then(([status]) => status as number | null)
  }

  /** Waits until it responds at this address. */
  async answersAt(url: string): Promise<void> {
    for (;;) {
      if (this.child.exitCode !== null) throw new Error(`It ended: ${this.errors}`)
      const page = await new Browser().open(`${url}/style.css`).catch(() => undefined)
      if (page?.status === 200) return
      await sleep(20)
    }
  }
}

/** An open connection, and everything received through it. */
async function openSocket(port: number): Promise<{ socket: Socket; received: () => string }> {
  const socket = connect(port, 'localhost')
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk
  })
  socket.on('error', () => {})
  await once(socket, 'connect')
  return { socket, received: () => text }
}

test.each([
  ['EACCES', 80, "You aren't allowed to use port 80. Choose one above 1023."],
  // Windows reserves ranges of ports.
  ['EACCES', 33_780, 'The system reserves port 33780. Choose another one.'],
  ['ENOTSUP', 33_780, "Can't use port 33780: refused by a test."],
])('%s for port %d is reported in words', async (code, port, message) => {
  vi.spyOn(TcpServer.prototype, 'listen').mockImplementation(function (this: TcpServer) {
    const error = Object.assign(new Error('refused by a test'), { code })
    process.nextTick(() => this.emit('error', error))
    return this
  })
  const refused = refuseUnusablePort(port)
  vi.restoreAllMocks()
  await expect(refused).rejects.toEqual(new ConfigError(message))
})

describe.concurrent('a program', () => {
  test('with a wrong setting says so in one line, and exits with 1', async () => {
    const run = new Run(first, 'client', { CODE_TTL: 'soon' })
    expect(await run.ended).toBe(1)
    expect(run.output).toBe('')
    expect(run.errors).toMatch(/^CODE_TTL is "soon"\. Set it to [^\n]+\n$/)
  })

  test('with a taken port says which one and what to do in one line, and exits with 1', async () => {
    const port = await freePort()
    const holder = createTcpServer()
    // A second address of localhost, if the machine has one. The program could run without it.
    await once(holder.listen(port, '::1'), 'listening').catch(() => {
      return once(holder.listen(port, '127.0.0.1'), 'listening')
    })
    const run = new Run(first, 'server', { AUTH_SERVER_URL: `http://localhost:${port}` })
    expect(await run.ended).toBe(1)
    expect(run.errors).toMatch(new RegExp(`^Port ${port} is already in use[^\\n]*: [^\\n]+\\n$`))
    holder.close()
  })

  test('whose log is closed says so in one line, and exits', async () => {
    const url = `http://localhost:${await freePort()}`
    const run = new Run(first, 'server', { AUTH_SERVER_URL: url })
    await run.answersAt(url)
    run.child.stdout?.destroy()
    const browser = new Browser()
    for (let status = 404; status === 404; ) {
      status = await browser.open(`${url}/nowhere`).then(
        (page) => page.status,
        () => 0,
      )
    }
    expect(await run.ended).toBe(0)
    expect(run.errors).toBe('Nothing reads the output of this program anymore, so it stops.\n')
  })

  test.runIf(hasSignals)(
    'exits with 0 on SIGINT, after responding to the current request',
    async () => {
      const port = await freePort()
      const url = `http://localhost:${port}`
      const run = new Run(first, 'server', { AUTH_SERVER_URL: url })
      await run.answersAt(url)
      const [unused, kept, running] = [
        await openSocket(port),
        await openSocket(port),
        await openSocket(port),
      ]
      kept.socket.write('GET /authorize HTTP/1.1\r\nHost: localhost\r\n\r\n')
      const head =
        'POST /token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n'
      running.socket.write(`${head}a=`)
      while (!kept.received().includes('</html>')) await sleep(5)

      // Twice, as when a parent passes on a Ctrl-C.
      run.child.kill('SIGINT')
      run.child.kill('SIGINT')
      await refusesConnections(port)
      expect(run.child.exitCode).toBeNull()
      running.socket.write('b')
      await sleep(50)
      running.socket.write('c')
      expect(await run.ended).toBe(0)
      expect(running.received()).toMatch(/^HTTP\/1\.1 401 /)
      expect(running.received()).toContain('invalid_client')
      expect(unused.received()).toBe('')
      expect(run.errors).toBe('')
    },
  )

  test.runIf(hasSignals)(
    'waits five seconds for the server, even when SIGTERM told it to end',
    async () => {
      const asked = new Gate()
      const silent = createServer(() => asked.open()).listen(0, 'localhost')
      await once(silent, 'listening')
      const address = silent.address()
      const silentPort = typeof address === 'object' ? address?.port : 0
      const port = await freePort()
      const CLIENT_URL = `http://localhost:${port}`
      const AUTH_SERVER_URL = `http://localhost:${silentPort}`
      const run = new Run(last, 'client', { CLIENT_URL, AUTH_SERVER_URL }, [QUICK_SECONDS])
      await run.answersAt(CLIENT_URL)

      const browser = new Browser()
      const begun = await browser.open(`${CLIENT_URL}/login`)
      const state = new URL(begun.location ?? '').searchParams.get('state')
      const slow = browser.open(`${CLIENT_URL}/callback?code=a-code&state=${state}`)
      await asked.opened
      // A request that is never completed must not delay the end, and neither must responses that nobody reads.
      const [{ socket }, unread] = [await openSocket(port), await openSocket(port)]
      socket.write('POST /logout HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\na')
      unread.socket.pause()
      unread.socket.write('GET /style.css HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(5_000))
      await sleep(50)
      run.child.kill('SIGTERM')
      const page = await slow
      expect(page.status).toBe(502)
      expect(page.body).toContain(`${AUTH_SERVER_URL}/token did not respond within 5 seconds`)
      expect(await run.ended).toBe(0)
      silent.closeAllConnections()
      silent.close()
    },
  )

  test('writes a line for each request, without any secret', async () => {
    const url = `http://localhost:${await freePort()}`
    const CLIENT_SECRET = 'a-secret-of-the-client'
    const run = new Run(last, 'server', { AUTH_SERVER_URL: url, CLIENT_SECRET })
    await run.answersAt(url)

    const client = { clientId: 'lab-client', clientSecret: CLIENT_SECRET }
    const clientUrl = 'http://localhost:25001'
    const driver = new Driver({ authServerUrl: url, clientUrl, ...client })
    const code = await driver.code({ state: 'a-state-that-nobody-should-read' })
    const { access_token, refresh_token } = (await driver.redeem(code)).body
    const browser = new Browser()
    const authorization = `Bearer ${access_token}`
    await browser.open(`${url}/revoke`, { method: 'POST', headers: { authorization } })
    await browser.open(`${url}/nowhere?code=${code}&${access_token}`)

    while (!run.output.includes('/nowhere')) await sleep(5)
    run.child.kill()
    await run.ended
    const [listening, ...lines] = run.output.trimEnd().split('\n')
    expect(listening).toBe(`Listening at ${url}. Press Ctrl-C to stop it.`)
    const told = lines.map((line) => line.split(/ {2,}/).slice(0, 3).join(' '))
    const [start, end] = [told.slice(0, -3), told.slice(-3)]
    expect(end).toEqual(['server back POST', 'server back POST', 'server front GET'])
    // From v07 on a login takes more than one form.
    for (const line of start) expect(line).toMatch(/^server front (GET|POST)$/)
    expect(start.length).toBeGreaterThanOrEqual(2)
    const log = run.output + run.errors
    expect(log).toContain(`code_challenge=${CODE_CHALLENGE.slice(0, 4)}****`)
    const secrets = [
      code,
      access_token,
      refresh_token,
      CLIENT_SECRET,
      CODE_VERIFIER,
      CODE_CHALLENGE,
      'password0',
    ]
    for (const secret of [...secrets, 'a-state-that-nobody-should-read', 'user0']) {
      expect(log).not.toContain(secret)
    }
  })

  async function refusesConnections(port: number): Promise<void> {
    for (;;) {
      const socket = connect(port, 'localhost')
      const refused = await once(socket, 'connect').then(
        () => false,
        () => true,
      )
      socket.destroy()
      if (refused) return
      await sleep(5)
    }
  }
})
