import type { VersionChecks } from './sentence.ts'
import { v01 } from './v01/checks.ts'
import { v02 } from './v02/checks.ts'
import { v03 } from './v03/checks.ts'
import { v04 } from './v04/checks.ts'
import { v05 } from './v05/checks.ts'
import { v06 } from './v06/checks.ts'
import { v07 } from './v07/checks.ts'
import { v08 } from './v08/checks.ts'
import { v09 } from './v09/checks.ts'
import { v10 } from './v10/checks.ts'
import { v11 } from './v11/checks.ts'
import { v12 } from './v12/checks.ts'
import { v13 } from './v13/checks.ts'
import { v14 } from './v14/checks.ts'

/** The checks of each version, by its number. */
export const checks: Record<number, VersionChecks> = {
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
