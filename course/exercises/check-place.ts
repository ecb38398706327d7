import { wrongUsage } from '../told-error.ts'
import { type CheckOptions, type CheckResult, checkCopy } from './check-copy.ts'
import { checksOf } from './checks-of.ts'
import { linkPackages, type Place } from './playground.ts'

/**
 * Runs all checks of an exercise on the learner's copy.
 *
 * @throws {ToldError} if there is nothing to check
 */
export async function checkPlace(place: Place, options: CheckOptions = {}): Promise<CheckResult> {
  const { version, folder, name } = place
  const known = await checksOf(version)
  if (known === undefined) throw wrongUsage(`There is nothing to check about ${name} yet.`)
  linkPackages(place)
  return checkCopy(folder, known, options)
}
