import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type CheckResult, checkCopy } from '@oauth-lab/course/exercises/check-copy.ts'
import { checksOf } from '@oauth-lab/course/exercises/checks-of.ts'
import { type StartProgram, startProcess } from '@oauth-lab/course/exercises/copy-programs.ts'
import { tellEditedVersions } from '@oauth-lab/course/exercises/edited.ts'
import { endOf } from '@oauth-lab/course/exercises/exercise-start.ts'
import { countHint, givenHints } from '@oauth-lab/course/exercises/hint-memory.ts'
import { makeOrRenew } from '@oauth-lab/course/exercises/make.ts'
import { findPlace, type Place, writeFiles } from '@oauth-lab/course/exercises/playground.ts'
import type { VersionChecks } from '@oauth-lab/course/exercises/sentence.ts'
import { watchFolders } from '@oauth-lab/course/exercises/watch.ts'
import { writeSolution } from '@oauth-lab/course/exercises/write-solution.ts'
import { readSteps } from '@oauth-lab/course/lessons/steps.ts'
import { findVersion, listVersions, ROOT } from '@oauth-lab/course/programs/versions.ts'
import { startInProcess } from '@oauth-lab/course/test/in-process.ts'
import { hasGit } from '@oauth-lab/shared/testing/has-git.ts'
import { all, full, some } from '@oauth-lab/shared/testing/share.ts'
import { afterAll, describe, expect, test } from 'vitest'
import { renderResult } from '../print/check-result.ts'
import { plainText } from '../print/plain-text.ts'

