import { makeOrRenew, tellStart } from '@oauth-lab/course/exercises/make.ts'
import { type ExerciseArguments, readArguments, runCommand } from './lib/exercise-arguments.ts'

/**
 * `npm run catch-up v03` brings somebody who fell behind to the start of an exercise. What there was
 * in its place is kept; the copies of other exercises stay as they are.
 *
 * @returns the exit status
 */
export function main(args: string[]): Promise<number> {
  return runCommand(() => readArguments(args, {}, 'npm run catch-up v03'), catchUp)
}

function catchUp({ place }: ExerciseArguments): number {
  const { name } = place
  const { kept, untouched } = makeOrRenew(place)
  if (kept !== undefined) console.log(`What you had is kept in playground/${kept}.`)
  console.log(
    untouched
      ? `playground/${name} is at the start of the exercise already.`
      : `playground/${name} is at the start of the exercise.`,
  )
  console.log(tellStart(place))
  return 0
}
