import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { countLines } from '@oauth-lab/course/differences/compare.ts'
import { listFiles } from '@oauth-lab/course/differences/files.ts'
import {
  DIFFERENCE_PAGES,
  differencePage,
  readStep,
  stepsOf,
} from '@oauth-lab/course/differences/step.ts'
import { findVersion, listVersions, type Version } from '@oauth-lab/course/programs/versions.ts'
import { hasGit } from '@oauth-lab/shared/testing/has-git.ts'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { main } from '../diff.ts'
import { renderMarkdown } from '../print/difference-markdown.ts'
import { renderHtml } from '../print/difference-page.ts'
import { renderPatch } from '../print/patch.ts'

let scratch: string
let printed: string

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'oauth-lab-test-'))
  printed = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text
    return true
  })
  vi.spyOn(console, 'log').mockImplementation((text) => {
    printed += `${text}\n`
  })
  vi.stubEnv('FORCE_COLOR', '')
  vi.stubEnv('NO_COLOR', '')
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  rmSync(scratch, { recursive: true, force: true })
})

/** Writes files below the scratch folder; gives the folder. */
function folder(name: string, files: Record<string, string | Buffer>): string {
  for (const [path, content] of Object.entries(files)) {
    const file = join(scratch, name, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
  }
  mkdirSync(join(scratch, name), { recursive: true })
  return join(scratch, name)
}

function asVersion(path: string): Version {
  return { name: 'copy', folder: path, number: 0 }
}

function contents(path: string): Record<string, string> {
  const files = listFiles(path).map((file) => [file, readFileSync(join(path, file), 'latin1')])
  return Object.fromEntries(files)
}

describe.skipIf(!hasGit)('the patch', () => {
  function apply(patch: string, target: string): void {
    const { status, stderr } = spawnSync(
      'git',
      ['-c', 'core.autocrlf=false', 'apply', '--whitespace=nowarn'],
      {
        cwd: target,
        input: patch,
        encoding: 'utf8',
        // Not the repository that a temporary folder may happen to lie in.
        env: { ...process.env, GIT_CEILING_DIRECTORIES: dirname(target) },
      },
    )
    expect(stderr).toBe('')
    expect(status).toBe(0)
  }

  const versions = listVersions()
  const pairs = versions.flatMap((older) =>
    versions.filter((newer) => newer !== older).map((newer) => [older, newer] as const),
  )

  test.each(pairs.map(([older, newer]) => [older.name, newer.name, older, newer] as const))(
    'makes of %s, byte for byte, %s',
    (_older, _newer, older, newer) => {
      for (const file of listFiles(older.folder)) {
        const target = join(scratch, 'copy', file)
        mkdirSync(dirname(target), { recursive: true })
        cpSync(join(older.folder, file), target)
      }
      const copy = join(scratch, 'copy')
      apply(renderPatch(older.folder, newer.folder), copy)
      expect(contents(copy)).toEqual(contents(newer.folder))
    },
  )

  test('carries new, deleted and empty files, missing newlines at the end, and line ends of DOS', () => {
    const older = folder('older', {
      'gone.ts': 'gone\n',
      'gone-empty.ts': '',
      'cut.ts': 'one\ntwo\n',
      'grown.ts': 'one\ntwo',
      'dos.ts': 'one\r\ntwo\r\n',
      'a b/ü.ts': 'one\n',
    })
    const newer = folder('newer', {
      'new.ts': 'new',
      'new-empty.ts': '',
      'cut.ts': 'one\ntwo',
      'grown.ts': 'one\ntwo\nthree\n',
      'dos.ts': 'one\ntwo\r\n',
      'a b/ü.ts': 'two\n',
    })
    apply(renderPatch(older, newer), older)
    expect(contents(older)).toEqual(contents(newer))
  })

  test('says of a file that is no text that a patch can not carry it', async () => {
    const older = folder('older', { 'server/main.ts': '' })
    const newer = folder('newer', { 'server/main.ts': '', 'logo.png': Buffer.from([0, 255]) })
    await expect(main([older, newer, '--patch'])).rejects.toThrow(
      "logo.png is not text, or too long, so a patch can't carry it.",
    )
  })
})

describe('the command', () => {
  test.each([
    [['v09'], 'There is no version "v09".'],
    [['v01'], 'No version comes before v01-code-flow.'],
    [['v02', 'v09'], 'There is no version "v09".'],
    [['v02', 'nowhere'], '"nowhere" is no version, no copy of one, and no file of v02-state.'],
    [['v02', 'v03', 'client/nowhere.ts'], 'There is no file "client/nowhere.ts"'],
    [['v02', 'v03', '../v01-code-flow'], 'There is no file "../v01-code-flow"'],
    [['v02', '--nonsense'], "Unknown option '--nonsense'."],
    [['v02', '--context', 'many'], '--context takes a number of lines, not "many".'],
    [['v02', '--stat', '--patch'], '--stat and --patch do not go together.'],
    [['v02', '--patch', '--tests'], '--patch and --tests do not go together.'],
    [['v02', '--html'], "Option '--html <value>' argument missing."],
    [['--wire'], '--wire needs a version'],
    [['v02', 'client', '--patch'], '--patch tells of a whole version, not of client alone.'],
  ])('%j is answered with one line and exit status 2', async (args, message) => {
    await expect(main(args)).rejects.toMatchObject({
      exitStatus: 2,
      message: expect.stringContaining(message),
    })
    await expect(main(args)).rejects.toThrow(/^.+$/)
    expect(printed).toBe('')
  })

  test('without arguments it lists every step with its size', async () => {
    expect(await main([])).toBe(0)
    for (const { files } of stepsOf(listVersions())) {
      const { added, removed, hunks } = countLines(files)
      expect(printed).toMatch(new RegExp(`\\+${added} -${removed} +${hunks} `))
    }
  })

  test.each([[['v02', 'v03']], [['2', '3']], [['v03']], [['v03-pkce']], [['02', 'V03']]])(
    '%j means the step from v02 to v03',
    async (args) => {
      expect(await main([...args, '--stat'])).toBe(0)
      const { files } = readStep(findVersion('v02'), findVersion('v03'))
      for (const { path } of files) expect(printed).toContain(path)
    },
  )

  test('what goes into a pipe has no colors, and NO_COLOR rules where colors are forced', async () => {
    vi.stubEnv('FORCE_COLOR', '1')
    vi.stubEnv('NO_COLOR', '1')
    expect(await main(['v03'])).toBe(0)
    expect(printed).toContain('+     url.searchParams.set(')
    expect(printed).not.toContain('\x1b')
  })

  test('colors change nothing but the color', async () => {
    await main(['v04'])
    const plain = printed
    printed = ''
    vi.stubEnv('FORCE_COLOR', '1')
    await main(['v04'])
    expect(printed).toContain('\x1b[35mimport\x1b[0m')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what colors are made of
    expect(printed.replaceAll(/\x1b\[[\d;]*m/g, '')).toBe(plain)
  })

  test('side by side no line is wider than the terminal, and none is lost', async () => {
    await main(['v04', '--side-by-side', '--no-notes'])
    const widths = printed.split('\n').map((line) => line.length)
    expect(Math.max(...widths)).toBeLessThanOrEqual(160)
    for (const { hunks } of readStep(findVersion('v03'), findVersion('v04')).files) {
      for (const { lines } of hunks) {
        for (const { text } of lines) expect(printed).toContain(text.trim().slice(0, 60))
      }
    }
  })

  test.each([...stepsOf(listVersions())].map((step) => [step.newer.name, step] as const))(
    '%s is printed with the lines of every hunk, in their order',
    async (name, { files }) => {
      await main([name, '--no-notes'])
      const signs = { same: ' ', added: '+', removed: '-' }
      const hunks = files.flatMap((file) => file.hunks)
      const printedHunks = printed.split(/^@@ .*\n/m).slice(1)
      expect(printedHunks).toHaveLength(hunks.length)
      for (const [i, { lines }] of hunks.entries()) {
        const expected = lines.map(({ kind, text }) => `${signs[kind]} ${text}`.trimEnd())
        const shown = printedHunks[i]?.split('\n').map((line) => line.trimEnd())
        expect(shown?.slice(0, lines.length)).toEqual(expected)
      }
    },
  )

  test('--context sets the unchanged lines around each change', async () => {
    await main(['v03', 'client/routes/callback.ts', '--context', '0', '--no-notes'])
    const lines = printed.trim().split('\n').slice(5)
    expect(lines).toEqual([expect.stringMatching(/^@@/), expect.stringMatching(/^\+ /)])
  })

  test('what is hidden otherwise is shown when it is named', async () => {
    await main(['v03', 'README.md', '--stat'])
    await main(['v03', 'test', '--stat'])
    expect(printed).toMatch(/^README.md/m)
    expect(printed).toMatch(/^test\/pkce.test.ts/m)
  })

  test('one file or folder can be shown alone', async () => {
    await main(['v03', 'client', '--stat'])
    expect(printed).toContain('client/pkce.ts')
    expect(printed).not.toContain('server/')
  })

  test("a learner's copy is compared with a version, with the notes of the step to it", async () => {
    const copy = join(scratch, 'mine')
    cpSync(findVersion('v01').folder, copy, {
      recursive: true,
      filter: (path) => !path.includes('node_modules'),
    })
    await main([copy, 'v02', '--no-notes'])
    const { files } = readStep(findVersion('v01'), findVersion('v02'))
    for (const { path } of files) expect(printed).toContain(path)
  })
})

describe('the page', () => {
  test('needs nothing from elsewhere, runs nothing, and shows code as it is', async () => {
    const older = folder('older', { 'server/main.ts': 'const a = 1\n' })
    const newer = folder('newer', {
      'server/main.ts': 'const a = "<script>alert(1)</script>" && 2\n',
      'notes.txt': '<b>bold</b> & more\n',
    })
    const page = await renderHtml(readStep(asVersion(older), asVersion(newer)))
    expect(page).not.toMatch(/<script|\ssrc=|<link|url\(|@import/)
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
    expect(page).toContain('&lt;b&gt;bold&lt;/b&gt; &amp; more')
  })

  test('has every note and every changed line of a step', async () => {
    for (const step of stepsOf(listVersions())) {
      const page = await renderHtml(step)
      const hunks = step.files.flatMap((file) => file.hunks)
      const notes = hunks.flatMap((hunk) => hunk.notes)
      expect(page.split('<div class="note">')).toHaveLength(1 + notes.length)
      const { added, removed } = countLines(step.files)
      expect(page.split('<ins ')).toHaveLength(1 + added)
      expect(page.split('<del ')).toHaveLength(1 + removed)
    }
  })

  test('is written to the file that is named', async () => {
    const file = join(scratch, 'page.html')
    expect(await main(['v03', '--html', file])).toBe(0)
    expect(readFileSync(file, 'utf8')).toContain('<title>v02 to v03: ')
  })
})

describe('docs/differences', () => {
  test.each([...stepsOf(listVersions())].map((step) => [step.newer.name, step] as const))(
    'has the page of %s as its code and its lesson make it',
    (_name, step) => {
      const file = differencePage(step.newer)
      const committed = existsSync(file) ? readFileSync(file, 'utf8') : ''
      const isFresh = committed === renderMarkdown(step)
      expect(isFresh, `${file} is stale. Renew it: npm run diff -- --write`).toBe(true)
    },
  )

  test('has a page for every version but the first, and no other', () => {
    const [, ...later] = listVersions()
    const pages = readdirSync(DIFFERENCE_PAGES).map((name) => join(DIFFERENCE_PAGES, name))
    expect(pages.sort()).toEqual(later.map(differencePage))
  })
})
