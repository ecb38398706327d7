import { ROOT } from '@oauth-lab/course/programs/versions.ts'
import { startVitest, type TestModule } from 'vitest/node'

export interface TestCounts {
  passed: number
  /** Also counts what could not run: a file that does not load, a run that breaks off. */
  failed: number
  skipped: number
}

/**
 * Runs tests, with vitest's own report on the terminal.
 *
 * @param project which projects of vitest.config.ts; a `*` stands for anything
 */
export async function runVitest(project: string[]): Promise<TestCounts> {
  const { state } = await startVitest('test', [], { run: true, root: ROOT, project })
  const modules = state.getTestModules()
  const counts = modules.map(countTests)
  const passed = counts.reduce((sum, { passed }) => sum + passed, 0)
  const skipped = counts.reduce((sum, { skipped }) => sum + skipped, 0)
  const failed = counts.reduce((sum, { failed }) => sum + failed, state.getUnhandledErrors().length)
  return { passed, skipped, failed: modules.length === 0 ? 1 : failed }
}

function countTests(module: TestModule): TestCounts {
  const passed = [...module.children.allTests('passed')].length
  const failed = [...module.children.allTests('failed')].length
  const skipped = [...module.children.allTests('skipped')].length
  return { passed, skipped, failed: failed === 0 && module.state() === 'failed' ? 1 : failed }
}
