import { shortNameOf, type Version } from '../programs/versions.ts'
import { type Attack, blockedSince, type Result } from './attack.ts'
import type { Performance } from './play.ts'

/** The word for each result. */
export const WORDS: Record<Result, string> = {
  succeeds: 'succeeds',
  blocked: 'blocked',
  nothing: '-',
}
/** What each result means. */
export const LEGEND: Record<Result, string> = {
  succeeds: 'the attacker gets what they want',
  blocked: 'the attacker gets nothing, and the story names the line of code that blocks it',
  nothing: "the version doesn't have what the attack targets yet",
}
/** The results, in the order of the legend. */
export const RESULTS = ['succeeds', 'blocked', 'nothing'] as const

/** Groups attacks by the first version that blocks them. Attacks that no version blocks come last. */
export function groupAttacks(attacks: Attack[]): { heading: string; attacks: Attack[] }[] {
  const groups = new Map<number, Attack[]>()
  for (const attack of attacks) {
    const since = blockedSince(attack) ?? Number.POSITIVE_INFINITY
    groups.set(since, [...(groups.get(since) ?? []), attack])
  }
  return [...groups]
    .sort(([one], [other]) => one - other)
    .map(([since, members]) => ({
      heading:
        since === Number.POSITIVE_INFINITY
          ? 'Not blocked yet'
          : `Blocked from ${shortNameOf(since)}`,
      attacks: members,
    }))
}

/** Whether the result differs from the expected one. A copy that isn't named after a version has no expected result. */
export function isDifferent({ ending, expected }: Performance): boolean {
  return expected !== undefined && expected !== ending.result
}

/** From which version on each attack is expected to be blocked, as a table for README.md. The tests check that it's true. */
export function matrixAsMarkdown(attacks: Attack[], versions: Version[]): string {
  const rows = groupAttacks(attacks).flatMap((group) => group.attacks)
  return [
    '| attack | blocked from |',
    '| --- | --- |',
    ...rows.map((attack) => {
      const name = `[\`${attack.slug}\`](course/attacks/stories/${attack.slug}.ts)`
      return `| ${name} ${attack.title} | ${blockedFrom(attack, versions)} |`
    }),
  ].join('\n')
}

/** The version that blocks an attack, and each later one in which that changes. */
function blockedFrom(attack: Attack, versions: Version[]): string {
  const first = blockedSince(attack)
  if (first === undefined) return 'not yet'
  const linkTo = (number: number) => {
    const version = versions.find((candidate) => candidate.number === number)
    return version ? `[${shortNameOf(number)}](versions/${version.name})` : shortNameOf(number)
  }
  const changes = Object.entries(attack.expected)
    .filter(([number]) => Number(number) > first)
    .map(([number, result]) => {
      return `${result === 'succeeds' ? 'succeeds' : 'blocked'} again from ${linkTo(Number(number))}`
    })
  return [linkTo(first), ...changes].join('; ')
}
