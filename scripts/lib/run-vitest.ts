import { ROOT } from '@oauth-lab/course/programs/versions.ts'
import { startVitest } from 'vitest/node'

interface TestCounts {
  passed: number
  /** Also counts what couldn't run: a file that doesn't load, or a run that broke off. */
  failed: number
  skipped: number
  /** The names of those that failed once, and then passed. */
  flaky: string[]
}

/**
 * Runs tests, with vitest's own report on the terminal.
 *
 * @param project the projects of vitest.config.ts to run
 */
export async function runVitest(project: string[]): Promise<TestCounts> {
  const { state } = await startVitest('test', [], { run: true, root: ROOT, project })
  const modules = state.getTestModules()
  const tests = modules.flatMap((module) => [...module.children.allTests()])
  const count = (result: string) => tests.filter((test) => test.result().state === result).length
  const broken = modules.filter((module) => {
    return module.state() === 'failed' && [...module.children.allTests('failed')].length === 0
  })
  const failed = count('failed') + broken.length + state.getUnhandledErrors().length
  return {
    passed: count('passed'),
    skipped: count('skipped'),
    flaky: tests.filter((test) => test.diagnostic()?.flaky).map(({ fullName }) => fullName),
    failed: modules.length === 0 ? 1 : failed,
  }
}
