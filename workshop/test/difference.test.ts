import { cpSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Hunk } from '@oauth-lab/course/differences/compare.ts'
import { findQuote } from '@oauth-lab/course/differences/notes.ts'
import { readStep, stepsOf } from '@oauth-lab/course/differences/step.ts'
import { findVersion, listVersions } from '@oauth-lab/course/programs/versions.ts'
import { parse } from '@oauth-lab/shared/testing/browser.ts'
import { NEEDS_CHROMIUM, testsPages } from '@oauth-lab/shared/testing/chromium.ts'
import { all, firstAndNewest, full, some } from '@oauth-lab/shared/testing/share.ts'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { copyVersion, temporaryFolder, workshopOfFile, workshopOfTest } from './lab.ts'

const workshop = await workshopOfFile()

const newer = firstAndNewest(listVersions().slice(1))
const steps = [...stepsOf([...newer])].map((step) => [step.newer.name, step] as const)

describe('the page of a step', () => {
  test.each(steps)(
    'to %s has each note beside its hunk, and the lines of every hunk in their order',
    async (name, step) => {
      const unified = (await workshop.get(`/lessons/${name}/difference?view=unified`)).page()
      const places = unified.querySelectorAll('.hunk-place')
      const hunks = step.files.flatMap((file) => file.hunks)
      expect(places).toHaveLength(hunks.length)
      for (const [i, hunk] of hunks.entries()) {
        expect(places[i]?.querySelectorAll('aside .note')).toHaveLength(hunk.notes.length)
        expect(places[i] && linesOf(places[i])).toEqual(linesOfHunk(hunk))
        for (const note of hunk.notes) expect(findQuote(hunk, note.quote)).toBeDefined()
      }
    },
  )

  test.each(some(steps))('to %s has the same lines side by side', async (name, step) => {
    const page = (await workshop.get(`/lessons/${name}/difference?view=side-by-side`)).page()
    expect(linesOf(page)).toEqual(step.files.flatMap(({ hunks }) => hunks.flatMap(linesOfHunk)))
  })

  test('shows the test files on request', async () => {
    const path = '/lessons/v02-state/difference'
    expect((await workshop.get(path)).text).not.toContain('test/state.test.ts')
    expect((await workshop.get(`${path}?tests=1`)).text).toContain('test/state.test.ts')
  })

  test('links to each file, before and after', async () => {
    const page = parse((await workshop.get('/lessons/v03-pkce/difference')).text)
    const links = page.querySelectorAll('.file-links a').map((link) => link.getAttribute('href'))
    expect(links).toContain('/code/v02-state/client/session.ts')
    expect(links).toContain('/code/v03-pkce/client/session.ts')
    expect(links).toContain('/code/v03-pkce/server/pkce.ts')
    expect(links).not.toContain('/code/v02-state/server/pkce.ts')
  })

  test('says where a file was that moved, and links to it there', async () => {
    const page = parse((await workshop.get('/lessons/v12-resource-server/difference')).text)
    const file = page.querySelector('#apibearer-authts h2')
    expect(file?.textContent).toContain('moved from server/bearer-auth.ts')
    const links = file?.querySelectorAll('a').map((link) => link.getAttribute('href'))
    expect(links).toEqual([
      '/code/v11-client-credentials/server/bearer-auth.ts',
      '/code/v12-resource-server/api/bearer-auth.ts',
    ])
  })
})

describe('the difference of any two versions', () => {
  test('has the notes of all steps between them', async () => {
    const { text } = await workshop.get('/difference?from=v02-state&to=v04-protected-resource')
    const step = readStep(findVersion('v02'), findVersion('v04'))
    const notes = step.files.flatMap(({ hunks }) => hunks.flatMap((hunk) => hunk.notes))
    expect(parse(text).querySelectorAll('.note')).toHaveLength(notes.length)
  })

  test("of a learner's copy is up to date, with the notes of the step to it", async () => {
    const playground = temporaryFolder()
    const copy = join(playground, 'v02')
    copyVersion('v01', copy)
    const app = await workshopOfTest(undefined, playground)
    const path = '/difference?from=copy-v02&to=v02-state'
    const before = (await app.get(path)).page()
    expect(before.querySelectorAll('.note').length).toBeGreaterThan(10)
    expect(linesOf(before)).toContain('+   state: string | undefined')

    cpSync(join(findVersion('v02').folder, 'protocol.ts'), join(copy, 'protocol.ts'))
    expect(linesOf((await app.get(path)).page())).not.toContain('+   state: string | undefined')
  })

  test('of a copy with huge files appears soon, and says what it leaves out', async () => {
    const playground = temporaryFolder()
    const copy = join(playground, 'v03')
    copyVersion('v02', copy)
    const add = (name: string, text: string) => writeFileSync(join(copy, 'client', name), text)
    add('lines.ts', 'const a = 1\n'.repeat(60_000))
    add('huge.ts', '')
    truncateSync(join(copy, 'client', 'huge.ts'), 300_000_000)
    // Short enough to be shown, and as slow as possible to compare.
    const numbers = (from: number) => Array.from({ length: 12_000 }, (_, i) => `${from + i}`)
    add('app.ts', numbers(10_000).join('\n'))
    add('pkce.ts', 'a b '.repeat(20_000))
    for (let i = 0; i < 30; i += 1) add(`more-${i}.ts`, numbers(30_000).join('\n'))
    writeFileSync(join(copy, '.gitignore'), '*.nothing\n'.repeat(9_000))
    const own = await workshopOfTest(undefined, playground)
    const pairs: [from: string, to: string][] = [
      ['v02-state', 'copy-v03'],
      ['copy-v03', 'v03-pkce'],
    ]
    for (const [from, to] of all ? pairs : pairs.slice(0, 1)) {
      const { status, text } = await own.get(`/difference?from=${from}&to=${to}`)
      expect(status).toBe(200)
      for (const path of ['client/lines.ts', 'client/huge.ts', 'client/more-9.ts']) {
        const [, file] = text.split(`<span class="path">${path}</span>`)
        expect([path, file?.split('</section>')[0]]).toEqual([
          path,
          expect.stringContaining('Not shown: this is'),
        ])
      }
    }
  })

  test('of one version and itself is empty', async () => {
    const { text } = await workshop.get('/difference?from=v02-state&to=v02-state')
    expect(text).toContain('No difference.')
  })
})

