import type { Attack } from '@oauth-lab/course/attacks/attack.ts'
import {
  expectedRows,
  groupByRanges,
  headingOf,
  isDifferent,
  LEGEND,
  type Range,
  UNNAMED,
  WORDS,
} from '@oauth-lab/course/attacks/matrix.ts'
import type { Performance } from '@oauth-lab/course/attacks/play.ts'
import type { Version } from '@oauth-lab/course/programs/versions.ts'
import { type Look, paint } from './ansi.ts'
import { indented } from './wrap.ts'

const STYLES = { succeeds: 'red', blocked: 'green' } as const

/** Prints all results for a terminal: attacks that end the same way share a heading. */
export function printMatrix(played: Performance[][], versions: Version[]): string {
  const rows = played.flatMap((cells) => {
    const [{ attack } = {}] = cells
    if (attack === undefined) return []
    const flag = cells.some(isDifferent) ? ' !' : ''
    return { attack, flag, results: cells.map(({ ending }) => ending.result) }
  })
  const groups = groupByRanges(rows, versions).flatMap((group) => [
    paint(headingOf(group.ranges), 'bold', ...lookOf(group.ranges)),
    ...group.rows.map(({ attack, flag }) => `  ${attack.slug}${flag}`),
  ])
  const legend = LEGEND.map(
    ({ result, meaning }) => `${paint(WORDS[result].padEnd(10), STYLES[result])}${meaning}`,
  )
  const hint = 'npm run attack NAME shows one attack step by step.'
  return [...groups, '', ...legend, UNNAMED, '', hint, ...printDifferences(played.flat())].join(
    '\n',
  )
}

/** The color of how it ends in the newest version. */
function lookOf(ranges: Range[]): Look[] {
  return ranges.slice(-1).map(({ result }) => STYLES[result])
}

function printDifferences(cells: Performance[]): string[] {
  const different = cells.filter(isDifferent)
  if (different.length === 0) return []
  return [
    '',
    'Unexpected results (!)',
    ...different.map(({ attack, version, expected, ending }) =>
      indented(
        `${attack.slug} on ${version.name}: expected "${WORDS[expected ?? 'nothing']}", got "${WORDS[ending.result]}". ${ending.holds}`,
        3,
      ),
    ),
  ]
}

/** Prints all attacks with their titles, one per line, and what is expected of them. */
export function printList(attacks: Attack[], versions: Version[]): string {
  const width = Math.max(...attacks.map(({ slug }) => slug.length)) + 4
  return groupByRanges(expectedRows(attacks, versions), versions)
    .flatMap(({ ranges, rows }) => [
      paint(headingOf(ranges), 'bold', ...lookOf(ranges)),
      ...rows.map(({ attack: { slug, title } }) => `  ${slug}`.padEnd(width) + title),
    ])
    .join('\n')
}
