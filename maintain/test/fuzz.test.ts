import { listVersions } from '@oauth-lab/course/programs/versions.ts'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { fuzzParsers, fuzzProgram } from '../soak/send-hostile-input.ts'
import { type SoakedPrograms, startPrograms, stopPrograms } from '../soak/soaked-programs.ts'

// A part of `npm run fuzz`, with the same inputs each time.
const SEED = 25000
const newest = listVersions().at(-1)

describe('hostile input', () => {
  let programs: SoakedPrograms

  beforeAll(async () => {
    if (newest === undefined) throw new Error('There is no version in versions/.')
    programs = await startPrograms(newest)
  })
  afterAll(() => stopPrograms(programs))

  for (const name of ['server', 'client', 'api'] as const) {
    test(`over raw connections gets responses from the ${name}, and never a 500`, async () => {
      const { origin = '' } = programs[name] ?? {}
      await fuzzProgram(origin, 500, SEED, name)
    })
  }

  test('in queries, forms, settings and addresses is parsed, rejected or masked', () => {
    fuzzParsers(2_000, SEED)
  })
})
