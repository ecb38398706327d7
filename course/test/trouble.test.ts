import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { explain } from '../exercises/trouble.ts'

const root = mkdtempSync(join(tmpdir(), 'oauth-lab-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const FOLDERS = ['plain', 'oauth-lab (1)', '[a] {b,c}', "it's 100% #1"]
const FILES = ['client/app.ts', 'client/my page (2).ts', 'server/app.ts']

function copyIn(name: string): string {
  const folder = join(root, name, 'v02')
  for (const file of FILES) {
    mkdirSync(join(folder, file, '..'), { recursive: true })
    writeFileSync(join(folder, file), "import './x.ts'\nimport './nope.ts'\n")
  }
  return folder
}

describe.each(FOLDERS)('the output of a program in a folder called %s', (name) => {
  const folder = copyIn(name)
  const file = (path: string) => join(folder, path)
  const url = (path: string) => pathToFileURL(file(path)).href

  test.each(FILES)('leads to the line of %s, as an address and as a path', (path) => {
    for (const spelled of [url(path), file(path), `${url(path)}?once=more`]) {
      const stack = `Error: no\n    at node:internal/x:1:2\n    at f (${spelled}:12:3)\n`
      expect(explain(stack, folder)).toEqual({ message: 'no', place: `${path}:12` })
    }
  })

  test('leads to the first of the files that it names', () => {
    const stack = `Error: no\n    at ${url('server/app.ts')}:3:1\n    at ${url('client/app.ts')}:2:1\n`
    expect(explain(stack, folder)?.place).toBe('server/app.ts:3')
  })

  test("leads to code that doesn't compile, and to the import of a missing file", () => {
    const error = `Transform failed\n${file('client/app.ts')}:7:4: ERROR: Expected ";"`
    const place = 'client/app.ts:7'
    expect(explain(error, folder)).toEqual({ message: 'it doesn\'t compile: Expected ";"', place })
    const missing = `Cannot find module '${file('client/nope.ts')}' imported from ${url('client/app.ts')}`
    expect(explain(`Error: ${missing}\n    at x`, folder)).toEqual({
      message: "it imports client/nope.ts, which doesn't exist",
      place: 'client/app.ts:2',
    })
  })
})

describe('the output of a program', () => {
  const folder = copyIn('hostile')

  test.each([
    'file:///%zz:1:2',
    'file://elsewhere/client/app.ts:1:2',
    '/:1:2',
    `${pathToFileURL(join(folder, 'client/gone.ts'))}:1:2`,
    `${folder}/../v03/client/app.ts:1:2`,
  ])("may name something that isn't a file of the copy, such as %s", (name) => {
    const stack = `Error: no\n    at f (${name})\n`
    expect(explain(stack, folder)).toEqual({ message: 'no', place: undefined })
    const missing = `Cannot find module '${name}' imported from ${name}`
    expect(explain(missing, folder)).toMatchObject({ place: undefined })
  })

  // The lab keeps 64,000 characters. A pattern with quadratic time needs minutes for them, so the test times out.
  test.each([
    '/',
    'a:/',
    'Error',
    ' at ',
    "Cannot find module '",
    "' imported from ",
    `${folder}/client/app.ts?`,
    '\n',
  ])('may contain only %j', (piece) => {
    const stderr = piece.repeat(64_000 / piece.length)
    expect(explain(stderr, folder)?.message.length ?? 0).toBeLessThan(1_000)
  })
})
