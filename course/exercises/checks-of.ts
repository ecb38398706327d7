import { ofVersion } from './by-version.ts'
import type { VersionChecks } from './sentence.ts'

/** The checks of a version. They are a third of the code of a check, so no other version's are loaded. */
export function checksOf({ number }: { number: number }): Promise<VersionChecks | undefined> {
  return ofVersion(number, 'checks.ts')
}
