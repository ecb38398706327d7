import { listVersions } from '@oauth-lab/course/programs/versions.ts'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { fuzzParsers, fuzzProgram } from '../soak/send-hostile-input.ts'
import { type SoakedPrograms, startPrograms, stopPrograms } from '../soak/soaked-programs.ts'

// A share of `npm run fuzz`, the same inputs each time.
const SEED = 25000
const newest = listVersions().at(-1)

describe('hostile input', () => {
  let programs: SoakedPrograms

  beforeAll(async () => {
    if (newest === undefined) throw new Error('There is no version in versions/.')
    programs = await startPrograms(newest)
  })
  afterAll(() => stopPrograms(programs))

  for (const name of ['server', 'client'] as const) {
    test(`over raw connections gets answers from the ${name}, and none that says it broke`, async () => {
      await fuzzProgram(programs[name].origin, 500, SEED, name)
    })
  }

  test('in queries, forms, settings and addresses is read, refused or masked', () => {
    fuzzParsers(2_000, SEED)
  })
})
