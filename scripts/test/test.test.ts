import { spawn } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ROOT } from '@oauth-lab/course/programs/versions.ts'
import { full } from '@oauth-lab/shared/testing/share.ts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { main } from '../test.ts'

const FILES = [
  '.gitignore',
  'biome.json',
  'package.json',
  'pnpm-lock.yaml',
  'pnpm-workspace.yaml',
  'tsconfig.base.json',
  'vitest.config.ts',
  'course/command-line.ts',
  'course/package.json',
  'course/told-error.ts',
]

const PROMISE = `import { snapshot } from '@oauth-lab/shared/testing/snapshot.ts'
import { expect, test } from 'vitest'

test('the answer is yes', () => {
  expect(snapshot.buildServer).toBe('yes')
})
`

const LEFT_OUT = "import { test } from 'vitest'\n\ntest.skip('a rule')\n"

/** How the report describes a version that breaks an earlier promise. */
const BROKEN = /^ ❯ \|v02\| versions\/v01-small\/test\/yes\.test\.ts /

/** A repo with three small versions and the scripts of this one. The second version breaks a promise of the first. */
let repo: string

describe('npm test', () => {
  beforeEach(() => {
    repo = mkdtempSync(join(tmpdir(), 'oauth-lab-test-'))
    for (const file of FILES) cpSync(join(ROOT, file), join(repo, file))
    for (const folder of ['course/programs', 'scripts', 'shared']) {
      cpSync(join(ROOT, folder), join(repo, folder), {
        recursive: true,
        // A folder without a tsconfig.json skips the type check, which takes longest.
        filter: (path) => !/[\\/](test|node_modules|tsconfig\.json)$/.test(path),
      })
    }
    for (const folder of ['', 'course', 'shared']) linkPackages(folder)
    addVersion('v01-small', "'yes'")
    write('versions/v01-small/test/yes.test.ts', PROMISE)
    addVersion('v02-other', "'no'")
    write('versions/v02-other/test/own.test.ts', testFile('expect(1).toBe(1)'))
    addVersion('v03-again', "'yes'")
    write('versions/v03-again/test/own.test.ts', testFile('expect(1).toBe(1)'))
  })

  afterEach(() => {
    rmSync(repo, { recursive: true, force: true })
  })

  test('npm test continues after a failure, and says and counts what passed and what failed', async () => {
    addVersion('v03-again', "1;  // not 'yes'")
    write('versions/v03-again/test/unloadable.test.ts', "import './nothing.ts'\n")
    write('versions/v03-again/test/stray.test.ts', testFile("Promise.reject(new Error('stray'))"))
    write('versions/v03-again/test/left-out.test.ts', LEFT_OUT)
    const { status, lines } = await npmTest()
    expect(lines).toContainEqual(expect.stringMatching(/^ok .* s {2}types of versions.v01-small$/))
    expect(lines).toContainEqual(expect.stringMatching(/^1 skipped: versions in between, /))
    // Vitest treats CI as a terminal.
    expect(lines.join('\n')).not.toContain('\x1b')
    expect(lines.at(-2)).toMatch(/^Failed: format and lint, types of versions.v03-again, tests\.$/)
    // Each promise counts once for its own version, and once for the newest.
    expect(lines.at(-1)).toBe('5 passed, 5 failed')
    expect(status).toBe(1)
  })

  test.runIf(full)(
    'npm test -- --all also checks the versions in between, and names the one that fails',
    async () => {
      const { status, lines } = await npmTest('--all')
      expect(lines).toContainEqual(expect.stringMatching(BROKEN))
      expect(lines.at(-1)).toBe('5 passed, 1 failed')
      expect(status).toBe(1)
    },
  )

  test.runIf(full)('npm test v02 checks the promises of v01 and v02 against v02', async () => {
    const { status, lines } = await npmTest('v02')
    expect(lines).toContainEqual(expect.stringMatching(BROKEN))
    expect(lines).toContainEqual(expect.stringMatching(/^ok .* s {2}types of versions.v02-other$/))
    expect(lines.at(-1)).toBe('1 passed, 1 failed')
    expect(status).toBe(1)
  })

  test('npm test playground/v02 checks the promises of v01 and v02 against the copy', async () => {
    addVersion('../playground/v02', "'yes'")
    write('versions/v02-other/test/left-out.test.ts', LEFT_OUT)
    const { status, lines } = await npmTest('playground/v02')
    expect(lines).toContainEqual(expect.stringMatching(/^1 skipped: the slow tests: /))
    expect(lines.at(-1)).toBe('2 passed, 0 failed')
    expect(status).toBe(0)
  })

  test.runIf(full)('npm test fails if there are no tests', async () => {
    rmSync(join(repo, 'versions', 'v01-small', 'test'), { recursive: true })
    const { status, lines } = await npmTest('1')
    expect(lines.at(-1)).toBe('0 passed, 1 failed')
    expect(status).toBe(1)
  })
})

test.each([
  [['v99'], 'There is no version "v99".'],
  [['v01', 'v02'], 'All versions or one of them'],
  [['v01', '--all'], 'All versions or one of them'],
  [['--every'], "Unknown option '--every'"],
])('npm test %j gets a clear error', (args, message) => {
  expect(() => main(args)).toThrow(message)
})

/** Links each package of a folder, and the packages of this repo instead of the real ones. */
function linkPackages(folder: string): void {
  const from = join(ROOT, folder, 'node_modules')
  const to = join(repo, folder, 'node_modules')
  mkdirSync(join(to, '@oauth-lab'), { recursive: true })
  for (const name of ['course', 'shared']) link(join(repo, name), join(to, '@oauth-lab', name))
  // What tools would keep there of a repo that is gone in a moment.
  const own = ['@oauth-lab', '.cache', '.experimental-vitest-cache']
  const others = readdirSync(from).filter((name) => !own.includes(name))
  for (const name of others) link(join(from, name), join(to, name))
}

function link(target: string, path: string): void {
  symlinkSync(target, path, 'junction')
}

function addVersion(name: string, answer: string): void {
  // The tests, with all the types that they import, would take longest to check.
  const settings = '{ "extends": "../../tsconfig.base.json", "include": ["client", "server"] }'
  write(`versions/${name}/tsconfig.json`, `${settings}\n`)
  write(`versions/${name}/server/main.ts`, "import './app.ts'\n")
  write(`versions/${name}/server/app.ts`, `export const buildServer: string = ${answer}\n`)
  write(`versions/${name}/client/app.ts`, "export const buildClient = 'a client'\n")
}

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
    env: { ...process.env, CI: 'true', INIT_CWD: repo, OAUTH_LAB_ALL: '', OAUTH_LAB_FULL: '' },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text
  })
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { status, lines: output.trim().split('\n') }
}
