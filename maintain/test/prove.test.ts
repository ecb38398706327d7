import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { findVersion, listVersions, versionBefore } from '@oauth-lab/course/programs/versions.ts'
import { ToldError } from '@oauth-lab/course/told-error.ts'
import { full } from '@oauth-lab/shared/testing/share.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import excuses from '../prove/excused.json' with { type: 'json' }
import { excuseFor } from '../prove/excused.ts'
import { prove, type Verdict } from '../prove/prove-units.ts'
import { type Unit, unitsOf } from '../prove/units.ts'
import { main } from '../prove.ts'

const OLDER = {
  'server/price.ts': `export function price(count: number): number {
  return count * 3
}
`,
}
const NEWER = {
  'server/price.ts': `import { discount } from './discount.ts'

// A price is never below zero.
export function price(count: number): number {
  if (count < 0) throw new Error('no such count')
  const total = count * 3
  return total - discount(total)
}
`,
  'server/discount.ts': `export function discount(total: number): number {
  return total > 20 ? 1 : 0
}
`,
  'test/price.test.ts': `import { expect, test } from 'vitest'
import { price } from '../server/price.ts'

test('who buys much pays less', () => {
  expect(price(10)).toBe(29)
})
`,
}

let scratch: string
let older: string
let newer: string

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'oauth-lab-prove-test-'))
  older = folder('versions/v00-old', OLDER)
  newer = folder('versions/v00-new', NEWER)
})
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** A version in the scratch folder, with the packages of a real version. */
function folder(name: string, files: Record<string, string>): string {
  const path = join(scratch, name)
  const all: Record<string, string> = {
    ...files,
    'package.json': '{ "type": "module" }\n',
    'tsconfig.json': readFileSync(join(findVersion('v01').folder, 'tsconfig.json'), 'utf8'),
  }
  for (const [file, content] of Object.entries(all)) write(join(path, file), content)
  const packages = join(findVersion('v01').folder, 'node_modules')
  symlinkSync(packages, join(path, 'node_modules'), 'junction')
  return path
}

function write(file: string, content: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
}

function proveUnits(units: Unit[]): Promise<Verdict[]> {
  const proof = { version: 'v00-new', newer, units, excuses: [], workers: 2 }
  return prove({ ...proof, onVerdict: () => undefined })
}

describe('the changes of a step', () => {
  test('are undone one at a time, and each undone file differs only in that change', () => {
    const units = unitsOf(older, newer)
    expect(units.map(({ number, path, undone }) => [number, path, undone])).toEqual([
      [1, 'server/discount.ts', undefined],
      [2, 'server/price.ts', NEWER['server/price.ts'].split('\n').slice(3).join('\n')],
      [
        3,
        'server/price.ts',
        NEWER['server/price.ts'].replace(/^ {2}if(.|\n)*discount\(total\)/m, '  return count * 3'),
      ],
    ])
  })

  test('are undone at the right place, whatever was removed or added above them', () => {
    const lines = ['gone', 'a', 'b', 'changed', 'c', 'd', '']
    const before = folder('versions/v03-before', { 'server/list.ts': lines.join('\n') })
    const after = ['a', 'new', 'b', 'CHANGED', 'c', 'd', 'end', '']
    const later = folder('versions/v04-after', { 'server/list.ts': after.join('\n') })
    expect(unitsOf(before, later).map(({ undone }) => undone?.split('\n'))).toEqual([
      ['gone', ...after],
      after.filter((line) => line !== 'new'),
      after.map((line) => (line === 'CHANGED' ? 'changed' : line)),
      after.filter((line) => line !== 'end'),
    ])
  })

  test('that are alone in their file restore the file of the version before when undone', () => {
    for (const version of listVersions()) {
      const before = versionBefore(version)
      const units = before === undefined ? [] : unitsOf(before.folder, version.folder)
      for (const { path, undone } of units) {
        const isAlone = units.filter((unit) => unit.path === path).length === 1
        if (!isAlone || undone === undefined) continue
        expect(undone).toBe(readFileSync(join(before?.folder ?? '', path), 'utf8'))
      }
    }
  })
})

describe('a change', () => {
  /** A unit that the two folders don't contain. */
  function unitWithout(text: string): Unit {
    const [unit] = unitsOf(older, newer)
    if (unit === undefined) throw new Error('no units')
    const undone = NEWER['server/price.ts'].replace(`${text}\n`, '')
    const line = {
      kind: 'added',
      text,
      oldNumber: undefined,
      newNumber: 1,
      endsFile: false,
    } as const
    return { ...unit, path: 'server/price.ts', undone, lines: [line] }
  }

  test.runIf(full)('is proved by a type error or a failing test, or is unproven', async () => {
    const verdicts = await proveUnits([
      ...unitsOf(older, newer),
      unitWithout("  if (count < 0) throw new Error('no such count')"),
      unitWithout('// A price is never below zero.'),
    ])
    const cannotFind = expect.stringMatching(/^server\/price.ts.*Cannot find module/)
    const noName = expect.stringContaining("Cannot find name 'discount'")
    expect(verdicts.map(({ finding, excuse }) => finding ?? excuse)).toEqual([
      { by: 'types', what: cannotFind },
      { by: 'types', what: noName },
      { by: 'test', what: 'who buys much pays less' },
      undefined,
      'a comment',
    ])
  })

  test('is proved by nothing in a version that already fails', async () => {
    const file = join(newer, 'server/price.ts')
    write(file, NEWER['server/price.ts'].replace('* 3', '* three'))
    const attempt = proveUnits(unitsOf(older, newer))
    await expect(attempt).rejects.toThrow(ToldError)
    await expect(attempt).rejects.toThrow(
      /^v00-new already fails before anything is undone: .*three/,
    )
    write(file, NEWER['server/price.ts'])
  })
})

test('every excuse belongs to an existing change', () => {
  const units = listVersions().flatMap((version) => {
    const before = versionBefore(version)
    if (before === undefined) return []
    const all = unitsOf(before.folder, version.folder)
    return all.map((unit) => ({ unit, version: version.name }))
  })
  for (const excuse of excuses) {
    const isFound = units.some(({ unit, version }) => {
      return excuseFor(unit, version, [excuse]) === excuse.reason
    })
    expect(isFound, `no change of ${excuse.version}/${excuse.path}: ${excuse.reason}`).toBe(true)
  }
})

test.each([
  [['v99'], 'There is no version "v99".'],
  [['v01'], 'There is no version before v01-code-flow.'],
  [['v02', 'v03'], 'One step at a time'],
  [['v02', '--hunk', 'x'], '--hunk needs the number of a change, not "x".'],
  [['v02', '--hunk', '999'], 'v01 to v02 has '],
  [['--hunk', '2'], '--hunk needs a version'],
  [['--nonsense'], "Unknown option '--nonsense'."],
])('%j gets a one-line error and exit status 2', async (args, message) => {
  await expect(main(args)).rejects.toMatchObject({
    exitStatus: 2,
    message: expect.stringMatching(new RegExp(`^.*${message}.*$`)),
  })
})
