import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { findVersion } from '@oauth-lab/course/programs/versions.ts'
import { Browser } from '@oauth-lab/shared/testing/browser.ts'
import type { Driver } from '@oauth-lab/shared/testing/driver.ts'
import { freePort, startLab } from '@oauth-lab/shared/testing/lab.ts'
import { some } from '@oauth-lab/shared/testing/share.ts'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Child } from '../bench/lib/child.ts'
import { startProgram } from '../soak/soaked-programs.ts'
import { driverOf, expectStatus, Visitor } from '../soak/visitor.ts'
import { Relay } from './relay.ts'

const version = findVersion('v05')
const hasSignals = process.platform !== 'win32'

/** Server and client in their own processes with a relay between them, shared by all tests. */
let server: Child
let client: Child
const relay = new Relay()
let driver: Driver
let settings: Record<string, string>

beforeAll(async () => {
  const realServer = `http://localhost:${await freePort()}`
  await relay.start(realServer)
  settings = { CLIENT_URL: `http://localhost:${await freePort()}`, ACCESS_TOKEN_TTL: '1' }
  ;[server, client] = await Promise.all([
    startProgram(version, 'server', { ...settings, AUTH_SERVER_URL: realServer }),
    startProgram(version, 'client', { ...settings, AUTH_SERVER_URL: relay.origin }),
  ])
  driver = driverOf(relay.origin, client.origin)
})

afterEach(() => relay.faults.clear())

afterAll(async () => {
  await Promise.all([server.stop(), client.stop(), relay.close()])
})

async function restartServer(): Promise<void> {
  server = await startProgram(version, 'server', { ...settings, AUTH_SERVER_URL: server.origin })
}

async function expectLoginWorks(): Promise<void> {
  const visitor = new Visitor(driver)
  await visitor.logIn()
  await visitor.expectLoggedIn()
}

function addressOf(file: string): string {
  return pathToFileURL(join(version.folder, file)).href
}

/** How long an access token lives, in milliseconds. */
const LIFETIME = 1_000

describe.runIf(hasSignals)('a server that was killed and restarted', () => {
  test('during a login: the client says so, and the next login works', async () => {
    const visitor = new Visitor(driver)
    const callback = await driver.loginUntilCallback(visitor)
    await server.stop('SIGKILL')
    const page = expectStatus(await visitor.open(callback), 502)
    expect(page.body).toContain(`${relay.origin}/token`)
    await restartServer()
    await expectLoginWorks()
  })

  test('with a user logged in: the client says so, then that the token is rejected, then logs in', async () => {
    const visitor = new Visitor(driver)
    await visitor.logIn()
    await server.stop('SIGKILL')
    expectStatus(await visitor.open(`${client.origin}/profile`), 502)
    await restartServer()
    // The server keeps its tokens only in memory, so a new process knows none of them. An old connection
    // may make one more request fail.
    const profile = async () => (await visitor.open(`${client.origin}/profile`)).status
    await expect.poll(profile).toBe(401)
    await expectLoginWorks()
  })
})

describe('a response that gets lost', () => {
  // To the client a truncated response is a lost one, so only the long share tries both.
  const faults = some(['lost', 'cut'] as const)
  for (const fault of faults) {
    test(`(${fault}) after an exchange: the client says so, and the next login works`, async () => {
      const visitor = new Visitor(driver)
      const callback = await driver.loginUntilCallback(visitor)
      relay.faults.set('/token', fault)
      expectStatus(await visitor.open(callback), 502)
      relay.faults.clear()
      await expectLoginWorks()
    })

    test(`(${fault}) after a refresh: the next refresh sends a used token, and the login ends`, async () => {
      const visitor = new Visitor(driver)
      await visitor.logIn()
      await new Promise((resolve) => setTimeout(resolve, LIFETIME + 50))
      relay.faults.set('/token', fault)
      expectStatus(await visitor.open(`${client.origin}/profile`), 502)
      relay.faults.clear()
      expectStatus(await visitor.open(`${client.origin}/profile`), 401)
      await expectLoginWorks()
    })

    test(`(${fault}) after a call to the resource server: the session keeps its tokens`, async () => {
      const visitor = new Visitor(driver)
      await visitor.logIn()
      relay.faults.set('/api/me', fault)
      expectStatus(await visitor.open(`${client.origin}/profile`), 502)
      relay.faults.clear()
      await visitor.expectLoggedIn()
    })
  }
})

describe("a change of the computer's clock", () => {
  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })

  test("by an hour, forward and back, changes no token's lifetime", async () => {
    const { buildServer } = await import(addressOf('server/app.ts'))
    const { buildClient } = await import(addressOf('client/app.ts'))
    const lab = await startLab({ buildServer, buildClient }, { ACCESS_TOKEN_TTL: '1' })
    try {
      const { body } = await lab.redeem(await lab.code())
      const authorization = `Bearer ${body.access_token}`
      const browser = new Browser()
      await lab.login(browser)
      vi.useFakeTimers({ toFake: ['Date'] })
      for (const hours of [1, -1]) {
        vi.setSystemTime(Date.now() + hours * 3_600_000)
        expect((await lab.me(authorization)).status).toBe(200)
      }
      vi.setSystemTime(Date.now() - 3_600_000)
      // The clock that no one sets tells when the lifetime is over.
      const now = performance.now.bind(performance)
      vi.spyOn(performance, 'now').mockImplementation(() => now() + LIFETIME)
      expect((await lab.me(authorization)).status).toBe(401)
      expect((await browser.visit(`${lab.clientUrl}/profile`)).status).toBe(200)
    } finally {
      await lab.close()
    }
  })
})

describe.runIf(hasSignals)('a client', () => {
  test('that was killed in the middle of a login leaves its port free, and the next one works', async () => {
    const visitor = new Visitor(driver)
    const callback = await driver.loginUntilCallback(visitor)
    const release = holdBack('/token')
    const underWay = visitor.open(callback).catch(() => 'hung up')
    await expect.poll(() => relay.held).toBe(1)
    await client.stop('SIGKILL')
    release()
    expect(await underWay).toBe('hung up')
    client = await startProgram(version, 'client', { ...settings, AUTH_SERVER_URL: relay.origin })
    await expectLoginWorks()
  })

  test('that is told to end responds to the sixty requests it has, and exits with 0', async () => {
    const visitor = new Visitor(driver)
    await visitor.logIn()
    const release = holdBack('/api/me')
    const pages = Array.from({ length: 60 }, () => visitor.open(`${client.origin}/profile`))
    await expect.poll(() => relay.held).toBe(60)
    const status = client.stop('SIGTERM')
    release()
    for (const page of await Promise.all(pages)) expect(page.status).toBe(200)
    expect(await status).toBe(0)
  })
})

/** Holds back all responses of a path until it is called. */
function holdBack(path: string): () => void {
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  relay.faults.set(path, held)
  return release
}
