import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { endOf } from '@oauth-lab/course/exercises/exercise-start.ts'
import { makeOrRenew } from '@oauth-lab/course/exercises/make.ts'
import { findPlace, type Place } from '@oauth-lab/course/exercises/playground.ts'
import { readSteps } from '@oauth-lab/course/lessons/steps.ts'
import { listVersions, ROOT } from '@oauth-lab/course/programs/versions.ts'
import { NEEDS_CHROMIUM, testsPages } from '@oauth-lab/shared/testing/chromium.ts'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { filesOfSteps } from '../exercises/step-files.ts'
import { folderOfFile, seriousProblems, workshopOfFile } from './lab.ts'

// A script of the page, which has no types.
const { createState, markError } = await import(
  new URL('../public/editor-code.js', import.meta.url).href
)

const LOGIN = 'client/routes/login.ts'

const BAD_PATHS = [
  '../v03/client/x.ts',
  'client/../../x.ts',
  '/etc/passwd',
  'C:/x.ts',
  'client\\..\\..\\x.ts',
  'client/x.ts\0.txt',
  'client/con.ts',
  'client/NUL',
  'client/x.ts.',
  'client/x.ts ',
  'client/x.ts:stream',
  'client//x.ts',
  'client/.hidden',
  '.env',
  'node_modules/fastify/x.ts',
  'client/node_modules/x.ts',
  `client/${'x'.repeat(300)}.ts`,
  '',
]

const root = folderOfFile()
copyFileSync(join(ROOT, 'tsconfig.base.json'), join(root, 'tsconfig.base.json'))
const playground = join(root, 'playground')
const workshop = await workshopOfFile(undefined, playground)

/** A new copy of an exercise. */
function copy(name: string): Place {
  const place = findPlace(name, playground)
  rmSync(place.folder, { recursive: true, force: true })
  makeOrRenew(place)
  return place
}

function onDisk({ folder }: Place, path: string): string {
  return readFileSync(join(folder, path), 'utf8')
}

function change({ folder }: Place, path: string, text: string): void {
  writeFileSync(join(folder, path), text)
}

async function request(address: string, body?: unknown, headers: Record<string, string> = {}) {
  const sent = body && {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  }
  const { status, text } = await workshop.get(`/exercises/${address}`, sent || {})
  return { status, ...JSON.parse(text.startsWith('{') ? text : '{}') }
}

const read = (path: string, of = 'copy') => {
  return request(`v02/file?${new URLSearchParams({ path, of })}`)
}

