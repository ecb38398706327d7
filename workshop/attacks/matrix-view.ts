import type { Attack } from '@oauth-lab/course/attacks/attack.ts'
import {
  expectedRows,
  groupByRanges,
  LEGEND,
  placeOf,
  type Range,
  rangesOf,
  UNNAMED,
  WORDS,
} from '@oauth-lab/course/attacks/matrix.ts'
import { attacks } from '@oauth-lab/course/attacks/stories/index.ts'
import { listVersions } from '@oauth-lab/course/programs/versions.ts'

/** How an attack is expected to end, for `attack-ranges.eta`. */
export function viewRanges(attack: Attack) {
  const versions = listVersions()
  return expectedRows([attack], versions).flatMap(({ results }) => {
    return rangesOf(results, versions).map(viewRange)
  })
}

function viewRange(range: Range) {
  const { result, first } = range
  return {
    result,
    word: WORDS[result],
    place: placeOf(range),
    href: `/lessons/${first.name}/attacks`,
  }
}

/** All attacks in groups that end the same way, for `attack-matrix.eta`. */
export function viewMatrix() {
  const versions = listVersions()
  return {
    groups: groupByRanges(expectedRows(attacks, versions), versions).map(({ ranges, rows }) => ({
      ranges: ranges.map(viewRange),
      attacks: rows.map(({ attack }) => attack),
    })),
    legend: LEGEND.map(({ result, meaning }) => ({ result, word: WORDS[result], meaning })),
    unnamed: UNNAMED,
  }
}
