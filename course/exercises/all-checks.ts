import { byVersion } from './by-version.ts'
import type { VersionChecks } from './sentence.ts'

/** The checks of each version, by its number. */
export const checks = await byVersion<VersionChecks>('checks.ts', 'checks')
