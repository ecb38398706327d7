import { listVersions } from '@oauth-lab/course/programs/versions.ts'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { fuzzParsers, fuzzProgram } from '../soak/send-hostile-input.ts'
import { type Pair, startPair, stopPair } from '../soak/soaked-pair.ts'

// A share of `npm run fuzz`, the same inputs each time.
const SEED = 25000
const newest = listVersions().at(-1)

describe('hostile input', () => {
  let pair: Pair

  beforeAll(async () => {
    if (newest === undefined) throw new Error('There is no version in versions/.')
    pair = await startPair(newest)
  })
  afterAll(() => stopPair(pair))

  for (const name of ['server', 'client'] as const) {
    test(`over raw connections gets answers from the ${name}, and none that says it broke`, async () => {
      await fuzzProgram(pair[name].origin, 500, SEED, name)
    })
  }

  test('in queries, forms, settings and addresses is read, refused or masked', () => {
    fuzzParsers(2_000, SEED)
  })
})