const root = mkdtempSync(join(tmpdir(), 'oauth-lab-playground-'))
copyFileSync(join(ROOT, 'tsconfig.base.json'), join(root, 'tsconfig.base.json'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const v02 = (await checksOf({ number: 2 })) as VersionChecks
const LOGIN = 'client/routes/login.ts'
let made = 0

/** A new copy for one test, at the start of an exercise. */
function place(name = 'v02'): Place {
  made += 1
  const at = findPlace(name, join(root, `playground-${made}`))
  makeOrRenew(at)
  return at
}

function edit({ folder }: Place, from: string, to: string): void {
  const file = join(folder, LOGIN)
  const before = readFileSync(file, 'utf8')
  expect(before).toContain(from)
  writeFileSync(file, before.replace(from, to))
}

describe('a copy', () => {
  test('gets one file of the solution, and nothing behind its links changes', () => {
    const at = place()
    const outside = join(root, 'outside')
    mkdirSync(outside)
    writeFileSync(join(outside, 'kept.ts'), 'kept')
    rmSync(join(at.folder, 'node_modules'))
    at.version = { ...at.version, folder: join(root, 'finished') }
    mkdirSync(at.version.folder)
    symlinkSync(outside, join(at.version.folder, 'node_modules'), 'junction')
    writeSolution(at, 'node_modules/kept.ts')
    expect(existsSync(join(at.folder, 'node_modules/kept.ts'))).toBe(true)
  })

  test("is made once, and keeps the learner's work", () => {
    const at = place()
    expect(makeOrRenew(at)).toEqual({ kept: undefined, untouched: true })
    edit(at, 'const url', '// mine\n    const url')
    expect(makeOrRenew(at).kept).toBe('v02.old-1')
    edit(at, 'const url', '// mine, too\n    const url')
    expect(makeOrRenew(at).kept).toBe('v02.old-2')
    expect(readFileSync(join(`${at.folder}.old-1`, LOGIN), 'utf8')).toContain('// mine\n')
    expect(readFileSync(join(at.folder, LOGIN), 'utf8')).not.toContain('mine')
  })

  test('has the dependencies of its version', () => {
    const { folder } = place()
    expect(existsSync(join(folder, 'node_modules/@oauth-lab/shared/config.ts'))).toBe(true)
  })

  test.each(['v02', '2', 'v02-state', 'playground/v02', 'playground\\v02\\'])(
    'is found as %s',
    (text) => {
      expect(findPlace(text).name).toBe('v02')
    },
  )

  test('of an unknown exercise gets a clear error', () => {
    expect(() => findPlace('v99')).toThrow('Choose one of these: v01, v02')
    expect(() => findPlace(undefined)).toThrow('Say which exercise')
  })
})

/** Only the client, which the tests break, has a process of its own. */
const startClient: StartProgram = (spec) => {
  return spec.program === 'client' ? startProcess(spec) : startInProcess(spec)
}

describe('a check', () => {
  const broken: [what: string, from: string, to: string, message: RegExp, place: string][] = [
    [
      "doesn't compile",
      'const url =',
      'const url = =',
      /doesn't start: it doesn't compile/,
      `${LOGIN}:10`,
    ],
    [
      'imports a missing file',
      'import type { Fast',
      "import '../nope.ts'\nimport type { Fast",
      /imports client\/nope\.ts/,
      `${LOGIN}:2`,
    ],
    [
      'throws when it starts',
      "app.get('/login'",
      "throw new Error('boom')\n  app.get('/login'",
      /doesn't start: boom/,
      `${LOGIN}:9`,
    ],
    [
      'dies',
      'const url =',
      "setTimeout(() => { throw new Error('boom') })\n    const url =",
      /died .*: boom/,
      `${LOGIN}:10`,
    ],
    [
      'sends no response',
      'const url =',
      'await new Promise(() => {})\n    const url =',
      /hangs: GET \/login gets no response/,
      `${LOGIN}:9`,
    ],
    [
      'runs in an endless loop',
      'const url =',
      'while (true);\n    const url =',
      /a loop at GET \/login never ends/,
      `${LOGIN}:10`,
    ],
  ]
  test.each(some(broken))(
    'of a copy that %s says so, and where',
    async (_what, from, to, message, where) => {
      const at = place()
      edit(at, from, to)
      const result = await checkCopy(at.folder, v02, { start: startClient })
      expect(result.kind === 'trouble' && result.trouble).toMatchObject({
        program: 'client',
        message: expect.stringMatching(message),
        place: where,
      })
      expect(render(at, result)).toContain(`Look at playground/v02/${where}`)
      expect(render(at, result)).not.toMatch(/^ +at /m)
    },
  )

  const PID_FILE = `await (await import('node:fs')).promises.writeFile('pid', String(pid))`
  const hostile: [what: string, code: string][] = [
    [
      'starts a detached program that holds its stderr open, and dies',
      `const { pid } = (await import('node:child_process')).spawn('sleep', ['60'], { stdio: 'inherit', detached: true }); ${PID_FILE}; process.exit(3)`,
    ],
    [
      'writes to stderr endlessly',
      `const { pid } = process; ${PID_FILE}; setInterval(() => { for (let i = 0; i < 10; i++) process.stderr.write('/'.repeat(10_000)) })`,
    ],
    [
      'starts a program that holds its stderr open',
      `const { pid } = (await import('node:child_process')).spawn('sleep', ['60'], { stdio: 'inherit' }); ${PID_FILE}`,
    ],
    [
      'sends a message to its parent',
      `const { pid } = process; ${PID_FILE}; process.send?.({ tap: 'request' }); process.send?.('x')`,
    ],
  ]
  test.runIf(all && process.platform !== 'win32').each(some(hostile, 2))(
    'of a copy that %s ends, and leaves no process',
    async (_what, code) => {
      const at = place()
      edit(at, 'const url =', `${code}\n    const url =`)
      await checkCopy(at.folder, v02, { start: startClient })
      // The system removes a killed process a moment later.
      await expect.poll(() => isRunning(at)).toBe(false)
    },
  )

  test.runIf(full)('of a copy that responds too slowly ends, and says so', async () => {
    const at = place()
    edit(at, 'const url =', 'await new Promise((go) => setTimeout(go, 3_000))\n    const url =')
    expect(await checkCopy(at.folder, v02, { start: startClient })).toMatchObject({
      kind: 'trouble',
      trouble: { message: expect.stringContaining('too slow'), place: `${LOGIN}:9` },
    })
  })

  test.runIf(all && process.platform !== 'win32')(
    'that is killed leaves no copy running, not even one in an endless loop',
    async () => {
      const at = place()
      edit(
        at,
        'const url =',
        `const { pid } = process; ${PID_FILE}; while (true);\n    const url =`,
      )
      const check = join(root, 'check.mts')
      const address = (file: string) => JSON.stringify(pathToFileURL(join(ROOT, file)).href)
      writeFileSync(
        check,
        `import { checkCopy } from ${address('course/exercises/check-copy.ts')}
         import { checksOf } from ${address('course/exercises/checks-of.ts')}
         await checkCopy(${JSON.stringify(at.folder)}, await checksOf({ number: 2 }))`,
      )
      const running = spawn(process.execPath, ['--import', import.meta.resolve('tsx/esm'), check])
      const file = join(at.folder, 'pid')
      await expect.poll(() => existsSync(file)).toBe(true)
      running.kill('SIGKILL')
      await expect.poll(() => isRunning(at)).toBe(false)
    },
  )

  /** Whether the process that the copy has written down is alive. */
  function isRunning({ folder }: Place): boolean {
    const pid = readFileSync(join(folder, 'pid'), 'utf8')
    try {
      return process.kill(Number(pid), 0)
    } catch {
      return false
    }
  }

  test('of a finished copy, in its own processes, passes everything', async () => {
    const at = place()
    writeFiles(at.folder, endOf(at.version))
    const result = await checkCopy(at.folder, v02)
    expect(render(at, result)).toContain('15 of 15 checks pass')
    expect(render(at, result)).toContain('npx tsc -p playground/v02')
  })

  test('tests responses, not style: plain JavaScript passes', async () => {
    const result = await checkCopy(join(import.meta.dirname, 'exercise-plain'), v02)
    const open =
      result.kind === 'findings' && result.findings.filter(({ status }) => status !== 'done')
    expect(open).toEqual([])
  })

  test('of a handler that throws says what it threw, and where', async () => {
    const at = place()
    edit(at, 'const url =', "JSON.parse('{')\n    const url =")
    const result = await checkCopy(at.folder, v02, { start: startClient })
    const text = render(at, result)
    expect(text).toContain('npm run check -- v02 --watch')
    expect(renderResult(at, result, true)).not.toContain('--watch')
    expect(text).toMatch(/^fail +1\. /m)
    expect(text.replace(/\s+/g, ' ')).toMatch(
      /GET \/login breaks: SyntaxError: .+? Look at client\/routes\/login\.ts:10\./,
    )
    // One cause is reported once, and the checks waiting for it name no file.
    expect(text.match(/breaks/g)).toHaveLength(1)
    // Checks that wait for the same share an entry, after all others.
    expect(text).toMatch(
      /^wait +2\. \[[a-z-]+\], .*7\. \[[a-z-]+\].*(\n +.+)?\n +Waiting for check 1\.$/m,
    )
    expect(text).toMatch(/^wait +15\. \[together\]\n +Waiting for all other checks\.$/m)
    expect(text.match(/Waiting for check 1\./g)).toHaveLength(1)
    expect(text.lastIndexOf('\npass')).toBeLessThan(text.indexOf('\nwait'))
  })

  // The usual name of a second unzip, and other names that could be taken for patterns.
  const names = ['oauth-lab (1)', '{a,b}', "it's [mine]", '!not', '#1 + .old']
  test.each(names)('that watches %s runs again soon after a save', async (name) => {
    const at = findPlace('v02', join(root, name, 'playground'))
    makeOrRenew(at)
    let runs = 0
    let end: () => void = () => undefined
    const stopped = new Promise<void>((resolve) => {
      end = resolve
    })
    await watchFolders(
      [at.folder],
      async (signal) => {
        runs += 1
        if (runs === 2) return end()
        edit(at, 'const url', '// saved\n    const url')
        // Stops what still runs.
        await once(signal, 'abort')
      },
      stopped,
    )
    expect(runs).toBe(2)
  })

  function render(at: Place, result: CheckResult): string {
    return renderResult(at, result)
  }
})

describe('hints', () => {
  test('come one at a time, and the last one repeats', () => {
    const { folder } = place()
    expect([1, 2, 3, 4].map(() => countHint(folder, 1, 3))).toEqual([1, 2, 3, 3])
    expect(countHint(folder, 2, 3)).toBe(1)
  })

  test('are counted in a file of their own, whatever is in it', () => {
    const { folder } = place()
    const [file, other] = [join(folder, '../.v02-hints.json'), join(root, 'other.json')]
    for (const odd of ['{"1":-1}', '{"1":"x"}', '{"1":[1]}', '{"1":1.5}', '[]', 'null', '7']) {
      writeFileSync(file, odd)
      expect([odd, givenHints(folder, 1), countHint(folder, 1, 3)]).toEqual([odd, 0, 1])
    }
    rmSync(file)
    writeFileSync(other, '{}')
    linkSync(other, file)
    expect(countHint(folder, 1, 3)).toBe(1)
    expect(readFileSync(other, 'utf8')).toBe('{}')
  })

  test('are those of the lesson, one thought each, with code in one piece', () => {
    const [first] = readSteps(findVersion('v02'))
    expect(first?.hints.length).toBeGreaterThan(1)
    for (const hint of first?.hints ?? []) expect(hint.split('`').length % 2).toBe(1)
  })

  test('and tasks have no Markdown in a terminal', () => {
    const steps = listVersions().flatMap(readSteps)
    const texts = steps.flatMap(({ task, hints }) => [task, ...hints]).map(plainText)
    expect(texts.filter((text) => /\*\*|\]\(/.test(text.replaceAll(/`[^`]*`/g, '')))).toEqual([])
  })
})

describe('a learner who edits a version instead of a copy', () => {
  test.skipIf(!hasGit)(
    'is told so, with the files and how to undo it, but not for a lesson or a new version',
    async () => {
      const repo = join(root, 'repo')
      const git = (...args: string[]) => execFileSync('git', args, { cwd: repo, stdio: 'ignore' })
      const file = 'versions/v02-state/client/app.ts'
      mkdirSync(join(repo, 'versions/v02-state/client'), { recursive: true })
      git('init')
      writeFileSync(join(repo, file), 'one\n')
      writeFileSync(join(repo, 'versions/v02-state/README.md'), 'a draft\n')
      git('add', '.')
      const who = ['-c', 'user.name=a', '-c', 'user.email=a@localhost']
      git(...who, 'commit', '-m', 'one')
      expect(await tellEditedVersions('v03', repo)).toBeUndefined()

      writeFileSync(join(repo, 'versions/v02-state/README.md'), 'a lesson\n')
      expect(await tellEditedVersions('v03', repo)).toBeUndefined()

      mkdirSync(join(repo, 'versions/v99-new/client'), { recursive: true })
      for (const name of ['README.md', 'client/app.ts'])
        writeFileSync(join(repo, 'versions/v99-new', name), 'new\n')
      expect(await tellEditedVersions('v03', repo)).toBeUndefined()

      writeFileSync(join(repo, file), 'two\n')
      const told = await tellEditedVersions('v03', repo)
      expect(told).toContain(`${file}  to  playground/v03/client/app.ts`)
      expect(told).toContain('git stash push --include-untracked -- versions/v02-state')
    },
  )

  test('is told nothing outside a repo', async () => {
    expect(await tellEditedVersions('v03', join(root, 'playground-1'))).toBeUndefined()
  })
})
