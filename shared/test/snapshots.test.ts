import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const VERSIONS = join(import.meta.dirname, '..', '..', 'versions')
const STILL_ALLOWED = 'still-allowed.test.ts'

const names = readdirSync(VERSIONS)
  .filter((name) => /^v\d+-/.test(name))
  .sort()
const neighbours = names.slice(1).map((name, index) => [names[index] ?? '', name] as const)

function testsOf(version: string): string[] {
  const folder = join(VERSIONS, version, 'test')
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.test.ts')) : []
}

function read(version: string, file: string): string {
  const path = join(VERSIONS, version, 'test', file)
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

/** The lines of the later text that do not follow, in their order, in the earlier one. */
function addedLines(earlier: string, later: string): string[] {
  const rest = earlier.split('\n')
  return later.split('\n').filter((line) => {
    const at = rest.indexOf(line)
    rest.splice(0, at + 1)
    return at === -1
  })
}

describe('a later version', () => {
  for (const [earlier, later] of neighbours) {
    test(`${later} keeps every promise of ${earlier}, to the letter`, () => {
      for (const file of testsOf(earlier).filter((name) => name !== STILL_ALLOWED)) {
        expect(read(later, file), file).toBe(read(earlier, file))
      }
    })

    test(`${later} allows nothing that ${earlier} does not allow`, () => {
      const added = addedLines(read(earlier, STILL_ALLOWED), read(later, STILL_ALLOWED))
      expect(added).toEqual([])
    })

    test(`${later} makes promises of its own`, () => {
      const own = testsOf(later).filter((name) => !testsOf(earlier).includes(name))
      expect(own).toHaveLength(1)
    })
  }
})
