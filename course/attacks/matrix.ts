import type { Version } from '../programs/versions.ts'
import { type Attack, type Result, stoppedSince } from './attack.ts'
import type { Performance } from './play.ts'

/** What the results are called. */
export const WORDS: Record<Result, string> = { works: 'works', stopped: 'stopped', nothing: '-' }
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

/** Whether it went otherwise than expected. A copy that is named after no version can't differ. */
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
  const first = stoppedSince(attack)
  if (first === undefined) return 'not yet'
  const linkTo = (number: number) => {
    const version = versions.find((candidate) => candidate.number === number)
    return version ? `[${shortName(number)}](versions/${version.name})` : shortName(number)
  }
  const changes = Object.entries(attack.expected)
    .filter(([number]) => Number(number) > first)
    .map(([number, result]) => {
      return `${result === 'works' ? 'succeeds' : 'blocked'} again from ${linkTo(Number(number))}`
    })
  return [linkTo(first), ...changes].join('; ')
}

/** `v02`, of the number 2. */
export function shortName(number: number): string {
  return `v${String(number).padStart(2, '0')}`
}
