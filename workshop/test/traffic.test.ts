import { exec } from 'node:child_process'
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { listVersions } from '@oauth-lab/course/programs/versions.ts'
import { NEEDS_CHROMIUM, testsPages } from '@oauth-lab/shared/testing/chromium.ts'
import { full, some } from '@oauth-lab/shared/testing/share.ts'
import type { Locator, Page, Request } from 'playwright-core'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { knownVersion } from '../known-versions.ts'
import { seriousProblems, workshopOfFile, workshopOfTest } from './lab.ts'

const workshop = await workshopOfFile(testsPages ? listVersions().at(-1)?.name : undefined)

const LOGIN = [
  'browser to client, GET /, response 200',
  'client to browser, 200 to GET /',
  'browser to client, GET /login, response 302',
  'client to browser, 302 to GET /login',
  'browser to server, GET /authorize, response 200',
  'server to browser, 200 to GET /authorize',
  'browser to server, POST /authorize, response 303',
  'server to browser, 303 to POST /authorize',
]
/** From v07, between the login and its end. */
const CONSENT = [
  'browser to server, GET /authorize, response 200',
  'server to browser, 200 to GET /authorize',
  'browser to server, POST /consent, response 303',
  'server to browser, 303 to POST /consent',
]
const EXCHANGE = [
  'client to server, POST /token, response 200',
  'server to client, 200 to POST /token',
]
const CALLBACK_PAGE = [
  'browser to client, GET /callback, response 200',
  ...EXCHANGE,
  'client to browser, 200 to GET /callback',
]

/** A login's end from v04. From v12 the API is a program of its own, which asks the server. */
function profileOf(number: number): string[] {
  const resource = number < 12 ? 'server' : 'API'
  const question = number < 13 ? 'POST /introspect' : 'GET /jwks'
  return [
    'browser to client, GET /callback, response 303',
    ...EXCHANGE,
    'client to browser, 303 to GET /callback',
    'browser to client, GET /profile, response 200',
    `client to ${resource}, GET /api/me, response 200`,
    ...(number < 12
      ? []
      : [`API to server, ${question}, response 200`, `server to API, 200 to ${question}`]),
    `${resource} to client, 200 to GET /api/me`,
    'client to browser, 200 to GET /profile',
  ]
}

/** Starts a version with an empty log and nothing held. */
async function use(version: string): Promise<void> {
  const known = knownVersion(version)
  if (known === undefined) throw new Error(`There is no ${version}`)
  const { state, version: running } = workshop.main
  if (state !== 'running' || running.id !== version) {
    await workshop.runner.start(workshop.main, known)
  }
  for (const path of ['hold', 'clear']) {
    await fetch(`${workshop.url}/traffic/${path}`, { method: 'POST' })
  }
}

async function isInSight(place: Locator): Promise<boolean> {
  const box = await place.boundingBox()
  const height = place.page().viewportSize()?.height ?? 0
  return box !== null && box.y >= 0 && box.y + box.height <= height
}

/** The rows that the page shows. */
async function rowsOf(page: Page): Promise<string[]> {
  const texts = await page
    .locator('.row[data-message] > details > summary > .unseen')
    .allTextContents()
  return texts.map((text) => text.split('.', 1)[0] ?? '')
}

async function logIn(page: Page, hasConsent = false): Promise<void> {
  await page.goto(`${workshop.main.addresses.client}/`)
  await page.getByText('Start authorization').click()
  await enterPassword(page)
  if (hasConsent) await page.getByRole('button', { name: 'Allow', exact: true }).click()
  await page.waitForURL(/\/(callback|profile)/)
}

async function enterPassword(page: Page): Promise<void> {
  await page.fill('[name=username]', 'user0')
  await page.fill('[name=password]', 'password0')
  await page.getByRole('button', { name: 'Log in' }).click({ noWaitAfter: true })
}

