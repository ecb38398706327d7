import type { Version } from '../programs/versions.ts'
import { type Attack, type Ending, expectedResult, type Result } from './attack.ts'
import { AttackStage } from './attack-stage.ts'
import { type FoundLine, findLine } from './deciding-lines.ts'
import { knowledgeOf } from './knowledge.ts'
import { loadPrograms } from './load-programs.ts'
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
  const programs = await loadPrograms(version.folder)
  const knows = await knowledgeOf(programs)
  const expected = expectedResult(attack, version)
  if (attack.needs !== undefined && !knows[attack.needs.feature]) {
    const ending: Ending = { result: 'nothing', holds: attack.needs.otherwise }
    return { attack, version, expected, story: { start: '', steps: [] }, ending }
  }

  const stage = await AttackStage.open(version, programs, knows, attack.settings?.(knows))
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

/** Plays every attack on its versions. Returns one row per attack, in the same order. */
export async function playAll(
  attacks: Attack[],
  versionsOf: (attack: Attack) => Version[],
): Promise<Performance[][]> {
  const rows: Performance[][] = attacks.map(() => [])
  // Attacks in which time passes start first, so that the others run while they wait.
  const turns = attacks
    .flatMap((attack, row) =>
      versionsOf(attack).map((version, column) => ({ attack, version, row, column })),
    )
    .sort((one, other) => Number(!one.attack.settings) - Number(!other.attack.settings))
  const worker = async () => {
    for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) {
      const { attack, version, row, column } = turn
      const performance = await playAttack(attack, version)
      const cells = rows[row]
      if (cells !== undefined) cells[column] = performance
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return rows
}
