import type { Attack } from '@oauth-lab/course/attacks/attack.ts'
import {
  groupAttacks,
  isDifferent,
  LEGEND,
  RESULTS,
  WORDS,
} from '@oauth-lab/course/attacks/matrix.ts'
import type { Performance } from '@oauth-lab/course/attacks/play.ts'
import { shortName, type Version } from '@oauth-lab/course/programs/versions.ts'
import type { Paint } from './ansi.ts'
import { indented } from './wrap.ts'

const STYLES = { succeeds: 'red', blocked: 'green', nothing: 'dim' } as const

/** Prints all results as a table for a terminal, with a legend and the unexpected results. */
export function printMatrix(rows: Performance[][], versions: Version[], paint: Paint): string {
  const names = versions.map(shortName)
  const nameWidth = Math.max(...rows.map(([cell]) => cell?.attack.slug.length ?? 0)) + 4
  const width = Math.max(10, ...names.map(({ length }) => length + 2))
  const lines = [' '.repeat(nameWidth) + names.map((name) => name.padEnd(width)).join('')]

  const attacks = rows.flatMap(([cell]) => cell?.attack ?? [])
  for (const group of groupAttacks(attacks)) {
    lines.push(paint(group.heading, 'bold'))
    for (const attack of group.attacks) {
      const cells = rows.find(([cell]) => cell?.attack === attack) ?? []
      lines.push(
        printRow(
          attack.slug.padStart(attack.slug.length + 2).padEnd(nameWidth),
          cells,
          width,
          paint,
        ),
      )
    }
  }

  const legend = RESULTS.map(
    (result) => `${paint(WORDS[result].padEnd(10), STYLES[result])}${LEGEND[result]}`,
  )
  const hint = 'npm run attack NAME shows one attack step by step.'
  return [...lines, '', ...legend, '', hint, ...printDifferences(rows.flat())].join('\n')
}

function printRow(name: string, cells: Performance[], width: number, paint: Paint): string {
  const words = cells.map((cell) => {
    const { result } = cell.ending
    const text = isDifferent(cell) ? `${WORDS[result]} !` : WORDS[result]
    return paint(text.padEnd(width), STYLES[result])
  })
  return (name + words.join('')).trimEnd()
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

/** Prints all attacks, one per line. */
export function printList(attacks: Attack[], paint: Paint): string {
  const width = Math.max(...attacks.map(({ slug }) => slug.length)) + 4
  return groupAttacks(attacks)
    .flatMap((group) => [
      paint(group.heading, 'bold'),
      ...group.attacks.map(({ slug, title }) => `  ${slug}`.padEnd(width) + title),
    ])
    .join('\n')
}
