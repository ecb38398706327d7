import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { wrongUsage } from '@oauth-lab/course/told-error.ts'
import { hasGit } from '@oauth-lab/shared/testing/has-git.ts'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { carry } from '../ripple/carry.ts'
import { git } from '../ripple/git.ts'
import { carryAndTest, main } from '../ripple.ts'

const VERSIONS = ['v01-code', 'v02-state', 'v03-pkce', 'v04-resource', 'v05-refresh']
const LATER = VERSIONS.slice(1)
const APP = 'server/app.ts'

/** A repository with one commit. Each test gets a copy. */
let template: string
let root: string
let printed: string

beforeAll(() => {
  if (!hasGit) return
  template = mkdtempSync(join(tmpdir(), 'oauth-lab-ripple-template-'))
  root = template
  git(root, ['init', '--quiet', '--template='])
  // Keeps git from converting line endings.
  writeFileSync(join(root, '.gitattributes'), '* -text\n')
  for (const [i, version] of VERSIONS.entries()) {
    const lines = Array.from({ length: 20 }, (_, line) => `line ${line + 1}`)
    // Each version adds its own line at the end of the one before.
    write(version, APP, [...lines, ...VERSIONS.slice(1, i + 1), ''].join('\n'))
    write(version, 'client/same.ts', 'same in all\n'.repeat(5))
    write(version, 'README.md', `# ${version}\n`)
  }
  commit()
})
afterAll(() => {
  if (hasGit) rmSync(template, { recursive: true, force: true })
})

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'oauth-lab-ripple-test-'))
  cpSync(template, root, { recursive: true })
  printed = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text
    return true
  })
})
afterEach(() => {
  vi.restoreAllMocks()
  rmSync(root, { recursive: true, force: true })
})

function pathOf(version: string, path: string): string {
  return join(root, 'versions', version, path)
}

function read(version: string, path: string): string {
  return readFileSync(pathOf(version, path), 'utf8')
}

function write(version: string, path: string, text: string): void {
  mkdirSync(dirname(pathOf(version, path)), { recursive: true })
  writeFileSync(pathOf(version, path), text)
}

function edit(version: string, path: string, from: string, to: string): void {
  write(version, path, read(version, path).replace(from, to))
}

function commit(): void {
  git(root, ['add', '--all'])
  const author = ['-c', 'user.name=test', '-c', 'user.email=test@localhost']
  git(root, [...author, 'commit', '--quiet', '--no-verify', '--no-gpg-sign', '-m', 'change'])
}

function ripple(source = 'v01-code', options: { revision?: string; force?: boolean } = {}) {
  return carryAndTest({ root, source, revision: 'HEAD', force: false, ...options }, false)
}

/** What happened to a file, version by version. */
function outcomesOf(path: string, source = 'v01-code'): string[] {
  const { outcomes } = carry({ root, source, revision: 'HEAD', force: false })
  return outcomes.filter((outcome) => outcome.path === path).map(({ did }) => did)
}

describe.skipIf(!hasGit)('a change in one version', () => {
  test('goes into all four later ones, and keeps what is their own', async () => {
    edit('v01-code', APP, 'line 3\n', 'line 3, mended\n')
    expect(await ripple()).toBe(0)
    for (const version of LATER) {
      expect(read(version, APP)).toContain('line 2\nline 3, mended\nline 4')
      expect(read(version, APP)).toContain(`\n${version}\n`)
    }
    expect(printed.match(/^ {2}merged {4}server\/app.ts$/gm)).toHaveLength(4)
    expect(printed).toContain('npm run diff -- --write')
  })

  test("doesn't go into earlier ones", async () => {
    edit('v03-pkce', APP, 'line 3\n', 'line 3, mended\n')
    expect(await ripple('v03-pkce')).toBe(0)
    const mended = VERSIONS.map((version) => read(version, APP).includes('mended'))
    expect(mended).toEqual([false, false, true, true, true])
  })

  test('that conflicts with a later one is marked there, reported, and gives exit status 1', async () => {
    edit('v03-pkce', APP, 'line 3\n', 'line 3 of its own\n')
    commit()
    edit('v01-code', APP, 'line 3\n', 'line 3, mended\n')
    expect(await ripple()).toBe(1)
    expect(read('v03-pkce', APP)).toMatch(
      /<<<<<<< v03-pkce\nline 3 of its own\n=======\nline 3, mended\n>>>>>>> v01-code now\n/,
    )
    expect(read('v02-state', APP)).toContain('line 3, mended')
    expect(read('v04-resource', APP)).toContain('line 3, mended')
    expect(printed).toContain(
      '! conflict  server/app.ts  (both changed the same lines: look for <<<<<<<)',
    )
    expect(printed).toContain('1 left to you')
  })

  test('that later ones already have changes nothing, so a second run does no harm', async () => {
    edit('v01-code', APP, 'line 3\n', 'line 3, mended\n')
    await ripple()
    const once = LATER.map((version) => read(version, APP))
    expect(outcomesOf(APP)).toEqual(['same', 'same', 'same', 'same'])
    expect(LATER.map((version) => read(version, APP))).toEqual(once)
  })

  test('is taken relative to a revision if one is given, committed or not', async () => {
    const before = git(root, ['rev-parse', 'HEAD']).trim()
    edit('v01-code', APP, 'line 3\n', 'line 3, mended\n')
    commit()
    expect(await ripple()).toBe(0)
    expect(printed).toBe('Nothing changed in v01-code since the last commit.\n')
    expect(await ripple('v01-code', { revision: before })).toBe(0)
    expect(read('v05-refresh', APP)).toContain('line 3, mended')
  })
})

