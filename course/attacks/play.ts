import type { Version } from '../programs/versions.ts'
import { type Attack, type Ending, expectedResult, type Result } from './attack.ts'
import { AttackStage } from './attack-stage.ts'
import { type FoundLine, findLine } from './deciding-lines.ts'
import { knownPrograms } from './knowledge.ts'
import type { Story } from './story.ts'

/** A run of an attack on one version. */
export interface Performance {
  attack: Attack
  version: Version
  /** Undefined for a copy whose folder isn't named after a version. */
  expected: Result | undefined
  story: Story
  ending: Ending
}

/**
 * Plays an attack on a version, or on a learner's copy, with its own programs on free ports.
 *
 * @throws {ToldError} if the programs in that folder don't run
 */
export async function playAttack(attack: Attack, version: Version): Promise<Performance> {
  const known = await knownPrograms(version.folder)
  const expected = expectedResult(attack, version)
  if (attack.needs !== undefined && !known.knows[attack.needs.feature]) {
    const ending: Ending = { result: 'nothing', holds: attack.needs.otherwise }
    return { attack, version, expected, story: { start: '', steps: [] }, ending }
  }

  const stage = await AttackStage.open(version, known)
  try {
    const ending = await attack.play(stage)
    return { attack, version, expected, story: stage.story, ending }
  } finally {
    await stage.close()
  }
}

/** The lines of this version that block the attack. */
export async function linesThatBlock({ attack, version }: Performance): Promise<FoundLine[]> {
  const found = await Promise.all(attack.checks.map((check) => findLine(version, check)))
  return found.filter((line) => line !== undefined)
}

/** How many attacks run at once. While one waits, another works. */
const AT_ONCE = 8

/**
 * Plays every attack on its versions, those that move the clock first and alone. Returns one row per attack, in the
 * same order.
 */
export async function playAll(
  attacks: Attack[],
  versionsOf: (attack: Attack) => Version[],
): Promise<Performance[][]> {
  const rows = new Map(attacks.map((attack): [Attack, Performance[]] => [attack, []]))
  const playEach = async (turns: Iterable<Attack>) => {
    for (const attack of turns) {
      for (const version of versionsOf(attack)) {
        rows.get(attack)?.push(await playAttack(attack, version))
      }
    }
  }
  await playEach(attacks.filter(({ movesClock }) => movesClock))
  const others = attacks.filter(({ movesClock }) => !movesClock).values()
  await Promise.all(Array.from({ length: AT_ONCE }, () => playEach(others)))
  return [...rows.values()]
}
