import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '@oauth-lab/course/programs/versions.ts'
import { readPage } from '@oauth-lab/course/test/markdown-page.ts'
import { CHROMIUM, NEEDS_CHROMIUM } from '@oauth-lab/shared/testing/chromium.ts'
import { some } from '@oauth-lab/shared/testing/share.ts'
import { describe, expect, test } from 'vitest'
import { workshopOfFile } from './lab.ts'

const docs = readdirSync(join(ROOT, 'docs'))
  .filter((file) => file.endsWith('.md'))
  .map((file) => file.replace('.md', ''))
const workshop = await workshopOfFile()

test.each(docs)('docs/%s.md has a page, with every heading under its anchor', async (name) => {
  const { status, text } = await workshop.get(`/reference/${name}`)
  expect(status).toBe(200)
  const { headings, blocks } = readPage(join(ROOT, 'docs', `${name}.md`))
  for (const { anchor, level } of headings) expect(text).toContain(`<h${level} id="${anchor}"`)
  expect(text.match(/<pre class="code/g) ?? []).toHaveLength(blocks.length)
})

/** The anchors that a search returns, in order. */
async function found(words: string): Promise<string[]> {
  const { text } = await workshop.get(`/reference?find=${encodeURIComponent(words)}`)
  const list = /<ol class="found plain">([\s\S]*?)<\/ol>/.exec(text)?.[1] ?? ''
  return [...list.matchAll(/<a href="\/reference\/([^"]+)">/g)].map(([, href = '']) => href)
}

describe('the search over the whole reference', () => {
  test('finds an error by its words, and puts exact matches first', async () => {
    expect((await found("This response doesn't belong"))[0]).toBe('errors#wrong-state')
    expect((await found('belong to the LOGIN that this browser'))[0]).toBe('errors#wrong-state')
    expect((await found('invalid_grant'))[0]).toMatch(/^errors#invalid_grant/)
  })

  test('searches the text and not only the headings', async () => {
    const cookies = await found('cookie')
    expect(cookies.length).toBeGreaterThan(5)
    expect(cookies.some((href) => !href.includes('cookie'))).toBe(true)
    expect(await found('refresh token')).toContain('glossary#refresh-token')
  })

  test('accepts any text, and shows it as it was typed', async () => {
    for (const words of ['(', '[a-z]*', '<script>', '%', '\\', 'no such words in here']) {
      const { status, text } = await workshop.get(`/reference?find=${encodeURIComponent(words)}`)
      expect([words, status]).toEqual([words, 200])
      expect(text).not.toContain('value="<script>')
    }
    expect((await workshop.get('/reference?find=a&find=b')).status).toBe(200)
    expect(await found('no such words in here')).toEqual([])
    expect((await workshop.get('/reference?find=no+such+words+in+here')).text).toContain('0 found')
  })
})

describe.skipIf(CHROMIUM === undefined)(NEEDS_CHROMIUM, () => {
  test('results appear while the user types, and the address contains the search', async () => {
    const page = await workshop.visit('/reference')
    const terms = await page.locator('.terms li').count()
    expect(terms).toBeGreaterThan(50)
    await page.getByLabel('Find').fill('belong to the login')
    await page.locator('.found li mark').first().waitFor()
    await page.waitForURL('**/reference?find=belong%20to%20the%20login')
    await page.locator('.found a').first().click()
    await page.getByRole('heading', { name: 'Wrong state' }).waitFor()
    await page.goBack()
    await page.getByLabel('Find').fill('')
    await page.locator('.terms').first().waitFor()
    expect(await page.locator('.terms li').count()).toBe(terms)
  })

  // Axe is slow on long pages.
  const pages: [path: string, name: string][] = [
    ['/reference', 'reference'],
    ['/reference?find=cookie', 'reference-found'],
    ['/reference/errors', 'reference-errors'],
  ]
  test.each(some(pages))('%s looks right', async (path, name) => {
    await workshop.inspect(path, name)
  })
})