describe.skipIf(!hasGit)('a file', () => {
  test('that is new is added everywhere', () => {
    write('v01-code', 'server/deep/new.ts', 'new\n')
    expect(outcomesOf('server/deep/new.ts')).toEqual(['added', 'added', 'added', 'added'])
    expect(read('v05-refresh', 'server/deep/new.ts')).toBe('new\n')
  })

  test('that is new, but exists in a later version with other text, is a conflict', () => {
    write('v04-resource', 'server/new.ts', 'its own\n')
    commit()
    write('v01-code', 'server/new.ts', 'new\n')
    expect(outcomesOf('server/new.ts')).toEqual(['added', 'added', 'conflict', 'added'])
  })

  test('that was deleted is deleted where it was the same, and kept elsewhere', async () => {
    edit('v04-resource', 'client/same.ts', 'same', 'not the same')
    commit()
    rmSync(pathOf('v01-code', 'client/same.ts'))
    expect(await ripple()).toBe(1)
    const left = LATER.filter((version) => existsSync(pathOf(version, 'client/same.ts')))
    expect(left).toEqual(['v04-resource'])
    expect(printed).toContain('! refused   client/same.ts  (was deleted, but differs here')
  })

  test("that was renamed is renamed everywhere, and keeps a later version's own lines", () => {
    renameSync(pathOf('v01-code', APP), pathOf('v01-code', 'server/main.ts'))
    edit('v01-code', 'server/main.ts', 'line 3\n', 'line 3, mended\n')
    expect(outcomesOf('server/main.ts')).toEqual(['renamed', 'renamed', 'renamed', 'renamed'])
    for (const version of LATER) {
      expect(existsSync(pathOf(version, APP))).toBe(false)
      expect(read(version, 'server/main.ts')).toContain('line 3, mended')
      expect(read(version, 'server/main.ts')).toContain(`\n${version}\n`)
    }
  })

  test('that a later version lacks is skipped there', () => {
    rmSync(pathOf('v04-resource', 'client/same.ts'))
    commit()
    edit('v01-code', 'client/same.ts', 'same', 'other')
    expect(outcomesOf('client/same.ts')).toEqual(['merged', 'merged', 'absent', 'merged'])
    expect(existsSync(pathOf('v04-resource', 'client/same.ts'))).toBe(false)
  })

  test('that is binary is copied where it was the same, and kept elsewhere', () => {
    for (const version of VERSIONS) write(version, 'client/logo', '\0one')
    write('v03-pkce', 'client/logo', '\0own')
    commit()
    write('v01-code', 'client/logo', '\0two')
    expect(outcomesOf('client/logo')).toEqual(['merged', 'refused', 'merged', 'merged'])
    expect(read('v03-pkce', 'client/logo')).toBe('\0own')
    expect(read('v05-refresh', 'client/logo')).toBe('\0two')
  })
})

describe.skipIf(!hasGit)("ripple doesn't touch", () => {
  test('a file with uncommitted edits, unless forced', async () => {
    edit('v03-pkce', APP, 'line 18\n', 'line 18, in work\n')
    edit('v01-code', APP, 'line 3\n', 'line 3, mended\n')
    expect(await ripple()).toBe(1)
    expect(read('v03-pkce', APP)).not.toContain('mended')
    expect(read('v04-resource', APP)).toContain('mended')
    expect(printed).toContain('! edited    server/app.ts  (server/app.ts has uncommitted edits')

    expect(await ripple('v01-code', { force: true })).toBe(0)
    expect(read('v03-pkce', APP)).toContain('line 3, mended')
    expect(read('v03-pkce', APP)).toContain('line 18, in work')
  })

  test('a file that was never committed', () => {
    write('v03-pkce', 'server/new.ts', 'in work\n')
    write('v01-code', 'server/new.ts', 'new\n')
    expect(outcomesOf('server/new.ts')).toEqual(['added', 'edited', 'added', 'added'])
    expect(read('v03-pkce', 'server/new.ts')).toBe('in work\n')
  })

  test('the lesson, and files that git ignores', async () => {
    writeFileSync(join(root, '.gitignore'), 'node_modules/\n')
    edit('v01-code', 'README.md', '# v01', '# A better title of v01')
    write('v01-code', 'node_modules/x.js', 'x\n')
    expect(await ripple()).toBe(0)
    expect(printed).toContain('Nothing changed')
  })
})

describe.skipIf(!hasGit)('the command', () => {
  test('says that no version comes after the last one', async () => {
    expect(await ripple('v05-refresh')).toBe(0)
    expect(printed).toBe('There is no version after v05-refresh.\n')
  })

  test('reports an unknown revision in one line', async () => {
    await expect(ripple('v01-code', { revision: 'nowhere' })).rejects.toThrow(
      wrongUsage('There is no revision "nowhere".'),
    )
  })

  test.each([
    [[], 'Name the one version that you changed: npm run ripple v02'],
    [['v99'], 'There is no version "v99".'],
    [['v02', 'v03'], 'Name the one version'],
    [['v02', '--nonsense'], "Unknown option '--nonsense'."],
  ])('%j gets a one-line error and exit status 2', async (args, message) => {
    await expect(main(args)).rejects.toMatchObject({
      exitStatus: 2,
      message: expect.stringMatching(new RegExp(`^.*${message}.*$`)),
    })
  })
})
