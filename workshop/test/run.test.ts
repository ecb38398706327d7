import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { listVersions, ROOT } from '@oauth-lab/course/programs/versions.ts'
import { whoAnswers } from '@oauth-lab/course/programs/who-answers.ts'
import { NEEDS_CHROMIUM, testsPages } from '@oauth-lab/shared/testing/chromium.ts'
import { full } from '@oauth-lab/shared/testing/share.ts'
import type { Route } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { type KnownVersion, knownVersion } from '../known-versions.ts'
import { Runner, type Slot } from '../runner.ts'
import { folderOfFile, workshopOfFile } from './lab.ts'

const playground = folderOfFile()
writeFileSync(join(playground, 'package.json'), '{ "type": "module" }')

/** Writes a program into a copy. The small ones load nothing, so they start in half the time of a real one. */
function writeProgram(copy: string, program: string, text: string): void {
  mkdirSync(join(playground, copy, program), { recursive: true })
  writeFileSync(join(playground, copy, program, 'main.ts'), text)
}

/** A program that responds with the lifetime of access tokens that it was given. */
function smallProgram(name: string, setting: string, status = '200'): string {
  return `import { createServer } from 'node:http'
    createServer(async (request, response) => {
      response.setHeader('x-oauth-lab', '${name}')
      response.statusCode = request.url === '/style.css' ? 200 : ${status}
      response.end(process.env.ACCESS_TOKEN_TTL)
    }).listen(new URL(process.env.${setting} ?? '').port, 'localhost')`
}

for (const copy of ['v02', 'v03']) {
  writeProgram(copy, 'server', smallProgram(`${copy} server`, 'AUTH_SERVER_URL', '404'))
  writeProgram(copy, 'client', smallProgram(`${copy} client`, 'CLIENT_URL'))
}
// The API asks the server about each request, as a resource server may. The worker runs and ends.
const askServer = "(await fetch(process.env.AUTH_SERVER_URL + '/introspect')).status && 200"
writeProgram('v03', 'api', smallProgram('v03 api', 'API_URL', askServer))
const WORKER = `const { status } = await fetch(process.env.API_URL + '/api/me')
  console.log('The API responded with', status)
  export {}`
writeProgram('v03', 'worker', WORKER)
writeProgram('v02', 'sleeper', `console.log('asleep')\nsetInterval(() => {}, 1e6)`)

// The runner reads it when the first version starts.
vi.stubEnv('ACCESS_TOKEN_TTL', '30')
const workshop = await workshopOfFile('v01-code-flow', playground)
afterAll(() => {
  vi.unstubAllEnvs()
})

