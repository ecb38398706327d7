import { existsSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'

import { runTool, type ToolResult } from './lib/tools.ts'
import { UsageError } from './lib/usage.ts'
import { findVersion, listVersions, ROOT, UnknownVersionError } from './lib/versions.ts'

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
export async function main(args: string[]): Promise<number> {
  try {
    return await checkAll(scopeOf(args))
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof UnknownVersionError)) throw error
    console.error(error.message)
    return 1
  }
}

function scopeOf([text, ...more]: string[]): Scope {
  if (more.length > 0) throw new UsageError('All versions or one of them: npm test, npm test v02')
  if (text !== undefined) {
    const { folder } = findVersion(text, process.env.INIT_CWD)
    if (relative(ROOT, folder).startsWith('..')) {
      throw new UsageError(`${folder} is not in this repo, where the tools for its tests are.`)
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
  const failures: string[] = []
  const complaints: string[] = []
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
  const waiting = checks.values()
  const { runVitest } = await import('./lib/run-vitest.ts')
  // Side by side: the tests leave a core idle now and then, while they wait for a program.
  const [{ passed, failed }] = await Promise.all([
    runVitest(tested),
    ...Array.from({ length: AT_ONCE }, runChecks),
  ])
  for (const complaint of complaints) console.log(complaint)
  if (failed > 0) failures.push('tests')
  const failedChecks = failures.filter((name) => name !== 'tests').length
  if (failures.length > 0) console.log(`Failed: ${failures.join(', ')}.`)
  console.log(`${passed} passed, ${failed + failedChecks} failed`)
  return failures.length > 0 ? 1 : 0

  async function runChecks(): Promise<void> {
    for (const { name, run } of waiting) {
      const start = performance.now()
      const { status, output } = await run()
      const seconds = ((performance.now() - start) / 1000).toFixed(1)
      if (status !== 0) {
        failures.push(name)
        complaints.push(output.trim())
      }
      console.log(`${status === 0 ? 'ok    ' : 'FAILED'}  ${seconds.padStart(5)} s  ${name}`)
    }
  }
}
