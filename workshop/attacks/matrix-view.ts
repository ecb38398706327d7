import { type Attack, expectedResult } from '@oauth-lab/course/attacks/attack.ts'
import { groupAttacks, LEGEND, RESULTS, WORDS } from '@oauth-lab/course/attacks/matrix.ts'
import { attacks } from '@oauth-lab/course/attacks/stories/index.ts'
import { copyName } from '@oauth-lab/course/exercises/exercise-start.ts'
import { listVersions } from '@oauth-lab/course/programs/versions.ts'

/** The expected results of an attack. The tests check that they are true. */
export function resultsOf(attack: Attack) {
  return listVersions().map((version) => ({
    version,
    short: copyName(version),
    result: expectedResult(attack, version) ?? 'nothing',
  }))
}

/** All attacks and all versions, for `attack-matrix.eta`. */
export function viewMatrix() {
  return {
    columns: listVersions().map((version) => ({ ...version, short: copyName(version) })),
    groups: groupAttacks(attacks).map(({ heading, attacks: members }) => ({
      heading,
      rows: members.map((attack) => ({ attack, results: resultsOf(attack) })),
    })),
    legend: RESULTS.map((result) => ({ result, word: WORDS[result], meaning: LEGEND[result] })),
    words: WORDS,
  }
}
