import type { PreparedRequest } from './draft.ts'
import { v01 } from './v01.ts'
import { v02 } from './v02.ts'
import { v03 } from './v03.ts'
import { v04 } from './v04.ts'
import { v05 } from './v05.ts'
import { v06 } from './v06.ts'
import { v07 } from './v07.ts'
import { v08 } from './v08.ts'
import { v09 } from './v09.ts'
import { v10 } from './v10.ts'
import { v11 } from './v11.ts'
import { v12 } from './v12.ts'
import { v13 } from './v13.ts'
import { v14 } from './v14.ts'

/** The prepared requests of each version, by its number. */
const REQUESTS: Record<number, PreparedRequest[]> = {
  // No version is before it.
  1: v01.map((request) => ({ ...request, before: undefined })),
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

/** The requests that a version must refuse. */
export function preparedRequests({ number }: { number: number }): PreparedRequest[] {
  return REQUESTS[number] ?? []
}
