import type { CheckResult } from '@oauth-lab/course/exercises/check-copy.ts'
import { checkPlace } from '@oauth-lab/course/exercises/check-place.ts'
import { type Place, requireCopy } from '@oauth-lab/course/exercises/playground.ts'
import { watchFolders } from '@oauth-lab/course/exercises/watch.ts'
import { type ExerciseArguments, runCommand } from './lib/exercise-arguments.ts'
import { renderResult } from './print/check-result.ts'

/**
 * `npm run check v02 [-- --watch]` runs the checks on a copy and prints their results.
 *
 * @returns the exit status: 0 if every check passes
 */
export function main(args: string[]): Promise<number> {
  return runCommand(args, { watch: 'boolean' }, 'npm run check -- v02 --watch', check)
}

async function check({ place, options }: ExerciseArguments): Promise<number> {
  requireCopy(place)
  if (options.watch) return watch(place)
  const result = await checkPlace(place)
  console.log(renderResult(place, result))
  return isDone(result) ? 0 : 1
}

async function watch(place: Place): Promise<number> {
  await watchFolders([place.folder], async (signal) => {
    const result = await checkPlace(place, { signal })
    if (signal.aborted) return
    console.log(`${new Date().toLocaleTimeString()}\n${renderResult(place, result, true)}`)
    console.log('Waiting for the next save. Press Ctrl-C to stop.\n')
  })
  return 0
}

function isDone(result: CheckResult): boolean {
  return result.kind === 'findings' && result.findings.every(({ status }) => status === 'done')
}