describe('a file of a copy', () => {
  test('is read, saved, made and deleted, and can be compared with the start and the solution', async () => {
    const place = copy('v02')
    const { text, hash } = await read(LOGIN)
    expect(text).toBe(onDisk(place, LOGIN))
    expect((await read(LOGIN, 'start')).text).toBe(text)
    expect((await read(LOGIN, 'solution')).text).toBe(endOf(place.version).get(LOGIN))
    expect((await read('client/session.ts', 'start')).text).toBe(null)

    const saved = await request('v02/file', { path: LOGIN, text: `// mine\r\n${text}`, hash })
    expect(saved.status).toBe(200)
    expect(onDisk(place, LOGIN)).toBe(`// mine\r\n${text}`)
    expect((await read(LOGIN)).hash).toBe(saved.hash)

    const made = await request('v02/file', { path: 'client/a/b.ts', text: '' })
    expect([made.status, onDisk(place, 'client/a/b.ts')]).toEqual([200, ''])
    await request('v02/file/delete', { path: 'client/a/b.ts', hash: made.hash })
    expect(existsSync(join(place.folder, 'client/a/b.ts'))).toBe(false)
  })

  test('that has changed on disk is neither overwritten nor deleted, and the answer has the new text', async () => {
    const place = copy('v02')
    const { hash } = await read(LOGIN)
    change(place, LOGIN, 'changed elsewhere')
    for (const [address, body] of [
      ['file', { path: LOGIN, text: 'mine', hash }],
      ['file', { path: LOGIN, text: 'mine' }],
      ['file/delete', { path: LOGIN, hash }],
    ] as const) {
      const answer = await request(`v02/${address}`, body)
      expect([answer.status, answer.disk.text]).toEqual([409, 'changed elsewhere'])
      expect(onDisk(place, LOGIN)).toBe('changed elsewhere')
    }
    rmSync(join(place.folder, LOGIN))
    const gone = await request('v02/file', { path: LOGIN, text: 'mine', hash })
    expect([gone.status, gone.disk]).toEqual([409, null])
    expect(existsSync(join(place.folder, LOGIN))).toBe(false)
  })

  test('is found in a list, and a new one has a path that is safe on every system', async () => {
    copy('v02')
    for (const path of BAD_PATHS) {
      expect([path, (await read(path)).status]).toEqual([path, 404])
      for (const [hash, status] of [
        [undefined, 400],
        ['x', 409],
      ] as const) {
        const answer = await request('v02/file', { path, text: 'x', hash })
        expect([path, answer.status]).toEqual([path, status])
      }
      await request('v02/file/delete', { path, hash: 'x' })
    }
    expect(existsSync(join(ROOT, 'versions/v02-state/node_modules/fastify/package.json'))).toBe(
      true,
    )
  })

  test('is never behind a link', async () => {
    const place = copy('v02')
    const outside = join(root, 'outside')
    mkdirSync(outside, { recursive: true })
    writeFileSync(join(outside, 'secret.ts'), 'secret')
    symlinkSync(outside, join(place.folder, 'client/away'))
    symlinkSync(join(outside, 'secret.ts'), join(place.folder, 'client/link.ts'))
    symlinkSync(join(outside, 'new.ts'), join(place.folder, 'client/broken.ts'))
    const hash = createHash('sha256').update('secret').digest('base64url')
    for (const path of ['client/away/secret.ts', 'client/link.ts', 'client/broken.ts']) {
      expect([path, (await read(path)).status]).toEqual([path, 404])
      for (const given of [undefined, hash]) {
        const { status } = await request('v02/file', { path, text: 'mine', hash: given })
        expect([path, status]).toEqual([path, 409])
      }
      await request('v02/file/delete', { path, hash })
    }
    expect((await request('v02/file', { path: 'client/away/x.ts', text: '' })).status).toBe(409)
    expect(onDisk({ ...place, folder: outside }, 'secret.ts')).toBe('secret')
    expect(existsSync(join(outside, 'new.ts'))).toBe(false)
  })

  test('is written anew, so another name of it keeps the old text', async () => {
    const place = copy('v02')
    const other = join(root, 'other-name.ts')
    linkSync(join(place.folder, LOGIN), other)
    const { text, hash } = await read(LOGIN)
    expect((await request('v02/file', { path: LOGIN, text: 'mine', hash })).status).toBe(200)
    expect([onDisk(place, LOGIN), readFileSync(other, 'utf8')]).toEqual(['mine', text])
    expect(readdirSync(join(place.folder, 'client/routes'))).not.toContain('.login.ts.next')
  })

  test('has no name that differs from another one only in letter case', async () => {
    copy('v02')
    for (const path of ['client/App.ts', 'Client/x.ts', 'client/routes/Login.ts']) {
      const { status, message } = await request('v02/file', { path, text: '' })
      expect([path, status, message]).toEqual([path, 409, expect.stringContaining('already')])
    }
  })

  test('is text, and not too long', async () => {
    const place = copy('v02')
    const { hash } = await read(LOGIN)
    const before = onDisk(place, LOGIN)
    for (const [text, status] of [
      ['a\0b', 400],
      ['\ud800', 400],
      ['x'.repeat(100_001), 413],
      ['x'.repeat(2_000_000), 413],
    ] as const) {
      const answer = await request('v02/file', { path: LOGIN, text, hash })
      expect([answer.status, typeof answer.message]).toEqual([status, 'string'])
    }
    expect((await request('v02/file', { path: LOGIN })).status).toBe(400)
    expect(onDisk(place, LOGIN)).toBe(before)
    writeFileSync(join(place.folder, 'client/picture.ts'), Buffer.from([0xff, 0, 1]))
    const picture = await read('client/picture.ts')
    expect([picture.status, picture.message]).toEqual([415, expect.stringContaining('Not shown')])
  })

  test('is out of reach for other sites', async () => {
    const place = copy('v02')
    const { hash, text } = await read(LOGIN)
    for (const origin of ['http://evil.example', 'null']) {
      const body = { path: LOGIN, text: 'theirs', hash }
      expect((await request('v02/file', body, { origin })).status).toBe(403)
      expect((await request('v02/file/delete', body, { origin })).status).toBe(403)
    }
    expect(onDisk(place, LOGIN)).toBe(text)
  })

  test("isn't there before the exercise was started", async () => {
    rmSync(join(playground, 'v03'), { recursive: true, force: true })
    expect((await request('v03/files')).files).toEqual([])
    const body = { path: LOGIN, text: '' }
    expect((await request('v03/file', body)).status).toBe(409)
    expect(existsSync(join(playground, 'v03'))).toBe(false)
  })
})

