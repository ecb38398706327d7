import { readCommandLine } from '@oauth-lab/course/command-line.ts'
import { tellEditedVersions } from '@oauth-lab/course/exercises/edited.ts'
import { tellFileTrouble } from '@oauth-lab/course/exercises/file-trouble.ts'
import { findPlace, type Place } from '@oauth-lab/course/exercises/playground.ts'
import { ToldError, wrongUsage } from '@oauth-lab/course/told-error.ts'

/** Options by name: `boolean` for a switch, `string` for one with a value. */
type OptionKinds = Record<string, 'boolean' | 'string'>

/** The arguments of a command of the exercises. */
export interface ExerciseArguments {
  place: Place
  options: Record<string, string | boolean | undefined>
}

function readArguments(args: string[], kinds: OptionKinds, example: string): ExerciseArguments {
  const names = Object.keys(kinds).map((name) => `--${name}`)
  const hint =
    names.length === 0 ? 'This command has no options.' : `The options are ${names.join(', ')}.`
  const options = Object.fromEntries(Object.entries(kinds).map(([name, type]) => [name, { type }]))
  const { values, positionals } = readCommandLine(args, options, { example, hint })
  if (positionals.length > 1) {
    throw wrongUsage(`One exercise at a time, not ${positionals.length}: ${example}`)
  }
  return { place: findPlace(positionals[0]), options: values }
}

/**
 * Runs a command of the exercises. Warns first if someone edited a version instead of a copy.
 *
 * @param example a valid call with an option
 * @returns the exit status
 * @throws {ToldError} for wrong arguments, or for a file that can't be read or written
 */
export async function runCommand(
  args: string[],
  kinds: OptionKinds,
  example: string,
  run: (told: ExerciseArguments) => number | Promise<number>,
): Promise<number> {
  const told = readArguments(args, kinds, example)
  const edited = await tellEditedVersions(told.place.name)
  if (edited !== undefined) console.error(edited)
  try {
    return await run(told)
  } catch (error) {
    const trouble = tellFileTrouble(error)
    throw trouble === undefined ? error : new ToldError(trouble)
  }
}
