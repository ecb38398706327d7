import { shortName, type Version } from '../programs/versions.ts'
import { type Attack, expectedResult, type Result } from './attack.ts'
import type { Performance } from './play.ts'

/** The word for each result. */
export const WORDS: Record<Result, string> = {
  succeeds: 'succeeds',
  blocked: 'blocked',
  nothing: 'nothing to attack yet',
}
/** What the words of a heading mean. */
export const LEGEND = [
  { result: 'succeeds', meaning: 'the attacker gets what they want' },
  {
    result: 'blocked',
    meaning: 'the attacker gets nothing, and the story names the line of code that blocks it',
  },
] as const
export const UNNAMED =
  "A version that a heading doesn't name doesn't have what the attack targets yet."

/** A row of a matrix: an attack, and its result in each version. */
export interface Row {
  attack: Attack
  results: Result[]
}

/** The expected results. The tests check that they are true. */
export function expectedRows(attacks: Attack[], versions: Version[]): Row[] {
  return attacks.map((attack) => ({
    attack,
    results: versions.map((version) => expectedResult(attack, version) ?? 'nothing'),
  }))
}

/** Versions in a row in which an attack ends the same way. */
export interface Range {
  result: Exclude<Result, 'nothing'>
  /** Whether an earlier range ended this way, too. */
  isAgain: boolean
  first: Version
  /** The last version of the range. Undefined if it goes on to the newest version. */
  last: Version | undefined
}

/** How an attack ends, from version to version. Versions without its target are left out. */
export function rangesOf(results: Result[], versions: Version[]): Range[] {
  const ranges: Range[] = []
  for (const [index, first] of versions.entries()) {
    const result = results[index]
    if (result === undefined || result === 'nothing' || result === results[index - 1]) continue
    const isAgain = ranges.some((range) => range.result === result)
    const end = results.findIndex((other, at) => at > index && other !== result)
    const isOpen = end === -1 && versions.length > 1
    ranges.push({ result, isAgain, first, last: isOpen ? undefined : (versions[end - 1] ?? first) })
  }
  return ranges
}

/** Where a range is, such as `again from v13`, `in v01` or `in v01 to v03`. */
export function placeOf({ isAgain, first, last }: Range, nameOf = shortName): string {
  const again = isAgain ? 'again ' : ''
  if (last === undefined) return `${again}from ${nameOf(first)}`
  if (last === first) return `${again}in ${nameOf(first)}`
  const between = last.number - first.number === 1 ? 'and' : 'to'
  return `${again}in ${nameOf(first)} ${between} ${nameOf(last)}`
}

/** The ranges as a heading, such as `Succeeds in v01, blocked from v02`. */
export function headingOf(ranges: Range[], nameOf = shortName): string {
  const parts = ranges.map((range) => `${WORDS[range.result]} ${placeOf(range, nameOf)}`)
  const text = parts.join(', ') || WORDS.nothing
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** Attacks that end the same way in every version, in the order of the version that first blocks them. */
export function groupByRanges<R extends Row>(
  rows: R[],
  versions: Version[],
): { ranges: Range[]; rows: R[] }[] {
  const groups = new Map<string, { ranges: Range[]; rows: R[] }>()
  for (const row of [...rows].sort((one, other) => placeOfRow(one) - placeOfRow(other))) {
    const ranges = rangesOf(row.results, versions)
    const group = groups.get(headingOf(ranges)) ?? { ranges, rows: [] }
    group.rows.push(row)
    groups.set(headingOf(ranges), group)
  }
  return [...groups.values()]
}

/** First those that a version blocks, then those that succeed, then those without a target. */
function placeOfRow({ results }: Row): number {
  const blocked = results.indexOf('blocked')
  if (blocked !== -1) return blocked
  return results.includes('succeeds') ? results.length : results.length + 1
}

/** The expected results as lists for README.md. */
export function matrixAsMarkdown(attacks: Attack[], versions: Version[]): string {
  const link = (version: Version) => `[${shortName(version)}](versions/${version.name})`
  return groupByRanges(expectedRows(attacks, versions), versions)
    .flatMap(({ ranges, rows }) => [
      `**${headingOf(ranges, link)}**`,
      rows
        .map(({ attack: { slug, title } }) => {
          return `- [\`${slug}\`](course/attacks/stories/${slug}.ts) ${title}`
        })
        .join('\n'),
    ])
    .join('\n\n')
}

/** Whether the result differs from the expected one. A copy that isn't named after a version has no expected result. */
export function isDifferent({ ending, expected }: Performance): boolean {
  return expected !== undefined && expected !== ending.result
}
