import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { NEEDS_CHROMIUM, testsPages } from '@oauth-lab/shared/testing/chromium.ts'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { linkMessages, TITLES } from '../lesson/message-links.ts'
import { seriousProblems, workshopOfFile } from './lab.ts'

const workshop = await workshopOfFile(testsPages ? 'v02-state' : undefined)
const LESSON = '/lessons/v02-state/do-it-yourself'
const WIDE = { width: 1440, height: 900 }
const PHONE = { width: 390, height: 800 }

/** The words that are linked, and the kind of message each leads to. */
function linked(html: string): string[] {
  const links = linkMessages(html).matchAll(/data-kind="(.*?)">(.*?)<\/a>/gs)
  return [...links].map(([, kind, words]) => `${words}: ${kind}`)
}

test('words for a message are linked once a paragraph, across lines and in any case', () => {
  expect(linked('<p>The token\nrequest. A token request, a <em>token request</em>.</p>')).toEqual([
    'token\nrequest: Token request',
  ])
  expect(linked('<p>Token request</p><li>the token request</li>')).toEqual([
    'Token request: Token request',
    'token request: Token request',
  ])
  expect(linked('<p>a login form, a login page</p>')).toEqual(['login form: Login page'])
})

test.each([
  '<h2>The token request</h2>',
  '<p><code>token request</code></p>',
  '<pre><code><span>token request</span></code></pre>',
  '<p><a href="/x">the <em>token request</em></a></p>',
  '<p title="token request">token requests</p>',
])('nothing is linked in %s', (html) => {
  expect(linkMessages(html)).toBe(html)
})

test('each title that words lead to is one that the traffic gives', () => {
  const file = join(import.meta.dirname, '../traffic/message-kind.ts')
  const known = readFileSync(file, 'utf8').toLowerCase()
  const unknown = [...TITLES.values()].filter(
    (title) => !known.includes(`'${title}'`.toLowerCase()),
  )
  expect(unknown).toEqual([])
})

