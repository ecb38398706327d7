import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { copyName, endOf } from '@oauth-lab/course/exercises/exercise-start.ts'
import { makeOrRenew } from '@oauth-lab/course/exercises/make.ts'
import { findPlace, type Place, writeFiles } from '@oauth-lab/course/exercises/playground.ts'
import { listVersions, ROOT } from '@oauth-lab/course/programs/versions.ts'
import { whoAnswers } from '@oauth-lab/course/programs/who-answers.ts'
import { NEEDS_CHROMIUM, testsPages } from '@oauth-lab/shared/testing/chromium.ts'
import { firstAndNewest, full } from '@oauth-lab/shared/testing/share.ts'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { viewFinished } from '../exercises/finished.ts'
import { folderOfFile, seriousProblems, workshopOfFile, workshopOfTest } from './lab.ts'

const LOGIN = 'client/routes/login.ts'
const HOME = 'client/views/home.eta'

const root = folderOfFile()
copyFileSync(join(ROOT, 'tsconfig.base.json'), join(root, 'tsconfig.base.json'))
const playground = join(root, 'playground')
const workshop = await workshopOfFile(undefined, playground)

/** A new copy of an exercise. */
function copy(name: string): Place {
  const place = findPlace(name, playground)
  makeOrRenew(place)
  return place
}

function save({ folder }: Place, file: string, change: (text: string) => string): void {
  const path = join(folder, file)
  writeFileSync(path, change(readFileSync(path, 'utf8')))
}

describe('an exercise', () => {
  test('that was not started has no checks, hints or differences', async () => {
    rmSync(join(playground, 'v03'), { recursive: true, force: true })
    for (const path of ['check', 'hint', 'solution']) {
      const answer = await workshop.post(`/exercises/v03/${path}`, { step: '1' })
      expect([path, answer.status]).toEqual([path, 404])
      expect(answer.text).toContain('There is no playground/v03 yet.')
    }
    expect((await workshop.get('/exercises/v03/solution')).status).toBe(404)
    expect((await workshop.post('/exercises/v03/run', { where: 'beside' })).status).toBe(404)
  })

  // These have an app of their own, because the checks that they cause end with it.
  test('that is started again keeps the old copy, and says under which name', async () => {
    const own = await workshopOfTest(undefined, playground)
    expect((await own.post('/exercises/v04/begin')).headers.get('location')).toBe('/exercises/v04')
    // The copy is unchanged, so there is nothing to keep.
    expect((await own.post('/exercises/v04/begin')).headers.get('location')).toBe('/exercises/v04')
    save(findPlace('v04', playground), 'client/app.ts', (text) => `// mine\n${text}`)
    const location = (await own.post('/exercises/v04/begin')).headers.get('location') ?? ''
    expect(location).toBe('/exercises/v04?kept=v04.old-1')
    expect((await own.get(location)).text).toContain('<code>playground/v04.old-1</code>.</p>')
    expect(readFileSync(join(playground, 'v04.old-1/client/app.ts'), 'utf8')).toContain('// mine')
    expect(readFileSync(join(playground, 'v04/client/app.ts'), 'utf8')).not.toContain('// mine')
    // An address can't make the page claim something untrue.
    expect((await own.get('/exercises/v04?kept=v04.old-7')).text).not.toContain('v04.old-7')
  })

  test('is solved file by file or at once, and the old files are kept', async () => {
    const own = await workshopOfTest(undefined, playground)
    const place = copy('v04')
    const { text: before } = await own.get('/exercises/v04/solution')
    expect(before).toContain('/difference?from=copy-v04&amp;to=v04-protected-resource')
    expect((await own.post('/exercises/v04/solution', { file: '../../package.json' })).status).toBe(
      404,
    )

    const file = 'client/api.ts'
    expect(before).toContain(file)
    const one = await own.post('/exercises/v04/solution', { file })
    expect(one.headers.get('location')).toMatch(/^\/exercises\/v04\/solution\?kept=v04\.old-\d+$/)
    const solved = endOf(place.version)
    expect(readFileSync(join(place.folder, file), 'utf8')).toBe(solved.get(file))
    expect((await own.post('/exercises/v04/solution', { file })).status).toBe(404)

    await own.post('/exercises/v04/solution')
    expect((await own.get('/exercises/v04/solution')).text).toContain('in every file.')
  })

  test('with a read-only playground gets a clear error', async () => {
    const full = join(root, 'a-file')
    writeFileSync(full, '')
    const other = await workshopOfTest(undefined, full)
    const answer = await other.post('/exercises/v02/begin')
    expect(answer.status).toBe(409)
    expect(answer.text).toContain('there is a file where a folder should be')
    expect((await other.get('/exercises/v02')).status).toBe(200)
  })

  test("isn't checked when its page opens: the page requests that later", async () => {
    const own = await workshopOfTest(undefined, playground)
    copy('v05')
    await own.get('/exercises/v05')
    await own.get('/exercises/v05/live')
    expect((await own.get('/exercises/v05/live')).text).toContain('not checked yet')
    await own.post('/exercises/v05/attend')
    expect((await own.get('/exercises/v05/live')).text).toContain('checking ...')
  })
})