/** The lifetime of an access token in seconds, as the server of a slot gives it. */
async function lifeOfToken({ addresses: { server, client } }: Slot): Promise<number> {
  const redirect_uri = `${client}/callback`
  const query = { response_type: 'code', client_id: 'lab-client', redirect_uri }
  const { headers } = await fetch(`${server}/authorize?${new URLSearchParams(query)}`, {
    method: 'POST',
    body: new URLSearchParams({ username: 'user0', password: 'password0' }),
    redirect: 'manual',
  })
  const code = new URL(headers.get('location') ?? '').searchParams.get('code') ?? ''
  const answer = await fetch(`${server}/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri }),
    headers: { authorization: `Basic ${btoa('lab-client:lab-client-secret')}` },
  })
  const { expires_in } = (await answer.json()) as { expires_in: number }
  return expires_in
}

const v01 = workshop.main.version

function mainRuns(): [name: string, state: string] {
  return [workshop.main.version.name, workshop.main.state]
}

describe('the runner', () => {
  test('keeps the lifetimes from the environment of npm start until others are given', async () => {
    expect(await lifeOfToken(workshop.main)).toBe(30)
  })

  test('replaces one version with another at the same addresses, with the given lifetimes', async () => {
    const { server, client } = workshop.main.ports
    const version = 'v02-state'
    const fields = { version, ACCESS_TOKEN_TTL: '20', CODE_TTL: '' }
    expect((await workshop.post('/run/start', fields)).status).toBe(303)
    await expect.poll(mainRuns).toEqual([version, 'running'])
    expect((await whoAnswers(server))?.program).toBe(`${version} server`)
    expect((await whoAnswers(client))?.program).toBe(`${version} client`)
    expect(workshop.main.lifetimes).toEqual({ ACCESS_TOKEN_TTL: '20' })
    const lesson = await workshop.get(`/lessons/${version}/running`)
    expect(lesson.text).toContain('is running, with other lifetimes')
    expect((await workshop.get('/run')).text).toContain('access tokens live for 20 s')
    expect(await lifeOfToken(workshop.main)).toBe(20)
  })

  test('keeps lifetimes over a restart', async () => {
    await workshop.runner.restart(workshop.main)
    expect(await lifeOfToken(workshop.main)).toBe(20)
  })

  test('reports a file in the place of a copy, and the next start succeeds, without the lifetimes of before', async () => {
    const { main, runner } = workshop
    await runner.start(main, { ...v01, folder: fileURLToPath(import.meta.url) })
    expect(main.state).toBe('failed')
    expect(main.problem).toContain("can't start")
    await workshop.post('/run/start', { version: 'copy-v02' })
    await expect.poll(mainRuns).toEqual(['v02', 'running'])
    expect(await (await fetch(main.addresses.server)).text()).toBe('')
  })

  test.runIf(full)('obeys the last of many clicks, and leaves nothing of the others', async () => {
    const { main, runner } = workshop
    const versions = listVersions().flatMap(({ name }) => knownVersion(name) ?? [])
    // Not over HTTP, where the first request may arrive last.
    await Promise.all(versions.map((version) => runner.start(main, version)))
    const last = versions.at(-1)?.name
    expect(mainRuns()).toEqual([last, 'running'])
    expect((await whoAnswers(main.ports.server))?.program).toBe(`${last} server`)
    expect((await whoAnswers(main.ports.client))?.program).toBe(`${last} client`)
  })

  test('rejects an impossible lifetime with a clear error, and what runs keeps running', async () => {
    const before = mainRuns()
    for (const wrong of ['0', 'soon', '-1', '1e99']) {
      const answer = await workshop.post('/run/start', {
        version: 'v01-code-flow',
        CODE_TTL: wrong,
      })
      expect([wrong, answer.status]).toEqual([wrong, 400])
      expect(answer.text).toContain('CODE_TTL is &quot;')
    }
    expect(mainRuns()).toEqual(before)
  })

  test.runIf(full)(
    'nothing starts any more in a place that was closed the moment before',
    async () => {
      const slot = await workshop.runner.openBeside(v01)
      await Promise.all([workshop.runner.close(slot), workshop.runner.start(slot, v01)])
      expect(await whoAnswers(slot.ports.server)).toBeUndefined()
      expect(slot.state).toBe('stopped')
    },
  )

  test('the log links the addresses of its own programs, and nothing else', async () => {
    const { main, runner } = workshop
    const own = `${main.addresses.server}/authorize?a=b&c="<i>`
    const text = `x http://evil.example/ ${main.addresses.server}.evil.example/ ${own} javascript:y`
    runner.note(main, { program: 'server', text })
    const { text: log } = await workshop.get(`/run/log/${main.id}`)
    expect(log).not.toContain('<i>')
    const links = [...log.matchAll(/<a href="([^"]*)"/g)].map(([, href]) => href)
    expect(links).toEqual([`${main.addresses.server}/authorize?a=b&amp;c=&quot;&lt;i&gt;`])
  })

  test('the log links the files of the lab in a stack, and shows where those of a version are', async () => {
    const { main, runner } = workshop
    const { folder, id } = main.version
    const stack = [
      `at one (${pathToFileURL(folder).href}/client/app.ts:12:7)`,
      `at two (${join(folder, 'server', 'app.ts')}:3)`,
      `${join(ROOT, 'shared', 'app.ts')} ${folder}/../../README.md /etc/app.ts:1`,
    ]
    runner.note(main, { program: 'server', text: stack.join(' ') })
    const { text: log } = await workshop.get(`/run/log/${main.id}`)
    const links = [...log.matchAll(/<a href="([^"]*)"/g)].map(([, href]) => href)
    expect(links.slice(-3)).toEqual([
      `/code/${id}/client/app.ts#L12`,
      `/code/${id}/server/app.ts#L3`,
      '/code/shared/app.ts',
    ])
    const { page } = await workshop.get('/run')
    expect(page().querySelector(`.facts a[href="/code/${id}"]`)?.text).toBe(
      main.version.leadsTo ? `playground/${main.version.name}` : `versions/${id}`,
    )
  })

  test('reports a port that another program holds, and leaves that program alone', async () => {
    const { ports, addresses, version } = workshop.main
    const stranger = new Runner()
    const slot = stranger.open(version, addresses)
    await expect.poll(() => slot.state).toBe('failed')
    expect(slot.problem).toContain(
      `Port ${ports.server} is already in use by ${version.name} server`,
    )
    await stranger.closeAll()
    expect((await whoAnswers(ports.server))?.program).toBe(`${version.name} server`)
  })
})

