import type { Exercise } from '../lib/exercise/exercise.ts'
import { v01 } from './v01.ts'
import { v02 } from './v02.ts'
import { v03 } from './v03.ts'
import { v04 } from './v04.ts'
import { v05 } from './v05.ts'

/** The exercise of each version, by its number. */
export const exercises: Record<number, Exercise> = { 1: v01, 2: v02, 3: v03, 4: v04, 5: v05 }
