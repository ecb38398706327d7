import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { compareFolders } from '@oauth-lab/course/differences/compare.ts'
import { readText } from '@oauth-lab/course/differences/files.ts'
import { findVersion } from '@oauth-lab/course/programs/versions.ts'
import { NEEDS_CHROMIUM, testsPages } from '@oauth-lab/shared/testing/chromium.ts'
import { full } from '@oauth-lab/shared/testing/share.ts'
import { describe, expect, test } from 'vitest'
import { folderOfFile, seriousProblems, workshopOfFile } from './lab.ts'

const CALLBACK = 'client/routes/callback.ts'
const playground = folderOfFile()

function write(path: string, content: string | Buffer): void {
  const file = join(playground, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
}

write('v02/server/main.ts', 'export {}\n')
write('v02/client/it is 100% "mine" #1?.ts', "const here = '<b>'\n")
write('v02/client/a.constructor', 'const a = 1\n')
if (sep === '/') write('v02/client/..\\..\\a:1.ts', 'export {}\n')
write('v02/client/picture.png', Buffer.from([0, 1, 2, 255]))
write('v02/client/long.ts', 'x'.repeat(400_000))
write('v02/node_modules/secret.ts', 'not to be shown')
write('secret.ts', 'not to be shown')
const workshop = await workshopOfFile(undefined, playground)

function rowsOf(html: string): { number: number; isNew: boolean; text: string }[] {
  const rows = html.matchAll(/<div class="row( new)?" id="L(\d+)">.*?<code[^>]*>(.*?)<\/code>/g)
  return [...rows].map(([, mark, number, code = '']) => ({
    number: Number(number),
    isNew: mark !== undefined,
    text: code.replace(/<[^>]*>/g, ''),
  }))
}

test('a file is shown line by line, with line numbers', async () => {
  const { status, text } = await workshop.get(`/code/v02-state/${CALLBACK}`)
  expect(status).toBe(200)
  const source = readText(findVersion('v02').folder, CALLBACK) ?? ''
  const plain = (html: string) =>
    html
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&amp;', '&')
  const lines = rowsOf(text).map((row) => (row.text === ' ' ? '' : plain(row.text)))
  expect(lines).toEqual(source.trimEnd().split('\n'))
})

test("only lines that the version before doesn't have are marked", async () => {
  const [older, newer] = [findVersion('v01'), findVersion('v02')]
  const changes = compareFolders(older.folder, newer.folder, { only: (path) => path === CALLBACK })
  const lines = changes.flatMap(({ hunks }) => hunks).flatMap((hunk) => hunk.lines)
  const added = lines.filter(({ kind }) => kind === 'added').map(({ newNumber }) => newNumber)
  const { text } = await workshop.get(`/code/v02-state/${CALLBACK}`)
  const marked = rowsOf(text).filter(({ isNew }) => isNew)
  expect(marked.map(({ number }) => number)).toEqual(added)
  expect(added.length).toBeGreaterThan(5)

  const first = await workshop.get(`/code/v01-code-flow/${CALLBACK}`)
  expect(rowsOf(first.text).some(({ isNew }) => isNew)).toBe(false)
})

test('a file in an unknown language is plain text, whatever its extension', async () => {
  const { text } = await workshop.get('/code/copy-v02/client/a.constructor')
  expect(rowsOf(text).map((row) => row.text)).toEqual(['const a = 1'])
})

test('of a file that moved, only the changed lines are marked', async () => {
  const { text } = await workshop.get('/code/v12-resource-server/api/bearer-auth.ts')
  const marked = rowsOf(text).filter(({ isNew }) => isNew)
  expect(marked.map((row) => row.text).join('\n')).toContain('PageError')
  expect(marked.length).toBeLessThan(10)
})

test('every line of a new file is marked', async () => {
  const { text } = await workshop.get('/code/v02-state/client/session.ts')
  expect(rowsOf(text).every(({ isNew }) => isNew)).toBe(true)
})

test('only files in the list are shown', async () => {
  for (const path of [
    '../package.json',
    '..%2fpackage.json',
    '%2e%2e/%2e%2e/package.json',
    '..%5c..%5cpackage.json',
    '%2fetc%2fpasswd',
    '/etc/passwd',
    'client',
    'client/',
    'client/nothing.ts',
    'node_modules/fastify/package.json',
    'client/routes/callback.ts%00.png',
    '',
  ]) {
    const { status, text } = await workshop.get(`/code/v02-state/${path}`)
    expect([path, status]).toEqual([path, 404])
    expect(text).not.toContain('"devDependencies"')
  }
  for (const id of ['v99', '..', '%2e%2e', 'versions', 'playground', 'constructor', '.git']) {
    expect([id, (await workshop.get(`/code/${id}/package.json`)).status]).toEqual([id, 404])
  }
  expect((await workshop.get('/code/copy-v02/node_modules/secret.ts')).status).toBe(404)
  expect((await workshop.get('/code/copy-v02/..%2fsecret.ts')).status).toBe(404)
})

describe("a learner's copy", () => {
  test('is shown whatever its files are called, with its text escaped', async () => {
    const { text: list } = await workshop.get('/code/copy-v02')
    const [, href = ''] = /href="([^"]*100[^"]*)"/.exec(list) ?? []
    const { status, text } = await workshop.get(href)
    expect(status).toBe(200)
    expect(text).toContain('&lt;b&gt;')
    expect(text).not.toContain("'<b>'")
  })

  test('may have binary files and long ones, and the page says so', async () => {
    for (const name of ['picture.png', 'long.ts']) {
      const { text } = await workshop.get(`/code/copy-v02/client/${name}`)
      expect([name, text]).toEqual([name, expect.stringContaining('Not shown: this is')])
    }
  })
})

test('the files that all versions share are shown too', async () => {
  expect((await workshop.get('/code/shared/session.ts')).text).toContain('registerSessions')
  expect((await workshop.get('/code/shared')).text).toContain('/code/shared/session.ts')
})

describe.runIf(testsPages)(NEEDS_CHROMIUM, () => {
  test('the line that the address names stands out and is in sight, without script too', async () => {
    const page = await workshop.newPage({ own: { javaScriptEnabled: false } })
    await page.goto(`${workshop.url}/code/v02-state/${CALLBACK}#L40`)
    const box = await page.locator('#L40:target').boundingBox()
    expect(box?.y).toBeGreaterThan(60)
    expect(box?.y).toBeLessThan(900)
  })

  test("at a link to a file, the pointer and the keys o and c open its path in the reader's own editor, or copy it", async () => {
    const { folder } = findVersion('v02')
    const permissions = ['clipboard-read', 'clipboard-write']
    const page = await workshop.newPage({ own: { permissions } })
    const card = page.locator('#own-editor-card')
    const href = () => card.locator('a').getAttribute('href')
    await page.goto(`${workshop.url}/attacks/login-csrf`)
    const link = page.locator('main a[href^="/code/"]').first()
    await link.hover()
    await card.waitFor()
    const place = await link.textContent()
    expect(await href()).toBe(`vscode://file${folder}/${place}`)
    expect(await link.getAttribute('aria-describedby')).toBe('own-editor-card')
    expect(await seriousProblems(page)).toEqual([])
    // It stays while the pointer is on it, and never stands in the way of the tab key.
    await card.getByRole('button').hover()
    await card.getByRole('button', { name: 'Copy path' }).click()
    await card.getByText('Copied').waitFor()
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(`${folder}/${CALLBACK}`)
    await page.keyboard.press('Escape')
    await card.waitFor({ state: 'hidden' })
    await page.mouse.move(0, 0)

    const copy = join(playground, 'v02')
    await page.goto(`${workshop.url}/code/copy-v02`)
    const odd = page.locator('main .files a[href*="mine"]')
    await odd.focus()
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Tab')
    await card.waitFor()
    // What is below is the next link of the list.
    const [own, beside] = [await odd.boundingBox(), await card.boundingBox()]
    expect(beside?.x).toBeGreaterThanOrEqual((own?.x ?? 0) + (own?.width ?? 0))
    const encoded = encodeURIComponent('it is 100% "mine" #1?.ts')
    expect(await href()).toBe(`vscode://file${copy}/client/${encoded}`)
    await card.locator('a').evaluate((own) => {
      own.addEventListener('click', (event: Event) => {
        event.preventDefault()
        own.ownerDocument.title = 'opened'
      })
    })
    await page.keyboard.press('o')
    expect(await page.title()).toBe('opened')
    await page.keyboard.press('c')
    await card.getByText('Copied').waitFor()
    const copied = await page.evaluate('navigator.clipboard.readText()')
    expect(copied).toBe(`${copy}/client/it is 100% "mine" #1?.ts`)
    // The next stop is the next link of the list.
    await page.keyboard.press('Tab')
    await expect.poll(href).toBe(`vscode://file${copy}/client/long.ts`)
    expect(await page.locator('main .files a:focus').textContent()).toMatch(/^long\.ts/)
    // A name never leads out of its folder, or to another line.
    await page.locator('main .files a[href*="%5C"]').hover()
    await expect.poll(href).toBe(`vscode://file${copy}/client/..%5C..%5Ca%3A1.ts`)
  })

  test('the card also shows at the results of the search, which are in a dialog', async () => {
    const page = await workshop.visit('/')
    await page.keyboard.press('/')
    // At once, because the results of a part of it would be replaced while the keyboard is in them.
    await page.keyboard.insertText(CALLBACK)
    await page.locator('.found a[href^="/code/"]').first().waitFor()
    await page.keyboard.press('ArrowDown')
    const card = page.locator('dialog #own-editor-card')
    await card.waitFor()
    expect(await card.locator('a').getAttribute('href')).toContain(`/${CALLBACK}`)
    await page.keyboard.press('ArrowDown')
    expect(await page.locator('.found a:focus').count()).toBe(1)
  })

  test.runIf(full)('the pages of files look right', async () => {
    await workshop.inspect(`/code/v02-state/${CALLBACK}#L12`, 'code')
    await workshop.inspect('/code/v05-refresh-token', 'code-files')
  })
})
