import { existsSync } from 'node:fs'
import { makeOrRenew, tellStart } from '@oauth-lab/course/exercises/make.ts'
import { wrongUsage } from '@oauth-lab/course/told-error.ts'
import { type ExerciseArguments, runCommand } from './lib/exercise-arguments.ts'

/**
 * `npm run exercise v02 [-- --force]` makes a copy to work on. If there already is one, it needs `--force`,
 * and keeps the earlier copy under another name.
 */
export function main(args: string[]): Promise<number> {
  return runCommand(args, { force: 'boolean' }, 'npm run exercise -- v02 --force', exercise)
}

function exercise({ place, options }: ExerciseArguments): number {
  const { name, folder } = place
  if (existsSync(folder) && !options.force) {
    throw wrongUsage(
      [
        `playground/${name} already exists. Nothing was changed.`,
        `Continue:    npm run check ${name}`,
        `Start over:  npm run exercise -- ${name} --force (saves your copy under another name)`,
      ].join('\n'),
    )
  }
  const { kept, untouched } = makeOrRenew(place)
  if (kept !== undefined) console.log(`Your earlier work is now in playground/${kept}.`)
  console.log(untouched ? `playground/${name} is back at the start.` : `Made playground/${name}.`)
  console.log(tellStart(place))
  return 0
}