test('each finished exercise has attacks to play, and leads on to the next', () => {
  const versions = listVersions()
  const finished = versions.map(viewFinished)
  for (const { succeeded, others } of finished) expect([...succeeded, ...others]).not.toEqual([])
  const next = versions.slice(1).map(({ name }) => name)
  expect(finished.map((view) => view.next?.lesson)).toEqual([...next, undefined])
})

test.each(firstAndNewest(listVersions()))(
  'a finished copy of $name blocks the first attack that its page offers',
  async (version) => {
    const { name, folder } = copy(copyName(version))
    writeFiles(folder, endOf(version))
    const { succeeded, others } = viewFinished(version)
    const [attack] = [...succeeded, ...others]
    const played = await workshop.post(`/attacks/${attack?.slug}/plays`, { on: `copy-${name}` })
    const id = new URL(played.headers.get('location') ?? '', workshop.url).searchParams.get('play')
    const end = await workshop.get(`/attacks/plays/${id}/end`)
    expect(end.text).toContain('The attack is blocked.')
    expect(end.text).toContain(`/code/copy-${name}/`)
  },
)

describe.runIf(testsPages)(NEEDS_CHROMIUM, { timeout: 120_000 }, () => {
  /** What the page says of the checks: the count, and why there may be none. */
  const count = async (page: Page) => {
    const texts = await page.locator('#check :is(.count, .quiet, .problem)').allTextContents()
    return texts.join('\n')
  }

  test.runIf(full)('the pages look right', async () => {
    await workshop.inspect('/exercises', 'exercises')
    await workshop.inspect('/exercises/v03', 'exercise-not-begun')
    const place = copy('v05')
    save(place, LOGIN, () => 'const = 1')
    await workshop.inspect('/exercises/v05', 'exercise')
    await workshop.inspect('/exercises/v05/solution', 'exercise-solution')
  })

  test('an exercise is started, fails, is fixed, and turns green on save without a click', async () => {
    rmSync(join(playground, 'v02'), { recursive: true, force: true })
    const place = findPlace('v02', playground)
    const page = await workshop.visit('/exercises')
    await page.click('#begin-v02')
    await page.waitForURL('**/exercises/v02')
    await expect.poll(() => count(page)).toMatch(/^[1-9]\d? of 15/)
    const open = page.locator('#sentence-1')
    await expect.poll(() => open.getAttribute('class')).toBe('open')
    expect(await open.locator('.why').textContent()).toContain('has no state')
    expect(await open.locator('.why a').getAttribute('href')).toBe(`/code/copy-v02/${LOGIN}`)
    expect(await page.locator('#check').textContent()).toContain('step 1, Make a state')

    writeFiles(place.folder, endOf(place.version))
    await expect.poll(() => count(page)).toMatch(/^15 of 15/)
    await expect.poll(() => page.locator('.sentences li:not(.done)').count()).toBe(0)
    expect(await page.locator('#check').textContent()).toContain('All checks pass')
    expect(await page.locator('#check-news').textContent()).toBe('15 of 15 checks pass.')

    const finished = page.locator('#finished')
    expect(await finished.textContent()).toContain('You can now make a client accept a response')
    expect(await finished.getByRole('button', { name: 'Play' }).count()).toBe(3)
    await finished.getByRole('button', { name: "The victim ends up in the attacker's" }).click()
    await finished.getByText('The attack is blocked.').waitFor()
    const line = finished.locator('.quoted-lines a')
    expect(await line.getAttribute('href')).toContain('/code/copy-v02/client/routes/callback.ts')
    // News about the copy keep the result.
    await page.evaluate("htmx.trigger('#check', 'sse:check')")
    await finished.getByText('See it step by step').waitFor()
    const next = finished.getByRole('link', { name: 'Next: exercise v03' })
    expect(await next.getAttribute('href')).toBe('/exercises/v03')
    expect(await seriousProblems(page)).toEqual([])
  })

  test.runIf(full)(
    'a broken file is shown with its place, and the check continues once it is fixed',
    async () => {
      const place = copy('v02')
      const page = await workshop.visit('/exercises/v02')
      await expect.poll(() => count(page)).toMatch(/^\d+ of 15/)
      const good = readFileSync(join(place.folder, LOGIN), 'utf8')
      save(place, LOGIN, (text) => text.replace('const url =', 'const url = ='))
      const problem = page.locator('#check .problem')
      await expect.poll(() => problem.textContent()).toContain("doesn't compile")
      const line = good.split('\n').findIndex((text) => text.includes('const url =')) + 1
      const link = problem.locator('a').last()
      expect(await link.getAttribute('href')).toBe(`/code/copy-v02/${LOGIN}#L${line}`)
      expect(await seriousProblems(page)).toEqual([])

      save(place, LOGIN, () => good)
      await expect.poll(() => problem.count()).toBe(0)
      expect(await count(page)).toMatch(/^\d+ of 15/)
    },
  )

  test.runIf(full)(
    'a copy that is deleted and made again is noticed, and a lost link is restored',
    async () => {
      const place = copy('v02')
      const page = await workshop.visit('/exercises/v02')
      await expect.poll(() => count(page)).toMatch(/^\d+ of 15/)
      rmSync(place.folder, { recursive: true })
      await expect.poll(() => page.locator('#begin').count()).toBe(1)
      copy('v02')
      rmSync(join(place.folder, 'node_modules'))
      await expect.poll(() => count(page)).toMatch(/^[1-9]\d? of 15/)
    },
  )

  test.runIf(full)('a button copies the path of the folder to edit', async () => {
    const { folder } = copy('v02')
    const page = await workshop.visit('/exercises/v02', {
      own: { permissions: ['clipboard-read', 'clipboard-write'] },
    })
    await page.locator('#check').getByRole('button', { name: 'Copy path' }).click()
    await expect.poll(() => page.evaluate('navigator.clipboard.readText()')).toBe(folder)
  })

  test.runIf(full)('hints come one at a time, and two pages show the same', async () => {
    copy('v02')
    const [one, other] = [
      await workshop.visit('/exercises/v02'),
      await workshop.visit('/exercises/v02'),
    ]
    for (const page of [one, other]) {
      // The page folds all steps but the one to do now.
      await page.locator('#step-2 details:not([open])').waitFor()
      await page.click('#step-2 summary')
    }
    await one.click('#hint-2')
    await expect.poll(() => one.locator('#hints-2 .hint-list li').count()).toBe(1)
    await expect.poll(() => other.locator('#hints-2 .hint-list li').count()).toBe(1)
    expect(await one.evaluate('document.activeElement.id')).toBe('hint-2')
    await other.click('#hint-2')
    await expect.poll(() => one.locator('#hints-2 .hint-list li').count()).toBe(2)
    expect(await one.locator('#hints-2').textContent()).toContain('the last hint')
    await expect
      .poll(async () => [await count(one), await count(other)])
      .toEqual(Array(2).fill(expect.stringMatching(/^[1-9]\d? of 15/)))
    expect(await one.textContent('#check .count')).toBe(await other.textContent('#check .count'))
  })

  test.runIf(full)('the solution passes, and starting again begins from the start', async () => {
    copy('v03')
    const page = await workshop.visit('/exercises/v03')
    await page.click('#to-solution')
    await page.click('#write-all')
    await page.waitForURL('**/exercises/v03?kept=*')
    await expect.poll(() => count(page)).toMatch(/^18 of 18/)
    await page.click('.begin-again button')
    await page.waitForURL('**/exercises/v03?kept=*')
    await expect.poll(() => count(page)).toMatch(/^(?!18)\d+ of 18/)
  })

  test.runIf(full)(
    'the copy runs in place of the version, and restarts on save, even after a broken one',
    async () => {
      const own = await workshopOfTest('v01-code-flow', playground)
      const place = copy('v02')
      const page = await own.visit('/exercises/v02')
      await page.click('#run-main')
      await expect.poll(() => own.main.version.id).toBe('copy-v02')
      await own.untilRunning()
      const { server, client } = own.main.ports
      expect((await whoAnswers(server))?.program).toBe('v02 server')
      expect((await whoAnswers(client))?.program).toBe('v02 client')
      await expect.poll(() => page.locator('#runs .run.running').count()).toBe(1)
      expect(await page.locator('#runs .run-links a').first().getAttribute('href')).toBe(
        `/traffic?slot=${own.main.id}`,
      )

      const home = () => fetch(own.main.addresses.client).then((answer) => answer.text())
      save(place, HOME, (text) => `<p>Saved a moment ago</p>${text}`)
      await expect.poll(() => home().catch(() => '')).toContain('Saved a moment ago')

      const good = readFileSync(join(place.folder, LOGIN), 'utf8')
      save(place, LOGIN, () => 'const = 1')
      await expect.poll(() => page.locator('#runs .problem').count()).toBe(1)
      save(place, LOGIN, () => good)
      await expect.poll(() => page.locator('#runs .run.running').count()).toBe(1)
    },
  )

  test.runIf(full)(
    'a copy that gets an API is checked with it, and runs it, too',
    { timeout: 300_000 },
    async () => {
      const own = await workshopOfTest('v01-code-flow', playground)
      const place = copy('v12')
      const page = await own.visit('/exercises/v12')
      await expect.poll(() => count(page)).toMatch(/^1 of 27/)
      expect(await page.locator('#sentence-2 .why').textContent()).toContain('has no API yet')
      await page.click('#run-main')
      await expect.poll(() => own.main.version.id).toBe('copy-v12')
      await own.untilRunning()
      expect(await whoAnswers(own.main.ports.api)).toBeUndefined()

      writeFiles(place.folder, endOf(place.version))
      await expect.poll(() => count(page)).toMatch(/^27 of 27/)
      const program = async () => (await whoAnswers(own.main.ports.api))?.program
      await expect.poll(program).toBe('v12 api')
    },
  )

  test.runIf(full)('the copy runs beside another version', async () => {
    const own = await workshopOfTest('v01-code-flow', playground)
    copy('v03')
    const page = await own.visit('/exercises/v03')
    await page.click('#run-beside')
    await expect.poll(() => page.locator('#runs .run.running').count()).toBe(1)
    const slot = own.runner.slots.find(({ version }) => version.id === 'copy-v03')
    expect(slot).not.toBe(own.main)
    expect(await page.locator('#runs .run-state a').getAttribute('href')).toBe(
      slot?.addresses.client,
    )
    if (slot !== undefined) await own.runner.close(slot)
    await expect.poll(() => page.locator('#run-beside').count()).toBe(1)
  })
})
