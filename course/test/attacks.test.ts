import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { all, full } from '@oauth-lab/shared/testing/share.ts'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Attack, blockedSince, checksOf, expectedResult } from '../attacks/attack.ts'
import { AttackStage } from '../attacks/attack-stage.ts'
import { findLine } from '../attacks/deciding-lines.ts'
import { knownPrograms } from '../attacks/knowledge.ts'
import { type Performance, playAll } from '../attacks/play.ts'
import { attacks } from '../attacks/stories/index.ts'
import { findVersion, listVersions, ROOT, type Version } from '../programs/versions.ts'

const STORIES = join(ROOT, 'course', 'attacks', 'stories')
const versions = listVersions()
/** Words that a lesson introduces, and the version of that lesson. */
const LESSONS: [RegExp, number][] = [
  [/\bstates?\b/i, 2],
  [/\bPKCE\b|\bchallenges?\b|\bverifiers?\b|\bS256\b/i, 3],
  [/\bbearer\b|\bprotected\b|\/api\/me/i, 4],
  [/\brefresh|\brotat|\bfamily|\brenew/i, 5],
  [/\bscopes?\b/i, 6],
  [/\bconsent/i, 7],
  [/\bclient_credentials\b/i, 11],
  [/\bintrospect/i, 12],
  [/\bJWTs?\b|\bJWKS?\b|\bES256\b|\bHS256\b|\bsign(s|ed|ature)\b/i, 13],
  [/\bCLI\b|\bloopback\b|\bpublic client/i, 14],
  [/\brevocation\b|\bRFC 7009\b/i, 9],
]

/**
 * The last version with each result of an attack; with `--all`, the first one with each, too; in the long share,
 * every version.
 */
function looked(attack: Attack): Version[] {
  const results = versions.map((version) => expectedResult(attack, version))
  const changes = (index: number) => results[index] !== results[index - 1]
  return versions.filter((_, index) => full || (all && changes(index)) || changes(index + 1))
}

let rows: Performance[][]
beforeAll(async () => {
  rows = await playAll(attacks, looked)
}, 600_000)

/** The runs of an attack on all versions. */
function performances(attack: Attack): Performance[] {
  return rows[attacks.indexOf(attack)] ?? []
}

describe('what each version blocks', () => {
  for (const attack of attacks) {
    test(`${attack.slug}: ${versions.map((version) => expectedResult(attack, version)).join(', ')}`, () => {
      const results = performances(attack).map(({ version, ending }) => [
        version.name,
        ending.result,
      ])
      const expected = looked(attack).map((version) => [
        version.name,
        expectedResult(attack, version),
      ])
      expect(results).toEqual(expected)
    })
  }

  test('a later version has the same expected results as the last one', () => {
    const next = { name: 'v99-next', folder: '/nowhere', number: 99 }
    const last = versions.at(-1)
    if (last === undefined) throw new Error('There are no versions')
    for (const attack of attacks) {
      expect(expectedResult(attack, next)).toBe(expectedResult(attack, last))
    }
  })

  test('a blocked attack names a line, and an attack that the newest version does not block names a remedy', () => {
    for (const attack of attacks) {
      expect(attack.checks.length > 0, attack.slug).toBe(blockedSince(attack) !== undefined)
      const ends = Object.values(attack.expected).at(-1)
      expect(attack.remedy === undefined, attack.slug).toBe(ends === 'blocked')
    }
  })

  test('every version that blocks an attack has the lines that block it', async () => {
    for (const attack of attacks) {
      for (const version of versions) {
        if (expectedResult(attack, version) !== 'blocked') continue
        const checks = checksOf(attack, version)
        expect(checks, `${attack.slug} on ${version.name}`).not.toEqual([])
        const lines = await Promise.all(checks.map((check) => findLine(version, check)))
        expect(lines, `${attack.slug} on ${version.name}`).not.toContain(undefined)
      }
    }
  })

  test('an attack in which time passes says that it moves the clock', () => {
    for (const { slug, movesClock = false } of attacks) {
      const text = readFileSync(join(STORIES, `${slug}.ts`), 'utf8')
      expect(text.includes('.passMinutes('), slug).toBe(movesClock)
    }
  })

  test('every rule names its source', () => {
    for (const { rule, slug } of attacks) expect(rule, slug).toMatch(/^RFC \d+ sections? \d/)
  })
})

describe('a story', () => {
  for (const attack of attacks) {
    test(`${attack.slug}: uses no term before the lesson that introduces it`, () => {
      for (const { version, story, ending } of performances(attack)) {
        const isTold = ending.result !== 'nothing'
        const text = [
          isTold ? attack.title : '',
          story.start,
          ...story.steps.map(({ meaning }) => meaning),
          ending.holds,
          ending.result === 'succeeds' ? attack.remedy : '',
        ].join('\n')
        for (const [word, number] of LESSONS) {
          if (version.number < number) expect(text, version.name).not.toMatch(word)
        }
      }
    })

    test(`${attack.slug}: says what the attacker has, what happens and how it ends`, () => {
      for (const { version, story, ending } of performances(attack)) {
        expect(ending.holds, version.name).toMatch(/\.$/)
        if (ending.result === 'nothing') continue
        expect(story.start, version.name).toMatch(/\.$/)
        expect(story.steps.length, version.name).toBeGreaterThan(1)
        for (const { meaning } of story.steps) expect(meaning, version.name).toMatch(/\.$/)
      }
    })
  }

  test('sends nothing outside this lab', async () => {
    const version = findVersion('v01')
    const stage = await AttackStage.open(version, await knownPrograms(version.folder))
    try {
      await expect(stage.attacker.opens('http://192.0.2.1/')).rejects.toThrow(
        /not an address of this/,
      )
      await expect(stage.attacker.goesTo(`${stage.lab.clientUrl}/`)).resolves.toBeDefined()
    } finally {
      await stage.close()
    }
  })
})

test('stories/index.ts lists every story', () => {
  const files = readdirSync(STORIES)
  const slugs = attacks.map(({ slug }) => slug)
  expect(files.sort()).toEqual(['index', ...slugs].map((name) => `${name}.ts`).sort())
})

test('docs/attacks.md names every attack and nothing else', () => {
  const text = readFileSync(join(ROOT, 'docs', 'attacks.md'), 'utf8')
  const named = [...text.matchAll(/`([a-z0-9]+(?:-[a-z0-9]+)+)`/g)].map(([, name]) => name)
  const slugs = attacks.map(({ slug }) => slug)
  expect([...new Set(named)].filter((name) => name !== 'no-referrer').sort()).toEqual(slugs.sort())
})
