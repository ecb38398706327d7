import { cp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type WeakenedVersion, withoutCheck } from '@oauth-lab/course/attacks/deciding-lines.ts'
import { matrixAsMarkdown } from '@oauth-lab/course/attacks/matrix.ts'
import { attacks } from '@oauth-lab/course/attacks/stories/index.ts'
import { findVersion, listVersions, ROOT } from '@oauth-lab/course/programs/versions.ts'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { main } from '../attack.ts'

/** Links need special rights there. */
const windows = process.platform === 'win32'

let out: string

beforeEach(() => {
  out = ''
  vi.spyOn(console, 'log').mockImplementation((text) => {
    out += `${text}\n`
  })
})
afterEach(() => {
  vi.restoreAllMocks()
})

describe('npm run attack NAME', () => {
  test('shows how an attack succeeds on one version, and names the version that blocks it', async () => {
    expect(await main(['login-csrf', 'v01'])).toBe(0)
    expect(out).toContain('login-csrf on v01-code-flow')
    expect(out).toContain('The attack succeeds.')
    expect(out).toContain('Blocked from v02')
  })

  test('names the line that blocks it, and its place', async () => {
    expect(await main(['login-csrf', '2'])).toBe(0)
    const file = 'versions/v02-state/client/routes/callback.ts'
    const [, line] = new RegExp(`${file}:(\\d+)\\n +(if .*)`).exec(out)?.slice() ?? []
    const source = (await readFile(join(ROOT, file), 'utf8')).split('\n')
    expect(source[Number(line) - 1]?.trim()).toMatch(/^if \(!state/)
    expect(out).toContain('The attack is blocked.')
  })

  test('without a version, plays the last one where it succeeds and the first that blocks it', async () => {
    expect(await main(['code-theft'])).toBe(0)
    expect(out.match(/^code-theft on .*$/gm)).toEqual([
      'code-theft on v02-state',
      'code-theft on v03-pkce',
    ])
  })

  test('says so if there is nothing to attack', async () => {
    expect(await main(['logout-by-link', 'v01'])).toBe(0)
    expect(out).toContain('There is nothing to attack yet.')
  })

  test('plays it on a version without the line that blocks it', async () => {
    expect(await main(['login-csrf', '--weakened'])).toBe(0)
    expect(out).toContain('A copy of v02-state without the check that blocks this attack')
    expect(out).toMatch(/^ +- if \(!state \|\| !pendingLogin/m)
    expect(out).toContain('The attack succeeds.')
  })

  test("says so if a version doesn't have the line to remove", async () => {
    await expect(main(['v04', 'token-an-hour-later', '--weakened'])).rejects.toMatchObject({
      exitStatus: 1,
      message: expect.stringContaining(
        'v04-protected-resource has no such line in server/store.ts',
      ),
    })
  })

  test('prints no colors outside a terminal, and never a secret or a whole token', async () => {
    await main(['code-theft', 'v01'])
    expect(out).not.toContain('\x1b')
    expect(out).not.toMatch(/[\w-]{43}|lab-client-secret|password0/)
  })
})

describe("a learner's copy", () => {
  const { checks } = attacks.find(({ slug }) => slug === 'login-csrf') ?? { checks: [] }
  const [check] = checks
  let copy: WeakenedVersion
  beforeEach(async () => {
    if (check === undefined) throw new Error('login-csrf has no check')
    copy = await withoutCheck(findVersion('v02'), check)
  })
  afterEach(() => copy.remove())

  test('must keep the results of the version it is named after', async () => {
    expect(await main(['login-csrf', copy.version.folder])).toBe(1)
    expect(out).toContain("This isn't the result expected for v02-state.")
  })

  test('with another name has no expected result', async () => {
    const mine = join(dirname(copy.version.folder), 'mine')
    await rename(copy.version.folder, mine)
    expect(await main(['login-csrf', mine])).toBe(0)
    expect(out).toContain('login-csrf on mine')
    expect(out).toContain('The attack succeeds.')
  })

  test('gets all its results, with the unexpected ones marked', async () => {
    expect(await main([copy.version.folder])).toBe(1)
    const [, blocked = '', succeeding = ''] =
      /^Blocked in v02\n(.*)^Succeeds in v02\n(.*)/ms.exec(out) ?? []
    expect(succeeding).toMatch(/^ {2}login-csrf !$/m)
    expect(blocked).toMatch(/^ {2}code-twice$/m)
    expect(out).toContain('login-csrf on v02-state: expected "blocked", got "succeeds".')
  })

  test.skipIf(windows)(
    'with linked files and folders is weakened without changing the originals',
    async () => {
      const { version } = copy
      const file = 'client/routes/callback.ts'
      const original = join(dirname(version.folder), 'original')
      await cp(findVersion('v02').folder, original, { recursive: true })
      const before = await readFile(join(original, file), 'utf8')
      for (const [name, target] of [
        [file, join(original, file)],
        ['server', join(original, 'server')],
      ] as const) {
        await rm(join(version.folder, name), { recursive: true })
        await symlink(target, join(version.folder, name))
      }
      expect(await main(['login-csrf', version.folder, '--weakened'])).toBe(0)
      expect(out).toContain('The attack succeeds.')
      expect(await readFile(join(original, file), 'utf8')).toBe(before)
    },
  )

  test('that blocks it in another way, too, is told so', async () => {
    const { version } = copy
    const file = 'client/routes/callback.ts'
    const text = await readFile(join(findVersion('v02').folder, file), 'utf8')
    const place = /(?<=async \(request, reply\) => \{\n)/
    const other = `const mine = request.session.pendingLogin?.state
      if (request.query.state !== mine) throw new PageError(400, 'No', 'No', startAgain)\n`
    await writeFile(join(version.folder, file), text.replace(place, other))
    expect(await main(['login-csrf', version.folder, '--weakened'])).toBe(1)
    expect(out).toContain("It doesn't succeed without this line, so something else blocks it.")
  })

  test.skipIf(windows)('with a broken link gets a clear error', async () => {
    const link = join(copy.version.folder, 'client', 'link.ts')
    await symlink('nowhere', link)
    await expect(main(['login-csrf', copy.version.folder, '--weakened'])).rejects.toMatchObject({
      exitStatus: 1,
      message: expect.stringContaining(`can't be copied. Can't access ${link}: it is gone.`),
    })
  })

  test("that doesn't run gets a clear error", async () => {
    await writeFile(join(copy.version.folder, 'server', 'app.ts'), 'throw new Error("typo")')
    await expect(main(['login-csrf', copy.version.folder])).rejects.toMatchObject({
      exitStatus: 1,
      message: expect.stringMatching(/app\.ts doesn't load: typo/),
    })
  })
})

describe('wrong arguments', () => {
  test.each([
    [
      'a misspelled name',
      ['login-crsf'],
      'There is no attack, version or folder named "login-crsf". Did you mean login-csrf\\?',
    ],
    [
      'a misspelled name before a version',
      ['tokn-in-url', 'v03'],
      'There is .* Did you mean token',
    ],
    ['an unknown name', ['phishing'], 'There is .* named "phishing". To list'],
    [
      'an address',
      ['http://localhost:25000'],
      'There is no attack, version or folder named "http://localhost:25000"',
    ],
    ['an unknown version', ['login-csrf', 'v77'], 'There is no version "v77"'],
    ['two versions', ['v01', 'v03'], 'Name one version, or none to see all.'],
    ['an unknown option', ['--fast'], "Unknown option '--fast'."],
    ['no check to remove', ['stolen-token', '--weakened'], 'No version blocks stolen-token yet'],
  ])('%s: one line, and status 2', async (_what, args, message) => {
    await expect(main(args)).rejects.toMatchObject({
      exitStatus: 2,
      message: expect.stringMatching(new RegExp(`^${message}.*$`)),
    })
    expect(out).toBe('')
  })
})

test('README.md has the current matrix (npm run attack -- --write)', async () => {
  const text = await readFile(join(ROOT, 'README.md'), 'utf8')
  expect(text).toContain(
    `<!-- attacks -->\n\n${matrixAsMarkdown(attacks, listVersions())}\n\n<!-- /attacks -->`,
  )
})
