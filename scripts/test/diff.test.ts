import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { countLines } from '@oauth-lab/course/differences/compare.ts'
import {
  DIFFERENCE_PAGES,
  differencePage,
  readStep,
  stepsOf,
} from '@oauth-lab/course/differences/step.ts'
import { isProgramCode } from '@oauth-lab/course/programs/programs.ts'
import { findVersion, listVersions } from '@oauth-lab/course/programs/versions.ts'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { main } from '../diff.ts'
import { renderMarkdown } from '../print/difference-markdown.ts'

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

describe('the command', () => {
  test.each([
    [['v99'], 'There is no version "v99".'],
    [['v01'], 'There is no version before v01-code-flow.'],
    [['v02', 'v99'], 'There is no version "v99".'],
    [['v02', 'nowhere'], '"nowhere" isn\'t a version, a copy of one, or a file in v02-state.'],
    [['v02', 'v03', 'client/nowhere.ts'], 'There is no file "client/nowhere.ts"'],
    [['v02', 'v03', '../v01-code-flow'], 'There is no file "../v01-code-flow"'],
    [['v02', '--nonsense'], "Unknown option '--nonsense'."],
    [['v02', '--stat'], "Unknown option '--stat'."],
    [['v02', '--write'], '--write rewrites everything, so it stands alone'],
    [['--wire', '--write'], '--write rewrites everything, so it stands alone'],
    [['--wire'], '--wire needs a version'],
    [['v02', 'client', '--wire'], '--wire works on a whole version, not on client.'],
  ])('%j gets a one-line error and exit status 2', async (args, message) => {
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
      const code = files.filter(({ path }) => isProgramCode(path))
      const { added, removed, hunks } = countLines(code)
      expect(printed).toMatch(new RegExp(`\\+${added} -${removed} +${hunks} `))
    }
  })

  test.each([[['v02', 'v03']], [['2', '3']], [['v03']], [['v03-pkce']], [['02', 'V03']]])(
    '%j means the step from v02 to v03',
    async (args) => {
      expect(await main(args)).toBe(0)
      const { files } = readStep(findVersion('v02'), findVersion('v03'))
      for (const { path } of files) expect(printed).toContain(path)
    },
  )

  test('output to a pipe has no colors, and NO_COLOR overrides forced colors', async () => {
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
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colors are control characters
    expect(printed.replaceAll(/\x1b\[[\d;]*m/g, '')).toBe(plain)
  })

  test.each([...stepsOf(listVersions())].map((step) => [step.newer.name, step] as const))(
    '%s is printed with the lines of every hunk, in their order',
    async (name, { files }) => {
      await main([name])
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

  test('a file that is hidden by default is shown when it is named', async () => {
    await main(['v03', 'README.md'])
    await main(['v03', 'test'])
    expect(printed).toMatch(/^README.md/m)
    expect(printed).toMatch(/^test\/pkce.test.ts/m)
  })

  test('one file or folder can be shown by itself', async () => {
    await main(['v03', 'client'])
    expect(printed).toContain('client/pkce.ts')
    expect(printed).not.toContain('server/')
  })

  test("a learner's copy is compared with a version, and shows the notes of the next step", async () => {
    const copy = join(scratch, 'mine')
    cpSync(findVersion('v01').folder, copy, {
      recursive: true,
      filter: (path) => !path.includes('node_modules'),
    })
    await main([copy, 'v02'])
    const { files } = readStep(findVersion('v01'), findVersion('v02'))
    for (const { path } of files) expect(printed).toContain(path)
  })
})

describe('docs/differences', () => {
  test.each([...stepsOf(listVersions())].map((step) => [step.newer.name, step] as const))(
    'has the page of %s that matches its code and its lesson',
    (_name, step) => {
      const file = differencePage(step.newer)
      const committed = existsSync(file) ? readFileSync(file, 'utf8') : ''
      const isFresh = committed === renderMarkdown(step)
      expect(isFresh, `${file} is stale. Renew it: npm run diff -- --write`).toBe(true)
    },
  )

  test('has a page for every version except the first, and no other', () => {
    const [, ...later] = listVersions()
    const pages = readdirSync(DIFFERENCE_PAGES).map((name) => join(DIFFERENCE_PAGES, name))
    expect(pages.sort()).toEqual(later.map(differencePage))
  })
})
