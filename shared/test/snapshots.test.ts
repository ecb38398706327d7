import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const VERSIONS = join(import.meta.dirname, '..', '..', 'versions')
const names = readdirSync(VERSIONS).filter((name) => /^v\d+-/.test(name))

describe('a version', () => {
  for (const name of names) {
    test(`${name} has promises of its own, in one file named after its idea`, () => {
      const idea = name.replace(/^v\d+-/, '')
      expect(readdirSync(join(VERSIONS, name, 'test'))).toEqual([`${idea}.test.ts`])
    })
  }
})