describe('two more versions beside the first', () => {
  let known: Slot[]
  let opened: Slot[]
  let slot: Slot

  beforeAll(async () => {
    known = workshop.runner.slots
    await Promise.all(
      ['copy-v02', 'copy-v03'].map((version) => workshop.post('/run/beside', { version })),
    )
    opened = workshop.runner.slots.filter((one) => !known.includes(one))
    for (const one of opened) await workshop.untilRunning(one)
    slot = opened.find(({ version }) => version.name === 'v03') as Slot
  })

  test('run each on its own ports', async () => {
    expect(opened).toHaveLength(2)
    for (const { ports, version } of opened) {
      expect((await whoAnswers(ports.server))?.program).toBe(`${version.name} server`)
      expect((await whoAnswers(ports.client))?.program).toBe(`${version.name} client`)
    }
  })

  test('have their API started and their worker named, if they have them', async () => {
    expect((await whoAnswers(slot.ports.api))?.program).toBe('v03 api')
    const { text } = await workshop.get('/run')
    expect(text).toContain(`<a href="${slot.addresses.api}" target="_blank">`)
    expect(text).toContain(`API_URL=${slot.addresses.api} npm run worker, in `)

    // A browser, and a program that the workshop didn't start, such as the worker.
    const agents = ['Mozilla/5.0', 'curl/8']
    for (const agent of agents) {
      await fetch(`${slot.addresses.api}/api/me`, { headers: { 'user-agent': agent } })
    }
    await expect.poll(() => rows()).toContain('API to another program, 200 to GET /api/me')
    const shown = await rows()
    expect(shown).toContain('browser to API, GET /api/me, response 200')
    expect(shown).toContain('API to server, GET /introspect, response 404')
    expect(shown).toContain('<li class="api">API</li>')
    // The arrow between the lanes of server and API.
    expect(shown).toContain('class="arrow to-left" style="--first: 3; --span: 2"')

    const fields = { slot: slot.id, program: 'worker' }
    expect((await workshop.post('/run/program', fields)).status).toBe(303)
    await expect
      .poll(() => slot.log.map(({ text }) => text))
      .toEqual(
        expect.arrayContaining([
          'worker  The API responded with 200',
          'worker  ended with exit status 0',
        ]),
      )
    await expect.poll(() => rows()).toContain('API to worker, 200 to GET /api/me')
    const withWorker = await rows()
    expect(withWorker).toContain('worker to API, GET /api/me, response 200')
    expect(withWorker).toContain('<li class="api">API</li><li class="worker">Worker</li>')
    // The arrow between the lanes of API and worker.
    expect(withWorker).toContain('class="arrow to-left" style="--first: 4; --span: 2"')
    for (const program of ['server', 'client', 'toString', '../worker', '']) {
      expect((await workshop.post('/run/program', { ...fields, program })).status).toBe(404)
    }
  })

  test('have a program that ends run once at a time, and stopped with the others', async () => {
    const slot = opened.find(({ version }) => version.name === 'v02') as Slot
    slot.log = []
    const lines = () => slot.log.flatMap(({ program, text }) => (program === 'sleeper' ? text : []))
    workshop.runner.runOnce(slot, 'sleeper')
    await expect.poll(lines).toEqual(['sleeper  asleep'])
    workshop.runner.runOnce(slot, 'sleeper')
    expect(lines()).toEqual(['sleeper  asleep', 'sleeper  is still running'])
    await workshop.runner.stop(slot)
    expect((await workshop.get('/run')).text).toMatch(/<\/span>stopped<\/span>/)
    const { server, client } = slot.ports
    for (const port of [server, client]) expect(await whoAnswers(port)).toBeUndefined()
    expect(lines().at(-1)).toMatch(/^sleeper {2}ended with /)
    workshop.runner.runOnce(slot, 'sleeper')
    await expect.poll(() => lines().at(-1)).toBe('sleeper  asleep')
  })

  test('run until they are removed', async () => {
    for (const { id, ports } of opened) {
      await workshop.post('/run/stop', { slot: id })
      expect(await whoAnswers(ports.server)).toBeUndefined()
      expect(await whoAnswers(ports.client)).toBeUndefined()
      expect((await workshop.post('/run/stop', { slot: id })).status).toBe(404)
    }
    expect(workshop.runner.slots).toEqual(known)
  })

  async function rows(): Promise<string> {
    return (await workshop.get(`/traffic/rows?slot=${slot.id}`)).text
  }
})

