import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ROOT } from '@oauth-lab/course/programs/versions.ts'
import { full } from '@oauth-lab/shared/testing/share.ts'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { main } from '../test.ts'

vi.setConfig({ testTimeout: 60_000 })

const CONFIGURATION = [
  '.gitignore',
  'biome.json',
  'package.json',
  'pnpm-lock.yaml',
  'pnpm-workspace.yaml',
  'tsconfig.base.json',
  'vitest.config.ts',
]

/** A repo of one small version, with the scripts of this one. */
let repo: string

beforeEach(() => {
  repo = mkdtempSync(join(tmpdir(), 'oauth-lab-test-'))
  for (const file of CONFIGURATION) cpSync(join(ROOT, file), join(repo, file))
  for (const folder of ['course', 'scripts', 'shared']) {
    cpSync(join(ROOT, folder), join(repo, folder), {
      recursive: true,
      filter: (path) => !/[\\/](test|node_modules)$/.test(path),
    })
    symlinkSync(join(ROOT, folder, 'node_modules'), join(repo, folder, 'node_modules'), 'junction')
  }
  symlinkSync(join(ROOT, 'node_modules'), join(repo, 'node_modules'), 'junction')
  write('versions/v01-small/tsconfig.json', '{ "extends": "../../tsconfig.base.json" }\n')
  write('versions/v01-small/server/main.ts', "export const answer: string = 'yes'\n")
  write('versions/v01-small/test/right.test.ts', testFile('expect(1).toBe(1)'))
})

afterEach(() => {
  rmSync(repo, { recursive: true, force: true })
})

test('npm test goes on after a failure, says what passed and what failed, and counts it', async () => {
  write('versions/v02-wrong/tsconfig.json', '{ "extends": "../../tsconfig.base.json" }\n')
  write('versions/v02-wrong/server/main.ts', 'export const answer: string = 1;\n')
  write('versions/v02-wrong/test/wrong.test.ts', testFile('expect(1).toBe(2)'))
  write('versions/v02-wrong/test/unloadable.test.ts', "import './nothing.ts'\n")
  write('versions/v02-wrong/test/stray.test.ts', testFile("Promise.reject(new Error('stray'))"))
  write(
    'versions/v02-wrong/test/left-out.test.ts',
    "import { test } from 'vitest'\n\ntest.skip('a rule')\n",
  )
  const { status, lines } = await npmTest()
  expect(lines).toContainEqual(expect.stringMatching(/^ok .* s {2}types of versions.v01-small$/))
  expect(lines).toContainEqual(expect.stringMatching(/^1 skipped: \S/))
  // vitest takes CI for a terminal.
  expect(lines.join('\n')).not.toContain('\x1b')
  expect(lines.at(-2)).toMatch(/^Failed: format and lint, types of versions.v02-wrong, tests\.$/)
  // The one test of v01 that passes is a promise that v02 keeps, too.
  expect(lines.at(-1)).toBe('3 passed, 5 failed')
  expect(status).toBe(1)
})

test.runIf(full)('npm test fails where there are no tests', async () => {
  rmSync(join(repo, 'versions', 'v01-small', 'test'), { recursive: true })
  const { status, lines } = await npmTest('1')
  expect(lines.at(-1)).toBe('0 passed, 1 failed')
  expect(status).toBe(1)
})

test('npm test tells that there is no such version', async () => {
  expect(() => main(['v99'])).toThrow('There is no version "v99".')
})

function write(file: string, text: string): void {
  mkdirSync(dirname(join(repo, file)), { recursive: true })
  writeFileSync(join(repo, file), text)
}

function testFile(statement: string): string {
  return `import { expect, test } from 'vitest'

test('a rule', () => {
  expect(true).toBe(true)
  ${statement}
})
`
}

async function npmTest(...args: string[]): Promise<{ status: number | null; lines: string[] }> {
  const setup = join(repo, 'scripts', 'setup.mjs')
  const child = spawn(process.execPath, [setup, 'test', ...args], {
    cwd: repo,
    env: { ...process.env, CI: 'true', OAUTH_LAB_FULL: '' },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text
  })
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { status, lines: output.trim().split('\n') }
}
