import { existsSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { readCommandLine, typedIn } from '@oauth-lab/course/command-line.ts'
import {
  OWN_PROMISES,
  promisesKeptBy,
  promisesOfCopy,
} from '@oauth-lab/course/programs/test-projects.ts'
import { runTool, type ToolResult } from '@oauth-lab/course/programs/tools.ts'
import { findVersion, isCopy, listVersions, ROOT } from '@oauth-lab/course/programs/versions.ts'
import { wrongUsage } from '@oauth-lab/course/told-error.ts'
import { CHROMIUM } from '@oauth-lab/shared/testing/chromium.ts'
import { hasGit } from '@oauth-lab/shared/testing/has-git.ts'
import { wantsColors } from './print/ansi.ts'

/** How many checks run at once, each on one core. */
const AT_ONCE = 2

/** A check that runs beside the tests. */
interface Check {
  name: string
  run: () => Promise<ToolResult>
}

const HINT = 'All versions or one of them: npm test, npm test v02, npm test -- --all'

interface Scope {
  /** The folder to check for format and lint. */
  linted: string
  /** The folders to check for types, each with a tsconfig.json. */
  typed: string[]
  /** The projects of vitest.config.ts to run. */
  tested: string[]
}

/**
 * `npm test [version | copy] [-- --all]` checks format, lint and the types of each program, while it runs the
 * tests:
 *
 * - for one version or copy, all promises that it keeps: its own and those of earlier versions
 * - without one, each promise against the version that makes it and against the newest, and the tests of the
 *   tools; what these try with each version, they try with the first and the newest. Nothing needs a browser
 * - with `--all`, each promise against every version that keeps it, the tools with every version, and all pages
 *   in Chromium
 *
 * The reports of the checks are below the tests. The last line, `N passed, N failed`, counts the tests, and
 * each check that failed.
 */
export function main(args: string[]): Promise<number> {
  return checkAll(scopeOf(args))
}

function scopeOf(args: string[]): Scope {
  const { values, positionals } = readCommandLine(
    args,
    { all: { type: 'boolean', default: false } },
    { example: 'npm test -- --all', hint: HINT },
  )
  const [text, ...more] = positionals
  const { all } = values
  if (more.length > 0 || (all && text !== undefined)) throw wrongUsage(HINT)
  if (all || text !== undefined) process.env.OAUTH_LAB_ALL = '1'
  const versions = listVersions()
  if (text === undefined) {
    const others = readdirSync(ROOT).map((name) => join(ROOT, name))
    const typed = [...versions.map(({ folder }) => folder), ...others, ROOT]
    const promises = all
      ? versions.map(promisesKeptBy)
      : [OWN_PROMISES, ...versions.slice(-1).map(promisesKeptBy)]
    const tested = [...promises, 'tools']
    return { linted: ROOT, typed: typed.filter(isTypeScriptProject), tested }
  }
  const version = findVersion(text, typedIn())
  const { folder } = version
  if (relative(ROOT, folder).startsWith('..')) {
    throw wrongUsage(
      `${folder} isn't in this repo, so it can't use the repo's test tools. Move it into playground/.`,
    )
  }
  const copy = isCopy(version)
  if (copy) process.env.OAUTH_LAB_COPY = folder
  return {
    linted: folder,
    typed: [folder, join(ROOT, 'shared')].filter(isTypeScriptProject),
    tested: [copy ? promisesOfCopy(folder) : promisesKeptBy(version)],
  }
}

function isTypeScriptProject(folder: string): boolean {
  return existsSync(join(folder, 'tsconfig.json'))
}

async function checkAll({ linted, typed, tested }: Scope): Promise<number> {
  // The linter ignores all files of a learner's copy.
  const strict = ['check', '--error-on-warnings', '--no-errors-on-unmatched']
  const checks: Check[] = [
    { name: 'format and lint', run: () => runTool('@biomejs/biome', [...strict, linted], ROOT) },
    ...typed.map((folder) => {
      const name = `types of ${relative(ROOT, folder) || 'scripts'}`
      return { name, run: () => runTool('typescript', typeCheck(name, folder), ROOT) }
    }),
  ]
  // Vitest treats CI as a terminal.
  if (!wantsColors()) process.env.NO_COLOR = '1'
  const { runVitest } = await import('./lib/run-vitest.ts')
  const waiting = checks.entries()
  const lines: string[] = []
  const complaints: string[] = []
  const failures: string[] = []
  // At the same time, because the tests leave a core idle while they wait for a program.
  const [{ passed, failed, skipped, flaky }] = await Promise.all([
    runVitest(tested),
    ...Array.from({ length: AT_ONCE }, runChecks),
  ])
  // Below the report of the tests, together and always in the same order.
  for (const text of [...lines, ...complaints.filter(Boolean)]) console.log(text)
  const failedChecks = failures.filter(Boolean)
  for (const name of flaky) console.log(`Passed only at the second attempt: ${name}`)
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

/** The arguments of a type check, which keeps what it found and looks again only at what has changed. */
function typeCheck(name: string, folder: string): string[] {
  const file = `${name.replace(/\W+/g, '-')}.tsbuildinfo`
  const kept = join(ROOT, 'node_modules', '.cache', 'oauth-lab', file)
  // For programs this small, more threads cost twice the work and save no time.
  return ['--singleThreaded', '--incremental', '--tsBuildInfoFile', kept, '--project', folder]
}

/** What this machine or this run lacks. */
function reasonsToSkip(): string[] {
  const full = process.env.OAUTH_LAB_FULL === '1'
  const all = full || process.env.OAUTH_LAB_ALL === '1'
  const reasons = [
    !all && 'versions in between, pages in Chromium, installations, harmful copies: add -- --all',
    !full && 'the slow tests: set OAUTH_LAB_FULL=1',
    all && CHROMIUM === undefined && 'no Chromium (set CHROMIUM to its path)',
    !hasGit && 'no git',
    process.platform === 'win32' && 'signals and POSIX shells, which Windows lacks',
  ]
  return reasons.filter((reason) => reason !== false)
}
