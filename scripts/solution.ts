import { listFiles } from '@oauth-lab/course/differences/files.ts'
import { type Place, requireCopy } from '@oauth-lab/course/exercises/playground.ts'
import { listDifferences, writeSolution } from '@oauth-lab/course/exercises/write-solution.ts'
import { wrongUsage } from '@oauth-lab/course/told-error.ts'
import { main as diff } from './diff.ts'
import { type ExerciseArguments, runCommand } from './lib/exercise-arguments.ts'

const OPTIONS = { file: 'string', write: 'boolean' } as const
const EXAMPLE = 'npm run solution -- v02 --file client/routes/login.ts'

/**
 * `npm run solution v02 [-- --file FILE --write]` shows how a copy differs from the version it leads to.
 * With `--write` it makes the copy the same, and keeps the earlier one.
 */
export function main(args: string[]): Promise<number> {
  return runCommand(args, OPTIONS, EXAMPLE, solution)
}

async function solution({ place, options }: ExerciseArguments): Promise<number> {
  requireCopy(place)
  const file = typeof options.file === 'string' ? readFile(options.file, place) : undefined
  if (options.write) return write(place, file)

  const { name, folder, version } = place
  if (isSolved(place, file)) {
    console.log(`${file ?? `playground/${name}`} matches ${version.name}.`)
    console.log(`Next: npm run check ${name}, or the next exercise.`)
    return 0
  }
  const status = await diff([folder, version.folder, ...(file === undefined ? [] : [file])])
  const only = file === undefined ? '' : ` --file ${file}`
  console.log(`Next: npm run check ${name}. To write the solution into your copy:`)
  console.log(`      npm run solution -- ${name}${only} --write`)
  return status
}

function readFile(text: string, { folder, version }: Place): string {
  const path = text.replaceAll('\\', '/').replace(/^\.?\/+/, '')
  // Looked up in the lists, which follow no links, so no path leads out of the copy.
  if ([folder, version.folder].some((place) => listFiles(place).includes(path))) return path
  throw wrongUsage(
    `There is no file ${JSON.stringify(text)} in your copy or in ${version.name}. Name it by its path: ${EXAMPLE}`,
  )
}

function isSolved(place: Place, file: string | undefined): boolean {
  const differences = listDifferences(place)
  return !differences.some(({ path }) => file === undefined || path === file)
}

function write(place: Place, file: string | undefined): number {
  const { name, version } = place
  const kept = writeSolution(place, file)
  console.log(`Your earlier work is now in playground/${kept}.`)
  console.log(`Wrote ${file ?? `all of ${version.name}`} into playground/${name}.`)
  console.log(`Next: npm run check ${name}`)
  return 0
}