interface HarEntry {
  comment: string
  request: {
    method: string
    url: string
    headers: Pair[]
    postData?: { text: string; params: Pair[] }
  }
  response: { status: number; headers: Pair[]; cookies: Pair[]; content: { text: string } }
}
type Pair = { name: string; value: string }

async function harOf(): Promise<HarEntry[]> {
  const answer = await fetch(`${workshop.url}/traffic/har?slot=${workshop.main.id}&secrets=1`)
  expect(answer.headers.get('content-disposition')).toContain('attachment')
  const { log } = (await answer.json()) as { log: { entries: HarEntry[] } }
  return log.entries
}

/** Every request of a page to the two programs, except for the style sheet. */
function watch(page: Page): Seen[] {
  const seen: Seen[] = []
  page.on('request', (request) => {
    if (!request.url().endsWith('/style.css')) seen.push({ request, text: undefined })
  })
  // Read at once, because a page can't be read after the browser has left it.
  page.on('requestfinished', async (request) => {
    const known = seen.find((other) => other.request === request)
    const answer = await request.response()
    if (known !== undefined && answer?.status() === 200) known.text = answer.text()
  })
  return seen
}

interface Seen {
  request: Request
  text: Promise<string> | undefined
}

describe.runIf(testsPages)(NEEDS_CHROMIUM, () => {
  const watched = some(listVersions().reverse())
  describe.each(watched)('$name', ({ name, number }) => {
    beforeEach(() => use(name))

    test('shows a login message by message, as it was sent', async () => {
      const traffic = await workshop.visit('/traffic')
      const page = await workshop.newPage()
      const seen = watch(page)
      const consent = number < 7 ? [] : CONSENT
      await logIn(page, consent.length > 0)

      const end = number < 4 ? CALLBACK_PAGE : profileOf(number)
      await expect.poll(() => rowsOf(traffic)).toEqual([...LOGIN, ...consent, ...end])
      // All of it is one login, except for the start page.
      expect(await traffic.locator('.login h2 > :last-child').allTextContents()).toEqual([
        'user0 with lab-client: logged in',
      ])
      expect(await traffic.locator('.rows > .row[data-message]').count()).toBe(2)

      const har = await harOf()
      const front = har.filter(({ comment }) => comment.startsWith('browser to'))
      expect(front).toHaveLength(seen.length)
      for (const [index, { request, text }] of seen.entries()) {
        const { request: asked, response } = front[index] as HarEntry
        expect([asked.method, asked.url]).toEqual([request.method(), request.url()])
        expect(asked.postData?.text).toBe(request.postData() ?? undefined)
        expect(inLowerCase(asked.headers)).toMatchObject(await request.allHeaders())

        const answer = await request.response()
        expect(response.status).toBe(answer?.status())
        expect(inLowerCase(response.headers)).toEqual(await answer?.allHeaders())
        if (response.status === 200) expect(response.content.text).toBe(await text)
      }
      const set = har.flatMap(({ response }) => response.cookies).at(-1)
      const cookies = await page.context().cookies()
      expect(cookies.find(({ name }) => name === set?.name)?.value).toBe(set?.value)
      expectBackChannel(har, number)
    })
  })

  function inLowerCase(pairs: Pair[]): Record<string, string> {
    return Object.fromEntries(pairs.map(({ name, value }) => [name.toLowerCase(), value]))
  }

  /** The back channel is recognized by its values, which were in the front channel before. */
  function expectBackChannel(har: HarEntry[], number: number): void {
    const at = (path: string) => har.filter(({ request }) => new URL(request.url).pathname === path)
    const [callback] = at('/callback')
    const [authorize] = at('/authorize')
    const [token] = at('/token')
    const sent = Object.fromEntries(new URLSearchParams(token?.request.postData?.text))
    expect(token?.comment).toContain('client to server')
    expect(sent.code).toBe(new URL(callback?.request.url ?? '').searchParams.get('code'))
    if (number >= 3) {
      const challenge = createHash('sha256')
        .update(sent.code_verifier ?? '')
        .digest('base64url')
      expect(challenge).toBe(
        new URL(authorize?.request.url ?? '').searchParams.get('code_challenge'),
      )
    }
    if (number < 4) return
    const { access_token } = JSON.parse(token?.response.content.text ?? '')
    const [me] = at('/api/me')
    const authorization = me?.request.headers.find(
      ({ name }) => name.toLowerCase() === 'authorization',
    )
    expect(authorization?.value).toBe(`Bearer ${access_token}`)
    expect(JSON.parse(me?.response.content.text ?? '')).toMatchObject({ user_id: 'user0' })
  }

  describe('the page', () => {
    beforeEach(() => use('v05-refresh-token'))

    test('explains a message that is opened, and shows a secret only after a click', async () => {
      const traffic = await workshop.visit('/traffic')
      await logIn(await workshop.newPage())
      const code = new URL((await harOf())[4]?.request.url ?? '').searchParams.get('code') ?? ''

      const row = traffic.locator('.row.request', { hasText: 'POST /token' })
      await row.locator('summary').first().focus()
      await traffic.keyboard.press('Enter')
      await expect
        .poll(() => row.locator('.details').textContent())
        .toContain('RFC 6749 section 4.1.3')
      expect(await row.locator('.details').textContent()).toContain('client/token-request.ts:')
      expect(await traffic.locator('main').textContent()).not.toContain(code)
      const button = row.locator('dl button.value', { hasText: 'code 1' })
      expect(await button.textContent()).toBe(`code 1${code.slice(0, 4)}****${code.slice(-4)}`)

      await button.click()
      expect(await traffic.locator('main').textContent()).toContain(code)
      await button.press('Enter')
      expect(await traffic.locator('main').textContent()).not.toContain(code)
    })

    test('separates logins as they come, filters by one, and opens at the newest message or the one in the address', async () => {
      const traffic = await workshop.visit('/traffic')
      const headings = () => traffic.locator('.login h2 > :last-child').allTextContents()
      const page = await workshop.newPage()
      await page.goto(`${workshop.main.addresses.client}/login`)
      await expect.poll(headings).toEqual(['Someone with lab-client: waiting for the user'])
      await enterPassword(page)
      await page.waitForURL(/\/profile/)
      await expect.poll(headings).toEqual(['user0 with lab-client: logged in'])
      await page.getByRole('button', { name: 'Log out' }).click()
      await page.getByText('Start authorization').click()
      await expect
        .poll(headings)
        .toEqual([
          'user0 with lab-client: logged out, but its tokens may still work',
          'Someone with lab-client: waiting for the user',
        ])
      // The page follows the messages as they come.
      const last = traffic.locator('.row').last()
      await expect.poll(() => isInSight(last)).toBe(true)

      const choice = traffic.locator('[name=login] option').last()
      await traffic.selectOption('[name=login]', (await choice.getAttribute('value')) ?? '')
      await expect.poll(async () => (await rowsOf(traffic)).length).toBe(4)
      await enterPassword(page)
      await expect.poll(async () => (await rowsOf(traffic)).length).toBe(14)
      await expect.poll(headings).toEqual(['user0 with lab-client: logged in'])

      await traffic.goto(`${workshop.url}/traffic`)
      await expect.poll(() => isInSight(last)).toBe(true)
      const first = traffic.locator('.login .row').first()
      await first.locator('summary').first().click()
      await first.getByRole('link', { name: 'Link to this message' }).click()
      await traffic.waitForURL(/#message-\d+$/)
      await traffic.reload()
      await first.getByText('Link to this message').waitFor()
      await expect.poll(() => isInSight(first.locator('summary').first())).toBe(true)
    })

    test('after the lab was started again, the link to a message opens no other message, and the page says so', async () => {
      const workshop = await workshopOfTest('v01-code-flow')
      const ids = async () => {
        const rows = (await workshop.get('/traffic')).page().querySelectorAll('.row')
        return rows.map(({ id }) => id)
      }
      const request = () => fetch(workshop.main.addresses.client)
      await request()
      await expect.poll(async () => (await ids()).length).toBeGreaterThan(1)
      const before = await ids()
      await workshop.restart(request)
      await request()
      await expect.poll(async () => (await ids()).length).toBeGreaterThan(1)
      expect((await ids()).filter((id) => before.includes(id))).toEqual([])

      const page = await workshop.visit(`/traffic#${before[0]}`)
      await page.locator('#announcement', { hasText: "That message isn't in this list." }).waitFor()
    })

    test('copies a request as a curl command that works', async () => {
      await logIn(await workshop.newPage())
      const permissions = ['clipboard-read', 'clipboard-write']
      const traffic = await workshop.visit('/traffic', { own: { permissions } })
      const row = traffic.locator('.row.request', { hasText: 'GET /api/me' })
      await row.locator('summary').first().click()
      await row.getByRole('button', { name: 'Copy as curl' }).click()
      await row.getByRole('button', { name: 'Copied' }).waitFor()
      const command = await traffic.evaluate<string>('navigator.clipboard.readText()')
      expect(await row.textContent()).not.toContain(/Bearer [\w-]+/.exec(command)?.[0])
      const { stdout } = await promisify(exec)(command)
      expect(stdout).toContain('HTTP/1.1 200')
      expect(stdout).toContain('"user_id":"user0"')
    })

    test('a click gives access tokens of 20 seconds, a clock counts down what is alive, and another click goes back', async () => {
      const { main, runner } = workshop
      const traffic = await workshop.visit('/traffic')
      const living = traffic.locator('.clock li')
      await traffic.getByRole('button', { name: 'Access tokens of 20 seconds' }).click()
      await traffic.getByText('In this run, access tokens live for 20 s.').waitFor()
      await workshop.untilRunning()
      expect(main.lifetimes).toEqual({ ACCESS_TOKEN_TTL: '20' })
      await logIn(await workshop.newPage())
      // The code was used, so it has left.
      await expect
        .poll(async () => (await living.locator('.chip').allTextContents()).toSorted())
        .toEqual(['access token 1', 'refresh token 1', expect.stringMatching(/^session \d$/)])
      // Once all messages are there, nothing else is requested.
      await expect.poll(async () => (await rowsOf(traffic)).length).toBe(16)
      const left = living.first().locator('.left')
      const before = Number.parseInt((await left.textContent()) ?? '', 10)
      expect(before).toBeLessThanOrEqual(20)
      const asked: string[] = []
      traffic.on('request', (request) => asked.push(request.url()))
      await expect
        .poll(async () => Number.parseInt((await left.textContent()) ?? '', 10))
        .toBeLessThan(before)
      expect(asked).toEqual([])
      // Screen readers get the time of day, which doesn't change.
      expect(await left.getAttribute('aria-hidden')).toBe('true')
      expect(await seriousProblems(traffic)).toEqual([])

      await traffic.getByRole('button', { name: 'Defaults' }).click()
      await expect.poll(() => main.lifetimes).toEqual({})
      await workshop.untilRunning()
      await traffic.getByText('Nothing, as far as the messages show.').waitFor()
      expect(runner.slots).toHaveLength(1)
    })

    test.runIf(full)('filters, forgets, and goes on', async () => {
      const traffic = await workshop.visit('/traffic')
      const page = await workshop.newPage()
      await logIn(page)
      await expect.poll(async () => (await rowsOf(traffic)).length).toBe(16)

      await traffic.selectOption('[name=channel]', 'back')
      await expect.poll(async () => (await rowsOf(traffic)).length).toBe(4)
      await traffic.fill('[name=text]', 'grant_type')
      await traffic.keyboard.press('Enter')
      await expect.poll(() => rowsOf(traffic)).toEqual(EXCHANGE.slice(0, 1))
      await page.goto(`${workshop.main.addresses.client}/`)
      await traffic.fill('[name=text]', 'no message has this')
      await traffic.keyboard.press('Enter')
      await traffic.getByRole('link', { name: 'Show all messages' }).click()
      await expect.poll(async () => (await rowsOf(traffic)).length).toBe(20)

      await traffic.getByRole('button', { name: 'Clear the traffic' }).click()
      await expect.poll(async () => (await rowsOf(traffic)).length).toBe(0)
      await page.goto(`${workshop.main.addresses.client}/login`)
      await expect.poll(async () => (await rowsOf(traffic)).length).toBe(4)
    })

    test("takes a request for the client's only if the client sent it", async () => {
      const traffic = await workshop.visit('/traffic')
      await fetch(`${workshop.main.addresses.server}/token`, { method: 'POST' })
      await expect
        .poll(() => rowsOf(traffic))
        .toEqual([
          'another program to server, POST /token, response 400',
          'server to another program, 400 to POST /token',
        ])
    })

    test.runIf(full)(
      'says what happened to the programs, and gives the whole list to a page of another start',
      async () => {
        const traffic = await workshop.visit('/traffic')
        await workshop.runner.stop(workshop.main)
        await expect
          .poll(() => traffic.locator('.row.note').allTextContents())
          .toEqual([expect.stringContaining('was stopped.')])

        const rows = await fetch(`${workshop.url}/traffic/rows?after=another%200%207`)
        expect(await rows.text()).toContain('was stopped.')
      },
    )

    test.runIf(full)('is accessible, with all messages open', async () => {
      await logIn(await workshop.newPage())
      await workshop.inspect('/traffic', 'traffic')
      const traffic = await workshop.visit('/traffic')
      for (const summary of await traffic.locator('.row > details > summary').all()) {
        await summary.click()
      }
      await expect.poll(() => traffic.locator('.details:empty').count()).toBe(0)
      for (const colorScheme of ['light', 'dark'] as const) {
        await traffic.emulateMedia({ colorScheme })
        expect(await seriousProblems(traffic)).toEqual([])
      }
      await traffic.setViewportSize({ width: 390, height: 800 })
      expect(await traffic.evaluate('document.documentElement.scrollWidth')).toBe(390)
    })
  })

  describe('step by step', () => {
    beforeEach(() => use('v05-refresh-token'))

    async function hold(): Promise<Page> {
      const traffic = await workshop.visit('/traffic')
      await traffic.getByRole('button', { name: 'Hold the traffic' }).click()
      await traffic.getByRole('button', { name: 'Send all on' }).waitFor()
      return traffic
    }

    /** The held messages, as the page shows them. */
    function waitingOn(traffic: Page): Promise<string[]> {
      return traffic.locator('.row.waits > details > summary > .unseen').allTextContents()
    }

    test.runIf(full)(
      'a login advances one message at a time, and no time limit strikes meanwhile',
      async () => {
        const traffic = await hold()
        const page = await workshop.newPage()
        const steps = [...LOGIN, ...profileOf(5)].slice(2)
        page.goto(`${workshop.main.addresses.client}/login`).catch(() => {})
        for (const step of steps) {
          const [way, what] = step.split(', ')
          await expect
            .poll(() => waitingOn(traffic))
            .toEqual([expect.stringContaining(`${way}, ${what}`)])
          // Longer than the client waits when nothing is held.
          if (step.startsWith('client to server, POST /token')) await sleep(5_200)
          await traffic.getByRole('button', { name: 'Next' }).click()
          if (step.startsWith('server to browser, 200')) {
            await page.waitForURL(/\/authorize/)
            await enterPassword(page)
          }
        }
        await page.waitForURL(/\/profile/)
        expect(await page.locator('#username').textContent()).toBe('User Number 0')
      },
    )

    test('a held message is announced on every page, in the terminal and in the log, and shown on the way back', async () => {
      const { addresses, id } = workshop.main
      // To have more messages than fit on the screen.
      for (let i = 0; i < 20; i += 1) await fetch(`${addresses.client}/nowhere`)
      const traffic = await hold()
      await traffic.goto(`${workshop.url}/reference`)
      await traffic.locator('#status:has-text("is on hold")').waitFor()
      const lines: string[] = []
      const listen = (_slot: unknown, { text }: { text: string }) => lines.push(text)
      workshop.runner.on('line', listen)
      onTestFinished(() => {
        workshop.runner.off('line', listen)
      })
      const asked = fetch(`${addresses.client}/login`, { redirect: 'manual' })
      await traffic.locator('#status:has-text("1 message is waiting")').waitFor()
      const other = fetch(`${addresses.client}/`)
      await traffic.locator('#status:has-text("2 messages are waiting")').waitFor()
      const words = `GET /login, waiting. Send it on at ${workshop.url}/traffic?slot=${id}`
      expect(lines).toEqual([expect.stringContaining(words)])
      await traffic.goto(`${workshop.url}/run`)
      await traffic
        .getByText('2 messages are waiting, and the client hangs until you send them on')
        .waitFor()
      await traffic.getByText(words).first().waitFor()
      await traffic.locator('#status').click()
      await traffic.waitForURL(`**/traffic?slot=${id}`)
      const first = traffic.locator('.row.waits').first()
      await first.waitFor()
      await expect.poll(() => isInSight(first)).toBe(true)

      await traffic.goto(`${workshop.url}/run`)
      await traffic.getByRole('button', { name: 'Send all on' }).click()
      await traffic.locator('#status:has-text("running")').waitFor()
      expect((await Promise.all([asked, other])).map(({ status }) => status)).toEqual([302, 200])
    })

    test('each of several held messages can be sent on by itself, then all at once', async () => {
      const traffic = await hold()
      const { client } = workshop.main.addresses
      const asked = ['/login', '/', '/nowhere'].map((path) =>
        fetch(client + path, { redirect: 'manual' }),
      )
      await expect.poll(async () => (await waitingOn(traffic)).length).toBe(3)
      await traffic.getByRole('button', { name: /^Send it on: .* GET \/nowhere/ }).click()
      await traffic.getByText('404').first().waitFor()
      // A keyboard user stays at the message.
      await expect.poll(() => traffic.locator(':focus').textContent()).toContain('GET /nowhere')
      expect(await waitingOn(traffic)).toHaveLength(3)
      await traffic.getByRole('button', { name: 'Send all on' }).click()
      expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([302, 200, 404])
      await expect.poll(() => waitingOn(traffic)).toEqual([])
    })

    test.runIf(full)(
      'stopping in the middle ends the programs at once, and the holding too',
      async () => {
        const traffic = await hold()
        const page = await workshop.newPage()
        const opened = page.goto(`${workshop.main.addresses.client}/login`).catch(() => undefined)
        await expect.poll(async () => (await waitingOn(traffic)).length).toBe(1)
        const began = performance.now()
        await workshop.runner.stop(workshop.main)
        expect(performance.now() - began).toBeLessThan(4_000)
        await opened
        await traffic.getByText('The program stopped before it responded.').waitFor()
        expect(await waitingOn(traffic)).toEqual([])
        expect(await traffic.getByRole('button', { name: 'Hold the traffic' }).isDisabled()).toBe(
          true,
        )

        await workshop.runner.start(workshop.main, workshop.main.version)
        await expect
          .poll(() => traffic.getByRole('button', { name: 'Hold the traffic' }).isEnabled())
          .toBe(true)
        await page.goto(`${workshop.main.addresses.client}/`)
      },
    )
  })
})