describe.runIf(testsPages)(NEEDS_CHROMIUM, () => {
  const widthOf = (page: Page) =>
    page.evaluate<number>('document.querySelector("#split-lesson").offsetWidth')

  test('the separator follows the pointer and the keyboard, and its place is remembered without a shift', async () => {
    const page = await workshop.newPage({ own: {}, viewport: WIDE })
    await page.addInitScript(`
      window.shifted = 0
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) window.shifted += entry.value
      }).observe({ type: 'layout-shift', buffered: true })
    `)
    await page.goto(workshop.url + LESSON)
    const handle = page.getByRole('separator', { name: 'Width of the lesson' })
    const box = await handle.boundingBox()
    const [x, y] = [(box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + 100]
    const before = await widthOf(page)
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x - 150, y, { steps: 3 })
    await page.mouse.up()
    expect(await widthOf(page)).toBeCloseTo(before - 150, -1)

    await page.goto(`${workshop.url}/lessons/v02-state/the-idea`)
    await page.locator('#traffic').waitFor()
    expect(await widthOf(page)).toBeCloseTo(before - 150, -1)
    expect(await page.evaluate('window.shifted')).toBeLessThan(0.01)

    await handle.focus()
    const values: number[] = []
    const widths: number[] = []
    for (const key of ['Home', 'ArrowRight', 'End', 'ArrowLeft']) {
      await page.keyboard.press(key)
      values.push(Number(await handle.getAttribute('aria-valuenow')))
      widths.push(await widthOf(page))
    }
    expect(values).toEqual([27, 29, 74, 72])
    // Both stay readable.
    expect(widths[0]).toBe(384)
    expect(widths[2]).toBe(1040)
  })

  test('the traffic folds away, and stays away on the next page', async () => {
    const page = await workshop.visit(LESSON, { viewport: WIDE })
    const pane = page.getByRole('region', { name: 'Live traffic' })
    const fold = page.getByRole('button', { name: 'Traffic', exact: true })
    await pane.locator('#traffic').waitFor()
    expect(await page.locator('.outline').isVisible()).toBe(false)
    await fold.press('Enter')
    expect(await pane.isVisible()).toBe(false)
    await page.goto(`${workshop.url}/lessons/v02-state/the-idea`)
    expect(await fold.getAttribute('aria-expanded')).toBe('false')
    expect(await pane.isVisible()).toBe(false)
    expect(await page.locator('.outline').isVisible()).toBe(true)
    await fold.click()
    await pane.locator('#traffic').waitFor()
  })

  test('a login in the window of the client appears in the pane, and a link marks its newest message', async () => {
    const page = await workshop.visit(LESSON, { viewport: WIDE })
    const pane = page.getByRole('region', { name: 'Live traffic' })
    const link = page.locator('[data-kind="Token request"]').first()
    await link.click()
    await pane.getByText('No token request yet.').waitFor()

    const opened = page.context().waitForEvent('page')
    await pane.getByRole('link', { name: 'Open the client in a window' }).click()
    const client = await opened
    expect(await client.evaluate('[innerWidth, innerHeight, opener]')).toEqual([520, 720, null])
    for (const _login of ['first', 'second']) {
      await client.goto(`${workshop.main.addresses.client}/login`)
      await client.fill('[name=username]', 'user0')
      await client.fill('[name=password]', 'password0')
      await client.getByRole('button', { name: 'Log in' }).click()
      await client.waitForURL('**/callback?**')
    }
    const requests = pane.locator('.row', { hasText: 'POST /token' }).and(pane.locator('.request'))
    await expect.poll(() => requests.count()).toBe(2)
    await link.focus()
    const place = await link.boundingBox()
    await link.press('Enter')
    await pane.getByText('The newest token request is marked.').waitFor()
    expect(await pane.locator('.pointed').count()).toBe(1)
    expect(await requests.last().getAttribute('class')).toContain('pointed')
    expect((await link.boundingBox())?.y).toBe(place?.y)
    const [row, frame] = [await requests.last().boundingBox(), await pane.boundingBox()]
    expect(row?.y).toBeGreaterThan(frame?.y ?? 0)
    expect(row?.y).toBeLessThan((frame?.y ?? 0) + (frame?.height ?? 0) - 100)
    expect(await seriousProblems(page)).toEqual([])
  })

  test('on a phone the two are tabs, each scrolled to its own place', async () => {
    const page = await workshop.visit(LESSON, { viewport: PHONE })
    const [lesson, traffic] = ['Lesson', 'Traffic'].map((name) => page.getByRole('tab', { name }))
    const panel = page.getByRole('tabpanel')
    expect(await panel.getByRole('heading', { level: 1 }).isVisible()).toBe(true)
    expect(await page.getByRole('separator').isVisible()).toBe(false)
    const link = page.locator('[data-kind="Token request"]').first()
    await link.scrollIntoViewIfNeeded()
    const place = await page.evaluate('scrollY')
    // A real click might scroll.
    await link.dispatchEvent('click')
    await panel.getByText(/newest token request|No token request/).waitFor()
    expect(await traffic?.getAttribute('aria-selected')).toBe('true')
    expect(await panel.count()).toBe(1)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(PHONE.width)
    expect(await seriousProblems(page)).toEqual([])
    await traffic?.press('ArrowLeft')
    expect(await lesson?.getAttribute('aria-selected')).toBe('true')
    expect(await page.evaluate('scrollY')).toBe(place)
  })

  test('without script there is the lesson alone, and a link leads to the messages of its kind', async () => {
    const page = await workshop.newPage({ own: { javaScriptEnabled: false } })
    await page.goto(workshop.url + LESSON)
    expect(await page.locator('#split-traffic').isVisible()).toBe(false)
    expect(await page.getByRole('separator').isVisible()).toBe(false)
    await page.locator('[data-kind="Token request"]').first().click()
    await page.waitForURL('**/traffic?kind=Token%20request')
  })
})