describe.runIf(testsPages)(NEEDS_CHROMIUM, () => {
  test('the page of running versions fits every screen, and is accessible', async () => {
    await workshop.inspect('/run', 'run')
  })

  test('a click runs the worker or the CLI of v14, whose URL is a link, and each has a lane of its own', async () => {
    const slot = await workshop.runner.openBeside(knownVersion('v14-native-app') as KnownVersion)
    onTestFinished(() => workshop.runner.close(slot))
    await workshop.untilRunning(slot)
    const page = await workshop.visit('/run')
    await page.locator(`#log-${slot.id} summary`).click()
    await page.locator(`#once-${slot.id}-worker`).click()
    await page.getByText('worker  2 users').waitFor()
    await page.getByText('worker  ended with exit status 0').waitFor()
    await page.getByRole('button', { name: 'Run the CLI' }).click()
    const link = page.locator(`#log-${slot.id} a`, { hasText: 'client_id=lab-cli' })
    const [login] = await Promise.all([page.waitForEvent('popup'), link.click()])
    await login.getByLabel('User name').fill('user0')
    await login.getByLabel('Password').fill('password0')
    await login.getByRole('button', { name: 'Log in' }).click()
    await login.getByRole('button', { name: 'Allow' }).click()
    await login.getByText('You can close this page').waitFor()
    await page.getByText('cli  Logged in as User Number 0').waitFor()
    await page.getByText('cli  ended with exit status 0').waitFor()
    await page.goto(`${workshop.url}/traffic?slot=${slot.id}`)
    for (const message of [
      'worker to server, POST /token, response 200',
      'browser to CLI, GET /callback, response 200',
      'CLI to server, POST /token, response 200',
      'CLI to API, GET /api/me, response 200',
      'CLI to server, POST /revoke, response 200',
    ]) {
      await page.locator('.row', { hasText: message }).waitFor()
    }
    expect(await page.locator('.row', { hasText: /Authorization response/ }).count()).toBe(1)
    const lanes = await page.locator('.lane-names li').allInnerTexts()
    expect(lanes).toEqual(['Browser', 'Client', 'Server', 'API', 'CLI', 'Worker'])
    // The arrow starts in the middle of the worker's lane.
    const ofWorker = page.locator('.row', { hasText: 'worker to server, POST /token' })
    const arrow = await ofWorker.locator('.arrow').boundingBox()
    const lane = await page.locator('.lane-names .worker').boundingBox()
    if (arrow === null || lane === null) throw new Error('Something is not visible')
    expect(arrow.x + arrow.width).toBeCloseTo(lane.x + lane.width / 2, -1)
  })

  test('a click in a lesson starts its version with the lifetimes of its experiment, and other browsers show it by themselves', async () => {
    const watching = await workshop.visit('/run')
    const page = await workshop.visit('/lessons/v05-refresh-token')
    const name = 'Run v05-refresh-token now: access tokens live for 20 s'
    await page.getByRole('button', { name }).click()
    const running = 'v05-refresh-token is running, and access tokens live for 20 s.'
    await page.locator('article').getByText(running).waitFor()
    expect(workshop.main.lifetimes).toEqual({ ACCESS_TOKEN_TTL: '20' })
    await watching.locator('#status:has-text("v05-refresh-token"):has-text("running")').waitFor()
    await watching.locator('.slot.running h2:has-text("v05-refresh-token")').waitFor()
    await page.goto(`${workshop.url}/lessons/v05-refresh-token/try-it`)
    await page.locator('article').getByText(running).waitFor()
    expect(await page.getByRole('button', { name: /^Run v05/ }).count()).toBe(3)
  })

  test('the log shows each request as it comes', async () => {
    const page = await workshop.visit('/run')
    await fetch(`${workshop.main.addresses.client}/not-there`)
    await page.getByText('/not-there  404').waitFor()
  })

  test('a page shows what happened while it waited for a response', async () => {
    const page = await workshop.visit('/run')
    await page.locator('#slots .slot.running').first().waitFor()
    let happened: Promise<unknown> | undefined
    const arriveLate = async (route: Route) => {
      const response = await route.fetch()
      await happened
      // By now, the page may have left the request alone.
      await route.fulfill({ response }).catch(() => undefined)
    }
    for (const part of ['status', 'slots']) {
      await page.route(`**/run/${part}`, arriveLate, { times: 1 })
    }
    happened = workshop.runner
      .stop(workshop.main)
      .then(() => workshop.runner.note(workshop.main, { program: 'client', text: 'its last line' }))
    await happened
    await page.locator('#status:has-text("stopped")').waitFor()
    await page.locator('#slots .slot.stopped').first().waitFor()
    await page.getByText('its last line').waitFor()
  })

  test('a page that stays open starts a version by a click, and is up to date again after a restart of the app', async () => {
    const page = await workshop.newPage({ losesConnection: true })
    await page.goto(`${workshop.url}/run`)
    await page.locator('#run-copy-v02').click()
    await page.locator('#status:has-text("your v02"):has-text("running")').waitFor()
    await page.locator('.slot.running h2:has-text("playground/v02")').waitFor()
    await workshop.restart(() => workshop.runner.stop(workshop.main))
    await page.locator('#status:has-text("stopped")').waitFor()
    await page.locator('.slot.stopped h2:has-text("playground/v02")').waitFor()
  })
})