test('each step has files, by their whole path or by an end that only one path has', () => {
  const known = ['client/app.ts', LOGIN, 'server/app.ts', 'protocol.ts']
  const steps = [
    { number: 1, task: 'In `protocol.ts` and `app.ts`, then `routes/login.ts`, `shared/app.ts`.' },
    { number: 2, task: 'In the same files, `request.query`.' },
  ]
  expect(filesOfSteps(steps, known).map(({ files }) => files)).toEqual(
    Array(2).fill(['protocol.ts', LOGIN]),
  )
  for (const version of listVersions()) {
    const files = filesOfSteps(readSteps(version), [...endOf(version).keys()])
    expect(files.filter((step) => step.files.length === 0)).toEqual([])
  }
})

test('an error in a line that the file does not have marks the nearest line', () => {
  const state = createState('a', [])
  for (const line of [-1, 0, 1e9]) {
    expect(() => markError(state, { line, message: 'x' })).not.toThrow()
  }
})

test('only the page with the editor allows an inline script, and only this one', async () => {
  const { headers, text } = await workshop.get('/exercises/v02')
  const [, script = ''] = /<script type="importmap">(.+?)<\/script>/.exec(text) ?? []
  const hash = createHash('sha256').update(script).digest('base64')
  expect(headers.get('content-security-policy')).toContain(`script-src 'self' 'sha256-${hash}';`)
  for (const path of ['/exercises', '/exercises/v02/files', '/run']) {
    const other = await workshop.get(path)
    expect(other.headers.get('content-security-policy')).toContain("script-src 'self';")
  }
  const addresses = Object.values<string>(JSON.parse(script).imports)
  for (const address of addresses) {
    const { status, text } = await workshop.get(address)
    expect([address, status]).toEqual([address, 200])
    const names = [...text.matchAll(/^(?:import|export) .*from '(.+)'/gm)].map(([, name]) => name)
    for (const name of names) expect(Object.keys(JSON.parse(script).imports)).toContain(name)
  }
  expect((await workshop.get('/vendor/codemirror/../../package.json')).status).toBe(404)
})

