import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '@oauth-lab/course/programs/versions.ts'
import { readPage } from '@oauth-lab/course/test/markdown-page.ts'
import { NEEDS_CHROMIUM, testsPages } from '@oauth-lab/shared/testing/chromium.ts'
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

test('the commands of package.json have a page, each with its help', async () => {
  const page = (await workshop.get('/reference/commands')).page()
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  expect(page.querySelectorAll('h2').map(({ id }) => id)).toEqual(Object.keys(scripts))
  for (const help of page.querySelectorAll('main pre'))
    expect(help.text).toMatch(/npm (run )?[a-z]/)
})

describe.runIf(testsPages)(NEEDS_CHROMIUM, () => {
  // Axe is slow on long pages.
  const pages: [path: string, name: string][] = [
    ['/reference', 'reference'],
    ['/reference/commands', 'reference-commands'],
    ['/reference/errors', 'reference-errors'],
  ]
  test.each(some(pages))('%s looks right', async (path, name) => {
    await workshop.inspect(path, name)
  })
})
