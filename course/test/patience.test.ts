import { patient } from '@oauth-lab/course/exercises/patience.ts'
import { expect, test } from 'vitest'

test('a time limit that grew with the load is one that a signal accepts', () => {
  expect(() => AbortSignal.timeout(patient(1000.5))).not.toThrow()
})
