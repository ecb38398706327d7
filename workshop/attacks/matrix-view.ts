import { type Attack, expectedResult, type Result } from '@oauth-lab/course/attacks/attack.ts'
import { groupAttacks, LEGEND, RESULTS, WORDS } from '@oauth-lab/course/attacks/matrix.ts'
import { attacks } from '@oauth-lab/course/attacks/stories/index.ts'
import { copyName } from '@oauth-lab/course/exercises/exercise-start.ts'
import { listVersions, type Version } from '@oauth-lab/course/programs/versions.ts'

/** What is expected of an attack on a version. */
export interface ExpectedResult {
  version: Version
  short: string
  result: Result
}

/** What is expected of an attack on each version. The suite sees to it that it is also true. */
export function resultsOf(attack: Attack): ExpectedResult[] {
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
