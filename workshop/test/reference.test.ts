import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CHROMIUM, NEEDS_CHROMIUM } from '../../scripts/lib/chromium.ts'
import { readPage } from '../../scripts/lib/lesson/markdown.ts'
import { ROOT } from '../../scripts/lib/versions.ts'
import { some } from '../../scripts/test/share.ts'
import { TestWorkshop } from './lab.ts'

const docs = readdirSync(join(ROOT, 'docs')).map((file) => file.replace('.md', ''))
let workshop: TestWorkshop

beforeAll(async () => {
  workshop = await TestWorkshop.open()
})

afterAll(() => workshop.close())

test.each(docs)('docs/%s.md has a page, with every heading under its anchor', async (name) => {
  const { status, text } = await workshop.get(`/reference/${name}`)
  expect(status).toBe(200)
  const { headings, blocks } = readPage(join(ROOT, 'docs', `${name}.md`))
  for (const { anchor, level } of headings) expect(text).toContain(`<h${level} id="${anchor}"`)
  expect(text.match(/<pre class="code/g) ?? []).toHaveLength(blocks.length)
})

test('a page that is not there is told with those that are', async () => {
  for (const name of ['nothing', '..%2fREADME', 'constructor']) {
    const { status, text } = await workshop.get(`/reference/${name}`)
    expect([name, status]).toEqual([name, 404])
    expect(text).toContain('There are: glossary, errors, attacks')
  }
})

describe.skipIf(CHROMIUM === undefined)(NEEDS_CHROMIUM, () => {
  test('what is typed leaves over what has all of its words', async () => {
    const page = await workshop.visit('/reference')
    const terms = page.locator('.terms li:visible')
    const all = await terms.count()
    await page.getByLabel('Find').fill('REFRESH token')
    const left = (await terms.allInnerTexts()).map((text) => text.toLowerCase())
    expect(left.length).toBeGreaterThan(2)
    expect(left.length).toBeLessThan(all)
    for (const text of left) expect(text).toMatch(/(?=.*refresh)(?=.*token)/)
    await page.getByText(`${left.length} found`).waitFor()
    await page.getByLabel('Find').fill('')
    expect(await terms.count()).toBe(all)
  })

  test('on a page it searches the text as well, and thins out the contents', async () => {
    const page = await workshop.visit('/reference/glossary')
    await page.getByLabel('Find on this page').fill('cloak nothing has this')
    await page.getByText('0 found').waitFor()
    expect(await page.locator('.prose h2:visible').count()).toBe(0)
    await page.getByLabel('Find on this page').fill('Afresh for each LOGIN')
    const left = await page.locator('.prose h2:visible').allInnerTexts()
    expect(left).toContain('code verifier')
    expect(left).not.toContain('base64url')
    expect(await page.locator('.outline li:visible').allInnerTexts()).toEqual(left)
  })

  test('a link to what was filtered out brings it back', async () => {
    const page = await workshop.visit('/reference/errors')
    await page.getByLabel('Find on this page').fill('checklist to walk down')
    await page.locator('.prose a[href$="#a-checklist-to-walk-down"]').first().waitFor()
    await page.evaluate("location.hash = '#wrong-state'")
    await page.getByRole('heading', { name: 'Wrong state' }).waitFor()
    expect(await page.getByLabel('Find on this page').inputValue()).toBe('')
  })

  test('without script everything is there, and no field that does nothing', async () => {
    const page = await workshop.newPage({ own: { javaScriptEnabled: false } })
    await page.goto(`${workshop.url}/reference/glossary`)
    expect(await page.getByLabel('Find on this page').isVisible()).toBe(false)
    expect(await page.locator('.prose h2:visible').count()).toBeGreaterThan(50)
  })

  // Long pages: axe takes its time.
  const pages: [path: string, name: string][] = [
    ['/reference', 'reference'],
    ['/reference/errors', 'reference-errors'],
  ]
  test.each(some(pages))('%s looks right', { timeout: 60_000 }, async (path, name) => {
    await workshop.inspect(path, name)
  })
})
