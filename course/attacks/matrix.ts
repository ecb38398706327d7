import type { Paint } from '../../scripts/print/ansi.ts'
import { wrap } from '../../scripts/print/fill.ts'
import type { Version } from '../programs/versions.ts'
import { type Attack, expectedResult, type Result, stoppedSince } from './attack.ts'
import type { Performance } from './play.ts'

/** What the results are called. */
export const WORDS: Record<Result, string> = { works: 'works', stopped: 'stopped', nothing: '-' }
const STYLES = { works: 'red', stopped: 'green', nothing: 'dim' } as const
const MARKDOWN_WORDS = { works: '**works**', stopped: 'stopped', nothing: '`-`' }
/** What each result means. */
export const LEGEND: Record<Result, string> = {
  works: 'the attacker gets what they are after',
  stopped: 'the attacker does not get it, and the story names the line of code that sees to it',
  nothing: 'the version does not have yet what the attack is after',
}
/** In the order of a legend. */
export const RESULTS = ['works', 'stopped', 'nothing'] as const

/** Attacks by the version that stops them first; those that nothing stops yet come last. */
export function groupAttacks(attacks: Attack[]): { heading: string; attacks: Attack[] }[] {
  const groups = new Map<number, Attack[]>()
  for (const attack of attacks) {
    const since = stoppedSince(attack) ?? Number.POSITIVE_INFINITY
    groups.set(since, [...(groups.get(since) ?? []), attack])
  }
  return [...groups]
    .sort(([one], [other]) => one - other)
    .map(([since, members]) => ({
      heading:
        since === Number.POSITIVE_INFINITY
          ? 'Not stopped yet'
          : `Stopped from ${shortName(since)} on`,
      attacks: members,
    }))
}

/** The results of all attacks as a table for a terminal, with a legend, and what was not expected. */
export function printMatrix(rows: Performance[][], versions: Version[], paint: Paint): string {
  const names = versions.map(columnName)
  const nameWidth = Math.max(...rows.map(([cell]) => cell?.attack.slug.length ?? 0)) + 4
  const width = Math.max(9, ...names.map(({ length }) => length + 2))
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
    (result) => `${paint(WORDS[result].padEnd(9), STYLES[result])}${LEGEND[result]}`,
  )
  const hint = 'npm run attack NAME tells one as a story.'
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

/** Whether it went otherwise than expected. A copy that is named after no version can't differ. */
export function isDifferent({ ending, expected }: Performance): boolean {
  return expected !== undefined && expected !== ending.result
}

function printDifferences(cells: Performance[]): string[] {
  const different = cells.filter(isDifferent)
  if (different.length === 0) return []
  return [
    '',
    'Not as expected (!)',
    ...different.map(({ attack, version, expected, ending }) =>
      wrap(
        `${attack.slug} on ${version.name}: expected "${WORDS[expected ?? 'nothing']}", it is "${WORDS[ending.result]}". ${ending.holds}`,
        3,
      ),
    ),
  ]
}

/** What is expected, as a table for README.md. The suite sees to it that it is also true. */
export function matrixAsMarkdown(attacks: Attack[], versions: Version[]): string {
  const links = versions.map(({ name, number }) => `[${shortName(number)}](versions/${name})`)
  const rows = groupAttacks(attacks).flatMap((group) => group.attacks)
  return [
    `| attack | ${links.join(' | ')} |`,
    `| --- | ${versions.map(() => '---').join(' | ')} |`,
    ...rows.map((attack) => {
      const name = `[\`${attack.slug}\`](course/attacks/stories/${attack.slug}.ts)`
      const cells = versions.map((version) => {
        return MARKDOWN_WORDS[expectedResult(attack, version) ?? 'nothing']
      })
      return `| ${name} ${attack.title} | ${cells.join(' | ')} |`
    }),
    '',
    ...RESULTS.map((result) => `- ${MARKDOWN_WORDS[result]}: ${LEGEND[result]}`),
  ].join('\n')
}

/** All attacks, a line each. */
export function printList(attacks: Attack[], paint: Paint): string {
  const width = Math.max(...attacks.map(({ slug }) => slug.length)) + 4
  return groupAttacks(attacks)
    .flatMap((group) => [
      paint(group.heading, 'bold'),
      ...group.attacks.map(({ slug, title }) => `  ${slug}`.padEnd(width) + title),
    ])
    .join('\n')
}

function shortName(number: number): string {
  return `v${String(number).padStart(2, '0')}`
}

function columnName({ name, number }: Version): string {
  return number === 0 ? name : shortName(number)
}
