import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { compareFolders } from '@oauth-lab/course/differences/compare.ts'
import { readText } from '@oauth-lab/course/differences/files.ts'
import { findVersion } from '@oauth-lab/course/programs/versions.ts'
import { CHROMIUM, NEEDS_CHROMIUM } from '@oauth-lab/shared/testing/chromium.ts'
import { full } from '@oauth-lab/shared/testing/share.ts'
import { describe, expect, test } from 'vitest'
import { folderOfFile, workshopOfFile } from './lab.ts'

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

describe.skipIf(CHROMIUM === undefined)(NEEDS_CHROMIUM, () => {
  test('the line that the address names stands out and is in sight, without script too', async () => {
    const page = await workshop.newPage({ own: { javaScriptEnabled: false } })
    await page.goto(`${workshop.url}/code/v02-state/${CALLBACK}#L40`)
    const box = await page.locator('#L40:target').boundingBox()
    expect(box?.y).toBeGreaterThan(60)
    expect(box?.y).toBeLessThan(900)
  })

  test.runIf(full)('the pages of files look right', async () => {
    await workshop.inspect(`/code/v02-state/${CALLBACK}#L12`, 'code')
    await workshop.inspect('/code/v05-refresh-token', 'code-files')
  })
})
