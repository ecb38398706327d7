import { existsSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { runTool, type ToolResult } from '@oauth-lab/course/programs/tools.ts'
import { findVersion, listVersions, ROOT } from '@oauth-lab/course/programs/versions.ts'
import { wrongUsage } from '@oauth-lab/course/told-error.ts'
import { CHROMIUM } from '@oauth-lab/shared/testing/chromium.ts'
import { hasGit } from '@oauth-lab/shared/testing/has-git.ts'
import { wantsColors } from './print/ansi.ts'

/** Checks that run at once, each on one core. */
const AT_ONCE = 2

/** What is run beside the tests. */
interface Check {
  name: string
  run: () => Promise<ToolResult>
}

/** Folders. */
interface Scope {
  /** All in it is checked for format and lint. */
  linted: string
  /** Each has a tsconfig.json. */
  typed: string[]
  /** All tests in it are run. */
  tested: string
}

/**
 * `npm test [version]` checks format and lint, and the types of each program by itself, while it runs the
 * tests. What a check has to say stands below them. The last line is `N passed, N failed`: the tests, and among the failed each check that failed.
 *
 * @returns the exit status
 */
export function main(args: string[]): Promise<number> {
  return checkAll(scopeOf(args))
}

function scopeOf([text, ...more]: string[]): Scope {
  if (more.length > 0) throw wrongUsage('All versions or one of them: npm test, npm test v02')
  if (text !== undefined) {
    const { folder } = findVersion(text, process.env.INIT_CWD)
    if (relative(ROOT, folder).startsWith('..')) {
      throw wrongUsage(`${folder} is not in this repo, where the tools for its tests are.`)
    }
    const typed = [folder, join(ROOT, 'shared')].filter(isTypeScriptProject)
    return { linted: folder, typed, tested: folder }
  }
  const versions = listVersions().map(({ folder }) => folder)
  const others = readdirSync(ROOT).map((name) => join(ROOT, name))
  const typed = [...versions, ...others, ROOT].filter(isTypeScriptProject)
  return { linted: ROOT, typed, tested: ROOT }
}

function isTypeScriptProject(folder: string): boolean {
  return existsSync(join(folder, 'tsconfig.json'))
}

async function checkAll({ linted, typed, tested }: Scope): Promise<number> {
  // A learner's copy is left alone by the linter: all its files are ignored.
  const strict = ['check', '--error-on-warnings', '--no-errors-on-unmatched']
  const checks: Check[] = [
    { name: 'format and lint', run: () => runTool('@biomejs/biome', [...strict, linted], ROOT) },
    ...typed.map((folder) => ({
      name: `types of ${relative(ROOT, folder) || 'scripts'}`,
      // More threads for a program this small take twice the work, and no less time.
      run: () => runTool('typescript', ['--singleThreaded', '--project', folder], ROOT),
    })),
  ]
  // Vitest takes CI for a terminal.
  if (!wantsColors(process.env, process.stdout.isTTY)) process.env.NO_COLOR = '1'
  const { runVitest } = await import('./lib/run-vitest.ts')
  const waiting = checks.entries()
  const lines: string[] = []
  const complaints: string[] = []
  const failures: string[] = []
  // Side by side: the tests leave a core idle now and then, while they wait for a program.
  const [{ passed, failed, skipped }] = await Promise.all([
    runVitest(tested),
    ...Array.from({ length: AT_ONCE }, runChecks),
  ])
  // Below the report of the tests, in one piece and always in the same order.
  for (const text of [...lines, ...complaints.filter(Boolean)]) console.log(text)
  const failedChecks = failures.filter(Boolean)
  if (skipped > 0) console.log(`${skipped} skipped: ${reasonsToSkip().join('; ')}.`)
  const names = failed > 0 ? [...failedChecks, 'tests'] : failedChecks
  if (names.length > 0) console.log(`Failed: ${names.join(', ')}.`)
  console.log(`${passed} passed, ${failed + failedChecks.length} failed`)
  return names.length > 0 ? 1 : 0

  async function runChecks(): Promise<void> {
    for (const [i, { name, run }] of waiting) {
      const start = performance.now()
      const { status, output } = await run()
      const seconds = ((performance.now() - start) / 1000).toFixed(1)
      lines[i] = `${status === 0 ? 'ok    ' : 'FAILED'}  ${seconds.padStart(5)} s  ${name}`
      complaints[i] = status === 0 ? '' : output.trim()
      failures[i] = status === 0 ? '' : name
    }
  }
}

/** What this machine, or this run, has no part of. */
function reasonsToSkip(): string[] {
  const reasons = [
    process.env.OAUTH_LAB_FULL !== '1' && 'the long share is for OAUTH_LAB_FULL=1 npm test',
    CHROMIUM === undefined && 'no Chromium (set CHROMIUM to its path)',
    !hasGit && 'no git',
    process.platform === 'win32' && 'signals and POSIX shells, which Windows lacks',
  ]
  return reasons.filter((reason) => reason !== false)
}
