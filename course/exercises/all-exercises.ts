import { byVersion } from './by-version.ts'
import type { Exercise } from './exercise-start.ts'

/** The exercise of each version, by its number. */
export const exercises = await byVersion<Exercise>('steps.ts')