describe.runIf(testsPages)(NEEDS_CHROMIUM, () => {
  test('n and p go from hunk to hunk, and so do the buttons', async () => {
    const page = await workshop.visit('/lessons/v03-pkce/difference', { reducedMotion: 'reduce' })
    const count = page.locator('#hunk-count')
    await page.keyboard.press('n')
    const [, total] = /of (\d+)/.exec((await count.textContent()) ?? '') ?? []
    await page.keyboard.press('n')
    await page.keyboard.press('n')
    await count.getByText(`3 of ${total}`).waitFor()
    await isInSight(page, '#hunk-3.current')
    await page.keyboard.press('p')
    await count.getByText(`2 of ${total}`).waitFor()
    await isInSight(page, '#hunk-2.current')
    await page.click('#next-hunk')
    await count.getByText(`3 of ${total}`).waitFor()
    expect(new URL(page.url()).hash).toBe('#hunk-3')
    for (let turn = 0; turn < 20; turn += 1) await page.keyboard.press('n')
    await count.getByText(`${total} of ${total}`).waitFor()
  })

  test.runIf(full)('n and p do nothing while the user types', async () => {
    const page = await workshop.visit('/difference?from=v01-code-flow&to=v02-state')
    await page.focus('select[name="from"]')
    await page.keyboard.press('n')
    await page.keyboard.press('Control+n')
    expect(await page.textContent('#hunk-count')).not.toContain(' of ')
  })

  test.runIf(full)(
    'two columns become one without a new page, and the address says so',
    async () => {
      const page = await workshop.visit('/lessons/v02-state/difference')
      const twin = page.locator('.line.twin').first()
      expect(await twin.isVisible()).toBe(true)
      await page.click('[data-view="unified"]')
      expect(await twin.isVisible()).toBe(false)
      expect(new URL(page.url()).search).toBe('?view=unified')
      await page.reload()
      expect(await twin.isVisible()).toBe(false)
    },
  )

  test.each(['/difference', ...(all ? ['/wire'] : [])])(
    '%s shows another pair as soon as it is chosen',
    async (path) => {
      const page = await workshop.visit(path)
      await page.locator('h1:has-text("v01 to v02")').waitFor()
      await page.selectOption('select[name="to"]', 'v03-pkce')
      await page.locator('h1:has-text("v01 to v03")').waitFor()
      expect(new URL(page.url()).searchParams.get('to')).toBe('v03-pkce')
    },
  )

  test('on a phone it has one column unless two are requested', async () => {
    const viewport = { width: 390, height: 800 }
    const page = await workshop.visit('/lessons/v02-state/difference', { viewport })
    expect(await page.locator('.line.twin').first().isVisible()).toBe(false)
    await page.click('[data-view="side-by-side"]')
    expect(await page.locator('.line.twin').first().isVisible()).toBe(true)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390)
  })

  const pages: [path: string, name: string][] = [
    // The smallest first, because axe takes most of the time.
    ['/lessons/v02-state/difference?view=unified', 'difference-unified'],
    ['/lessons/v02-state/difference', 'difference'],
    ['/difference', 'difference-first'],
    ['/difference?from=v01-code-flow&to=v02-state&tests=1', 'difference-any'],
  ]
  test.each(some(pages))('%s looks right', (path, name) => workshop.inspect(path, name))
})

const SIGNS = { same: ' ', added: '+', removed: '-' }

/** The lines that a page shows, in the form of a patch. */
function linesOf(page: ReturnType<typeof parse>): string[] {
  return page.querySelectorAll('.line:not(.twin)').map((line) => {
    const kind = (['same', 'added', 'removed'] as const).find((name) =>
      line.classList.contains(name),
    )
    const code = line.querySelector('code, ins, del')?.text ?? ''
    return `${SIGNS[kind ?? 'same']} ${code}`.trimEnd()
  })
}

/** The lines of a hunk, in the form of a patch. */
function linesOfHunk({ lines }: Hunk): string[] {
  return lines.map(({ kind, text }) => `${SIGNS[kind]} ${text}`.trimEnd())
}

async function isInSight(page: Page, selector: string): Promise<void> {
  const box = await page.locator(selector).boundingBox()
  expect(box?.y).toBeGreaterThan(0)
  expect(box?.y).toBeLessThan(450)
}
