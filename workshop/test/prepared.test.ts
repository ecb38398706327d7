import { findVersion, listVersions, type Version } from '@oauth-lab/course/programs/versions.ts'
import { preparedRequests } from '@oauth-lab/course/requests/all-requests.ts'
import { CHROMIUM, NEEDS_CHROMIUM } from '@oauth-lab/shared/testing/chromium.ts'
import { full, some } from '@oauth-lab/shared/testing/share.ts'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { seriousProblems, workshopOfFile, workshopOfTest } from './lab.ts'

const versions = listVersions()
const workshop = await workshopOfFile('v02-state')

test.each(some(versions, 2))(
  '"Try it" of $name has each prepared request in its section',
  async (version) => {
    const page = (await workshop.get(`/lessons/${version.name}/try-it`)).page()
    const sections = page.querySelectorAll('h2[id]').map(({ id }) => id)
    const shown = page.querySelectorAll('h2[id], .requests button[id^=send-]').map(({ id }) => id)
    for (const { id, section } of preparedRequests(version)) {
      const place = shown.indexOf(`send-${id}`)
      expect([id, shown.slice(0, place).findLast((one) => sections.includes(one))]).toEqual([
        id,
        section,
      ])
    }
  },
)

test('without a script, its response is a whole page that leads back to the lesson', async () => {
  const path = '/requests/prepared/v02-state/no-state'
  for (const [end, words] of [
    ['', 'v02-state responds with 400 Bad Request, as expected.'],
    ['/curl', 'curl -si'],
  ]) {
    const page = (await workshop.post(`${path}${end}`)).page()
    expect(page.querySelector('h1')?.text).toMatch(/\w/)
    expect(page.querySelector('main')?.text).toContain(words)
    const back = page.querySelector('main a[href^="/lessons/"]')?.getAttribute('href')
    const [lesson, section] = back?.split('#') ?? []
    const { page: tryIt } = await workshop.get(lesson ?? '')
    expect(tryIt().querySelector(`h2[id="${section}"]`)).not.toBeNull()
  }
  const body = new URLSearchParams()
  const headers = { 'hx-request': 'true' }
  const part = await workshop.get(path, { method: 'POST', headers, body })
  expect(part.text).not.toContain('<html')
  const away = (await workshop.post('/requests/prepared/v03-pkce/plain')).page()
  expect(away.querySelector('main button[name=start]')?.text).toBe('Start it, and send')
})

test('the login before it sends what the client of that version sends', async () => {
  const v01 = await workshopOfTest('v01-code-flow')
  await v01.post('/requests/prepared/v01-code-flow/used-code')
  const { text } = await v01.get('/traffic/har?secrets=1')
  const sent = JSON.parse(text).log.entries.map(
    (entry: { request: { url: string } }) => entry.request,
  )
  expect(JSON.stringify(sent)).toContain('/authorize?response_type=code')
  expect(JSON.stringify(sent)).not.toMatch(/state|code_challenge|code_verifier/)
})

test('a request that no lesson has is not found', async () => {
  const { status, text } = await workshop.post('/requests/prepared/v02-state/nothing')
  expect([status, text]).toEqual([404, expect.stringContaining('has no such request')])
})

test('a request whose login would wait for messages on hold is not sent', async () => {
  await workshop.post('/traffic/hold', { on: 'true' })
  const { status, text } = await workshop.post('/requests/prepared/v02-state/no-state')
  await workshop.post('/traffic/hold', { on: 'false' })
  expect([status, text]).toEqual([409, expect.stringContaining('on hold')])
})

test('a request to a version that is not running is not sent, and a button starts it', async () => {
  const { page } = await workshop.post('/requests/prepared/v03-pkce/plain')
  expect(page().querySelector('.callout')?.text).toContain("v03-pkce isn't running")
  expect(page().querySelector('button[name=start]')?.text).toBe('Start it, and send')
})

test('a curl command gets the values of a new login', async () => {
  const { text } = await workshop.post('/requests/prepared/v02-state/no-state/curl')
  const [, command = ''] = /<code>(.*)<\/code>/.exec(text) ?? []
  expect(command).toMatch(/^curl -si .*code=[\w-]{43}/)
  expect(command).not.toMatch(/[{}]/)
})

/** Opens all lists of a lesson, and sends requests in them. The first click may start the version. */
async function sendThem(page: Page, version: Version, count?: number): Promise<void> {
  const runs = workshop.runner.slots.some((slot) => slot.version.name === version.name)
  await page.goto(`${workshop.url}/lessons/${version.name}/try-it`)
  for (const summary of await page.locator('.requests > summary').all()) await summary.click()
  const requests = preparedRequests(version).slice(0, count)
  for (const [index, { id }] of requests.entries()) {
    await page.locator(`#send-${id}`).click()
    if (index === 0 && !runs) await page.getByRole('button', { name: 'Start it, and send' }).click()
    await page.locator(`#answer-${id} > .callout.good`).waitFor()
  }
}

describe.skipIf(CHROMIUM === undefined)(NEEDS_CHROMIUM, () => {
  test('a request of a lesson is refused at a click, and the version before answers beside it', async () => {
    const page = await workshop.newPage()
    await sendThem(page, findVersion('v02'), full ? undefined : 1)
    await page.locator('#send-trap').click()
    const place = page.locator('#answer-trap .refused a').first()
    expect(await place.textContent()).toMatch(/^client\/routes\/callback\.ts:\d+$/)

    await page.locator('#before-trap').click()
    const before = page.locator('#at-before-trap > .callout.good')
    expect(await before.textContent()).toContain('v01-code-flow responds with 200 OK')

    await page.setViewportSize({ width: 390, height: 800 })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390)
    expect(await seriousProblems(page)).toEqual([])
  })

  test.runIf(full).each(versions.filter(({ number }) => number !== 2))(
    'so are all those of $name',
    async (version) => {
      await sendThem(await workshop.newPage(), version)
    },
  )
})