describe.runIf(testsPages)(NEEDS_CHROMIUM, () => {
  /** What the browser asked before it left a page. */
  const warnings: string[] = []
  const visit = async ({ width = 1280 } = {}) => {
    warnings.length = 0
    const page = await workshop.newPage({ viewport: { width, height: 900 } })
    page.on('dialog', (dialog) => {
      warnings.push(dialog.type())
      return dialog.accept()
    })
    // No test but the last needs checks, which take most of the time.
    await page.route('**/attend', (route) => route.fulfill({ status: 204 }))
    await page.goto(`${workshop.url}/exercises/v02`)
    await expect.poll(() => textIn(page)).toContain('import')
    return page
  }
  const textIn = (page: Page) => page.locator('.cm-content').textContent()
  const pathIn = (page: Page) => page.locator('.editor-path').textContent()
  const news = (page: Page) => page.locator('.editor-news').textContent()
  const openFile = async (page: Page, path: string) => {
    await page.locator('.editor-files').getByRole('link', { name: path, exact: true }).click()
    // Until it is read, what is written goes to the file of before.
    await expect.poll(() => pathIn(page)).toContain(path)
  }
  /** Comes back to the page from another window. */
  const comeBack = (page: Page) => page.evaluate('window.dispatchEvent(new Event("focus"))')
  /** Writes at the start of the open file. */
  const write = async (page: Page, text: string) => {
    await page.locator('.cm-content').press('Control+Home')
    await page.keyboard.insertText(text)
  }

  test('a change outside is taken in, unless there are edits here: then the learner chooses', async () => {
    const place = copy('v02')
    const page = await visit()
    const path = 'client/app.ts'
    const start = onDisk(place, path)
    change(place, path, `// outside\n${start}`)
    await comeBack(page)
    await expect.poll(() => textIn(page)).toContain('// outside')
    expect(await news(page)).toContain('changed outside')

    const conflict = page.locator('.editor-conflict')
    await write(page, '// mine\n')
    change(place, path, `// again\n${start}`)
    await comeBack(page)
    await conflict.waitFor()
    expect(await textIn(page)).toMatch(/\/\/ again[\s\S]*\/\/ mine/)
    await page.keyboard.press('Control+s')
    await expect.poll(() => news(page)).toContain('choose')
    expect(onDisk(place, path)).toMatch(/^\/\/ again/)
    expect(await seriousProblems(page)).toEqual([])
    await conflict.getByRole('button', { name: 'Write mine over it' }).click()
    await expect.poll(() => onDisk(place, path)).toMatch(/^\/\/ mine/)
    await conflict.waitFor({ state: 'hidden' })

    await write(page, '// more\n')
    rmSync(join(place.folder, path))
    await comeBack(page)
    await conflict.getByText('was deleted outside').waitFor()
    await conflict.getByRole('button', { name: 'Write mine over it' }).click()
    await expect.poll(() => existsSync(join(place.folder, path))).toBe(true)
    expect(onDisk(place, path)).toMatch(/^\/\/ more\n\/\/ mine/)
  })

  test('markup in the name of a file or in an error is only text', async () => {
    copy('v02')
    const page = await visit()
    const markup = '<div hx-swap-oob=beforeend:#editor><i id=taken>'
    await page.route('**/files', async (route) => {
      const list = await (await route.fetch()).json()
      await route.fulfill({
        json: { ...list, files: [...list.files, { path: markup, hash: 'x' }] },
      })
    })
    await comeBack(page)
    await expect.poll(() => page.locator('.editor-files nav').textContent()).toContain(markup)
    expect(await page.locator('#taken').count()).toBe(0)
  })

  test('the next step opens, and the one before it stays open while it has a file to make', async () => {
    copy('v02')
    const page = await visit()
    let step = 2
    await page.route('**/files', async (route) => {
      const list = await (await route.fetch()).json()
      await route.fulfill({ json: { ...list, step } })
    })
    const openSteps = () => {
      return page.locator('.step:has(details[open])').evaluateAll((all) => all.map(({ id }) => id))
    }
    await comeBack(page)
    await expect.poll(openSteps).toEqual(['step-1', 'step-2'])
    await page.getByRole('button', { name: 'Make client/session.ts' }).click()
    await page.locator('#step-1').getByRole('link', { name: 'client/session.ts' }).waitFor()
    step = 3
    await comeBack(page)
    await expect.poll(openSteps).toEqual(['step-3'])
  })

  test('unsaved edits survive a reload, and meet a change that came meanwhile', async () => {
    const place = copy('v02')
    const page = await visit()
    await openFile(page, 'protocol.ts')
    await expect.poll(() => pathIn(page)).toBe('protocol.ts')
    await write(page, '// mine\n')
    await page.reload()
    expect(warnings).toEqual(['beforeunload'])
    await expect.poll(() => textIn(page)).toContain('// mine')
    expect(await pathIn(page)).toBe('protocol.ts')
    change(place, 'protocol.ts', '// outside\n')
    await page.reload()
    const conflict = page.locator('.editor-conflict')
    await conflict.waitFor()
    await conflict.getByRole('button', { name: 'Take the one on disk' }).click()
    await expect.poll(() => textIn(page)).toMatch(/^\/\/ outside\s*$/)
    await page.reload()
    await expect.poll(() => pathIn(page)).toBe('client/app.ts')
  })

  test('a file is made and deleted, and compared with the start and, when confirmed, the solution', async () => {
    const place = copy('v02')
    const page = await visit()
    await page.getByRole('button', { name: 'Make client/session.ts' }).click()
    await expect.poll(() => pathIn(page)).toBe('client/session.ts')
    expect(onDisk(place, 'client/session.ts')).toBe('')
    await page.getByRole('button', { name: 'Delete', exact: true }).click()
    await page.getByRole('button', { name: 'Delete it' }).click()
    // Until the page knows, it would leave the next file again.
    await expect.poll(() => news(page)).toContain('Deleted client/session.ts')
    expect(existsSync(join(place.folder, 'client/session.ts'))).toBe(false)
    await page.getByLabel('New file').fill('server/new.ts')
    await page.getByLabel('New file').press('Enter')
    await expect.poll(() => pathIn(page)).toBe('server/new.ts')
    await write(page, '// new')
    await page.keyboard.press('Control+s')
    await expect.poll(() => onDisk(place, 'server/new.ts')).toBe('// new\n')
    await expect.poll(() => news(page)).toContain('Saved server/new.ts')
    await page.keyboard.insertText(' file')
    await page.keyboard.press('Control+s')
    await expect.poll(() => onDisk(place, 'server/new.ts')).toBe('// new file\n')

    await openFile(page, 'login.ts')
    await write(page, '// mine\n')
    await page.getByRole('button', { name: 'Difference to the start' }).click()
    await expect.poll(() => page.locator('.cm-changedLine').count()).toBe(1)
    await page.getByRole('button', { name: 'Difference to the solution' }).click()
    await page.getByRole('button', { name: 'Show the solution', exact: true }).click()
    await page.locator('.cm-deletedChunk').getByText('randomToken').first().waitFor()
    expect(await seriousProblems(page)).toEqual([])
    expect(onDisk(place, LOGIN)).not.toContain('// mine')
  })

  test('on a wide screen, the file that changed on disk stands beside the edits, until the learner chooses', async () => {
    const place = copy('v02')
    const start = onDisk(place, LOGIN)
    const page = await visit({ width: 1440 })
    await openFile(page, 'login.ts')
    await write(page, '// mine\n')
    const scroller = page.locator('.cm-scroller')
    await scroller.evaluate((element) => element.scrollTo(0, 40))
    const conflict = page.locator('.editor-conflict')
    const sides = page.locator('.cm-mergeView .cm-content')
    const [disk, mine] = [sides.first(), sides.last()]

    change(place, LOGIN, `// outside\n${start}`)
    await comeBack(page)
    await conflict.waitFor()
    expect(await sides.count()).toBe(2)
    expect(await page.locator('.editor-legend').textContent()).toContain('Left: the file on disk')
    expect(await disk.textContent()).toMatch(/^\/\/ outside/)
    expect(await mine.textContent()).toMatch(/^\/\/ mine/)
    expect(await mine.evaluate((side) => side.matches(':focus'))).toBe(true)
    expect(await seriousProblems(page)).toEqual([])

    // What is written meanwhile isn't saved.
    await mine.focus()
    await page.locator('.cm-merge-b.cm-focused').waitFor()
    await page.keyboard.insertText('// more\n')
    await page.keyboard.press('Control+s')
    await expect.poll(() => news(page)).toContain('choose')
    expect(onDisk(place, LOGIN)).toBe(`// outside\n${start}`)

    // A second change outside shows at once, and the edits stay.
    change(place, LOGIN, `// outside again\n${start}`)
    await comeBack(page)
    await expect.poll(() => disk.textContent()).toMatch(/^\/\/ outside again/)
    expect(await mine.textContent()).toMatch(/^\/\/ mine\/\/ more/)

    // Another file shows no conflict, and this one still has it.
    await openFile(page, 'protocol.ts')
    await conflict.waitFor({ state: 'hidden' })
    await page.getByRole('link', { name: 'login.ts unsaved' }).click()
    await expect.poll(() => pathIn(page)).toBe(LOGIN)
    await conflict.getByRole('button', { name: 'Take the one on disk' }).click()
    await sides.first().waitFor({ state: 'detached' })
    await expect.poll(() => textIn(page)).toMatch(/^\/\/ outside again/)
    await page.locator('.cm-content').focus()
    await page.keyboard.press('Control+z')
    await expect.poll(() => textIn(page)).toMatch(/^\/\/ mine\/\/ more/)

    // As the learner's own edit, the undone text is saved on request.
    await page.keyboard.press('Control+s')
    await expect.poll(() => onDisk(place, LOGIN)).toBe(`// mine\n// more\n${start}`)

    // Once the file on disk has its earlier text again, there is no conflict.
    await write(page, '// last\n')
    rmSync(join(place.folder, LOGIN))
    await comeBack(page)
    await conflict.getByText('was deleted outside').waitFor()
    expect(await disk.textContent()).toBe('')
    change(place, LOGIN, `// mine\n// more\n${start}`)
    await comeBack(page)
    await sides.first().waitFor({ state: 'detached' })
    await conflict.waitFor({ state: 'hidden' })
    expect(await textIn(page)).toMatch(/^\/\/ last/)
  })

  test('a wide screen shows the other text beside the file, whose edits, undo, error, cursor and scroll stay', async () => {
    const place = copy('v02')
    const text = onDisk(place, LOGIN)
    const page = await visit({ width: 1440 })
    await openFile(page, 'login.ts')
    await page.route('**/files', async (route) => {
      const list = await (await route.fetch()).json()
      await route.fulfill({ json: { ...list, error: { path: LOGIN, line: 3, message: 'x' } } })
    })
    await comeBack(page)
    await write(page, '// mine\n')
    const scroller = page.locator('.cm-scroller')
    await scroller.evaluate((element) => element.scrollTo(0, 40))
    const toStart = page.getByRole('button', { name: 'Difference to the start' })
    const sides = page.locator('.cm-mergeView .cm-content')
    const errors = page.locator('.cm-lint-marker-error')
    const top = () => scroller.evaluate((element) => element.scrollTop)

    await toStart.click()
    await expect.poll(() => sides.count()).toBe(2)
    await expect.poll(() => errors.count()).toBe(1)
    await toStart.click()
    await sides.first().waitFor({ state: 'detached' })
    await expect.poll(top).toBe(40)
    await expect.poll(() => errors.count()).toBe(1)
    await page.locator('.cm-content').focus()
    await page.locator('.cm-focused').waitFor()
    await page.keyboard.insertText('// at the cursor\n')

    await toStart.click()
    const [start, mine] = [sides.first(), sides.last()]
    await start.focus()
    await page.keyboard.type('not written')
    await mine.focus()
    await page.locator('.cm-merge-b.cm-focused').waitFor()
    const lines = '// beside\n'.repeat(30)
    await page.keyboard.insertText(lines)
    await page.keyboard.press('Control+s')
    await expect.poll(() => news(page)).toContain(`Saved ${LOGIN}`)
    expect(onDisk(place, LOGIN)).toBe(`// mine\n// at the cursor\n${lines}${text}`)
    expect(await start.textContent()).not.toMatch(/mine|not written/)
    expect(await seriousProblems(page)).toEqual([])
    const tops = () => sides.evaluateAll((all) => all.map((side) => side.getBoundingClientRect().y))
    const bottom = await tops()
    await page.locator('.cm-mergeView').evaluate((element) => element.scrollBy(0, -50))
    expect(await tops()).toEqual(bottom.map((top) => top + 50))
    await page.keyboard.press('Escape')
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.matches(".cm-content")')).toBe(false)

    await page.setViewportSize({ width: 1000, height: 900 })
    await expect.poll(() => sides.count()).toBe(0)
    await page.locator('.cm-changedLine').first().waitFor()
    await toStart.click()
    await page.locator('.cm-content').focus()
    for (const _ of '123') await page.keyboard.press('Control+z')
    await page.keyboard.press('Control+s')
    await expect.poll(() => onDisk(place, LOGIN)).toBe(text)
  })

  test('a file that was clicked opens without the card of its link, which would cover the code', async () => {
    copy('v02')
    const page = await visit()
    await openFile(page, 'login.ts')
    await write(page, '// mine\n')
    // The list is drawn anew under the pointer. The card takes a quarter of a second to show.
    await page.getByRole('link', { name: 'login.ts unsaved' }).waitFor()
    await page.waitForTimeout(400)
    expect(await page.locator('#own-editor-card').isVisible()).toBe(false)
    await page.getByRole('link', { name: 'login.ts unsaved' }).hover({ position: { x: 3, y: 3 } })
    await page.locator('#own-editor-card').waitFor()
  })

  test('a view has the colors of HTML, a new line its indentation, and a bracket the closing one', async () => {
    copy('v02')
    const page = await visit()
    await openFile(page, 'callback.eta')
    await page.locator('.cm-line .string', { hasText: /^p$/ }).first().waitFor()
    await page.locator('.cm-line', { hasText: 'Back to the start' }).click()
    await page.keyboard.press('End')
    await page.keyboard.press('Enter')
    await page.keyboard.type('<%= f(1) %>')
    expect(await textIn(page)).toContain('</p>      <%= f(1) %>')
    await page.keyboard.type('(')
    expect(await textIn(page)).toContain('%>()')
    await page.keyboard.press('Backspace')
    expect(await textIn(page)).toMatch(/%>(?!\()/)
  })

  test('a keyboard leaves the editor with Escape and Tab, and it fits a narrow screen', async () => {
    copy('v02')
    const page = await visit()
    const inEditor = () => page.evaluate('document.activeElement.matches(".cm-content")')
    await page.locator('.cm-content').press('Tab')
    expect(await inEditor()).toBe(true)
    await page.keyboard.press('Escape')
    await page.keyboard.press('Tab')
    expect(await inEditor()).toBe(false)
    await page.setViewportSize({ width: 390, height: 800 })
    await page.emulateMedia({ colorScheme: 'dark' })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390)
    expect(await seriousProblems(page)).toEqual([])
  })

  test('before the exercise is started, the page shows all of its steps, and no editor', async () => {
    rmSync(join(playground, 'v03'), { recursive: true, force: true })
    const page = await workshop.visit('/exercises/v03')
    expect(await page.locator('#editor, .step-files').filter({ visible: true }).count()).toBe(0)
    expect(await page.locator('.step .task').last().isVisible()).toBe(true)
  })

  test('nothing on a page moves when its scripts arrive, and the editor shows a file without a request', async () => {
    copy('v02')
    for (const [path, parts, arrives] of [
      ['/exercises/v02', '.step, .editor-code, #check', '.cm-line'],
      [`/code/copy-v02/${LOGIN}`, '.versions, .source', '[data-copy]'],
    ] as const) {
      const page = await workshop.newPage({ own: {} })
      await page.route('**/attend', (route) => route.fulfill({ status: 204 }))
      await page.route('**/exercises/v02/file*', () => {})
      let release = () => {}
      const held = new Promise<void>((resolve) => {
        release = resolve
      })
      await page.route('**/assets/*editor.js', (route) => held.then(() => route.continue()))
      await page.goto(`${workshop.url}${path}`, { waitUntil: 'commit' })
      await page.locator(parts).last().waitFor()
      const places = () => {
        return page.locator(parts).evaluateAll((all) => {
          return all.map((part) => [part.id || part.classList[0], part.getBoundingClientRect().top])
        })
      }
      const before = await places()
      release()
      await page.locator(arrives).first().waitFor()
      // A part that is replaced at this moment has no place.
      await expect.poll(places).toEqual(before)
    }
  })

  test('without a script, the page has no editor', async () => {
    copy('v02')
    const page = await workshop.visit('/exercises/v02', { own: { javaScriptEnabled: false } })
    expect(await page.locator('#editor, .step-files').filter({ visible: true }).count()).toBe(0)
    expect(await page.locator('#check').isVisible()).toBe(true)
    expect(await page.locator('.step .task').last().isVisible()).toBe(true)
  })

  test('a path opens in the editor that the reader chose, at its line, or is copied', async () => {
    const { folder } = copy('v02')
    const page = await workshop.newPage()
    const hrefs = async () => {
      await page.goto(`${workshop.url}/code/copy-v02/${LOGIN}#L3`)
      await page.getByRole('button', { name: 'Copy path' }).waitFor()
      const links = page.locator('[data-opens] a')
      return links.evaluateAll((all) => all.map((link) => link.getAttribute('href')))
    }
    const choose = async (name: string) => {
      await page.goto(`${workshop.url}/exercises`)
      await page.getByLabel('Paths open in').selectOption(name)
    }
    expect(await hrefs()).toEqual([`vscode://file${folder}/${LOGIN}:3`])
    await choose('a JetBrains IDE')
    expect(await hrefs()).toEqual([`idea://open?file=${folder}/${LOGIN}&line=3`])
    await choose('none of these: only copy the path')
    expect(await hrefs()).toEqual([])
  })

  // The last one: after it, the copy is checked for some minutes on each change.
  test('the file that the step names opens, is saved with Ctrl-S, and an error marks its line until it is fixed', async () => {
    const place = copy('v02')
    const page = await visit()
    expect(await pathIn(page)).toBe('client/app.ts')
    const scroller = page.locator('.cm-scroller')
    await scroller.evaluate((element) => element.scrollTo(0, 40))
    await page.locator('#step-1').getByRole('link', { name: LOGIN }).first().click()
    await expect.poll(() => pathIn(page)).toBe(LOGIN)
    expect(await scroller.evaluate((element) => element.scrollTop)).toBe(0)
    await write(page, 'const = 1\n')
    expect(await page.locator('.editor-state').textContent()).toBe('unsaved')
    await page.keyboard.press('Control+s')
    await expect.poll(() => news(page)).toContain(`Saved ${LOGIN}`)
    expect(onDisk(place, LOGIN)).toMatch(/^const = 1\n/)
    await page.getByRole('button', { name: 'Check now' }).click()
    await page.locator('#check .problem').waitFor()
    await expect.poll(() => page.locator('.cm-lint-marker-error').count()).toBe(1)
    await expect.poll(() => page.locator('.editor-files .bad').textContent()).toBe('error')

    await page.locator('.cm-content').press('Control+Home')
    await page.keyboard.press('Shift+ArrowDown')
    await page.keyboard.press('Delete')
    await page.keyboard.press('Control+s')
    await expect.poll(() => page.locator('#check .count').textContent()).toMatch(/^5 of 15/)
    await expect.poll(() => page.locator('.cm-lint-marker-error').count()).toBe(0)
  })
})
