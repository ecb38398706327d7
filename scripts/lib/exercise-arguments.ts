import { parseArgs } from 'node:util'
import { tellEditedVersions } from '@oauth-lab/course/exercises/edited.ts'
import { tellFileTrouble } from '@oauth-lab/course/exercises/file-trouble.ts'
import { findPlace, type Place } from '@oauth-lab/course/exercises/playground.ts'
import { optionError, refuseOptionsKeptByNpm, UsageError } from '@oauth-lab/course/usage.ts'

/** Options by name: `boolean` for a switch, `string` for one with a value. */
type OptionKinds = Record<string, 'boolean' | 'string'>

/** What a command of the exercises is told. */
export interface ExerciseArguments {
  place: Place
  /** The options that were given. */
  options: Record<string, string | boolean | undefined>
}

/**
 * Reads the arguments of a command of the exercises.
 *
 * @param example a right call with an option
 * @throws {UsageError}
 */
export function readArguments(
  args: string[],
  kinds: OptionKinds,
  example: string,
): ExerciseArguments {
  refuseOptionsKeptByNpm(Object.keys(kinds), example)
  const { values, positionals } = parse(args, kinds)
  if (positionals.length > 1) {
    throw new UsageError(`One exercise at a time, not ${positionals.length}: ${example}`)
  }
  return { place: findPlace(positionals[0]), options: values }
}

function parse(args: string[], kinds: OptionKinds) {
  const options = Object.fromEntries(Object.entries(kinds).map(([name, type]) => [name, { type }]))
  try {
    return parseArgs({ args, allowPositionals: true, options })
  } catch (error) {
    const known = Object.keys(kinds).map((name) => `--${name}`)
    const list = known.length === 0 ? 'There are no options' : `The options are ${known.join(', ')}`
    throw optionError(error, `${list}.`)
  }
}

/**
 * Runs a command of the exercises: tells first when somebody edits a version in place of a copy, and
 * tells mistakes in words.
 *
 * @returns the exit status: 2 when the command can't be followed
 */
export async function runCommand(
  read: () => ExerciseArguments,
  run: (told: ExerciseArguments) => number | Promise<number>,
): Promise<number> {
  try {
    const told = read()
    const edited = await tellEditedVersions(told.place.name)
    if (edited !== undefined) console.error(edited)
    return await run(told)
  } catch (error) {
    const message = error instanceof UsageError ? error.message : tellFileTrouble(error)
    if (message === undefined) throw error
    console.error(message)
    return 2
  }
}
