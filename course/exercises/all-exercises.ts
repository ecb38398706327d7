import type { Exercise } from './exercise-start.ts'
import { v01 } from './v01/steps.ts'
import { v02 } from './v02/steps.ts'
import { v03 } from './v03/steps.ts'
import { v04 } from './v04/steps.ts'
import { v05 } from './v05/steps.ts'
import { v06 } from './v06/steps.ts'
import { v07 } from './v07/steps.ts'
import { v08 } from './v08/steps.ts'
import { v09 } from './v09/steps.ts'
import { v10 } from './v10/steps.ts'
import { v11 } from './v11/steps.ts'
import { v12 } from './v12/steps.ts'
import { v13 } from './v13/steps.ts'
import { v14 } from './v14/steps.ts'

/** The exercise of each version, by its number. */
export const exercises: Record<number, Exercise> = {
  1: v01,
  2: v02,
  3: v03,
  4: v04,
  5: v05,
  6: v06,
  7: v07,
  8: v08,
  9: v09,
  10: v10,
  11: v11,
  12: v12,
  13: v13,
  14: v14,
}
