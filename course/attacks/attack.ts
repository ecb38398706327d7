import type { Version } from '../programs/versions.ts'
import type { AttackStage } from './attack-stage.ts'
import type { Knowledge } from './knowledge.ts'

/** How an attack ends. `nothing`: the version doesn't have what the attack targets yet. */
export type Result = 'succeeds' | 'blocked' | 'nothing'

export interface Ending {
  result: Result
  /** What the attacker has gained, and what that means. The text is the same in every run. */
  holds: string
}

/** A line of a file, and what replaces it when it is removed. */
export interface Edit {
  /** Relative to the version's folder, or to the top of the repo if it starts with `shared/`. */
  file: string
  /** The whole line without its indentation. The text locates it, so it can move within the file. */
  line: string
  /** The replacement. An empty text removes the line. */
  without: string
}

/** The line that blocks an attack. A test removes it and expects the attack to succeed. */
export interface Check extends Edit {
  /** Other edits needed to disable the check, if one line isn't enough. */
  also?: readonly Edit[]
  /** The first version with this line, if it isn't the first that blocks the attack. */
  from?: number
  /** The first version that no longer has this line, and blocks the attack with another one. */
  until?: number
}

/** What a file in `stories/` exports as `attack`: a description, the expected results, and the story. */
export interface AttackFile {
  title: string
  /** The sections that define the rule against it. */
  rule: string
  /** The result from the version with this number on, until the next number listed. */
  expected: Readonly<Record<number, Result>>
  /** The feature that the attack targets, and what to say if a version doesn't have it. */
  needs?: { feature: keyof Knowledge; otherwise: string }
  /** The lines that block it. Empty if no version does. */
  checks: readonly Check[]
  /** What would block it, if the newest version doesn't. */
  remedy?: string
  /** Time passes in it: it moves the clock of its whole process, so it has to play alone. */
  movesClock?: true
  play(stage: AttackStage): Promise<Ending>
}

export interface Attack extends AttackFile {
  /** The name of its file. */
  slug: string
}

/** Whether the attacker succeeded, and what they have gained in either case. */
export function ending(succeeded: boolean, holds: Record<'succeeds' | 'blocked', string>): Ending {
  return succeeded ? succeeds(holds.succeeds) : blocked(holds.blocked)
}

export function succeeds(holds: string): Ending {
  return { result: 'succeeds', holds }
}

export function blocked(holds: string): Ending {
  return { result: 'blocked', holds }
}

/** The expected result in a version, or undefined for a copy whose folder isn't named after one. */
export function expectedResult(attack: Attack, version: Version): Result | undefined {
  const since = Object.keys(attack.expected).map(Number)
  const latest = since.findLast((number) => number <= version.number)
  return latest === undefined ? undefined : attack.expected[latest]
}

/** The checks that a version has. A copy that isn't named after a version may have any of them. */
export function checksOf({ checks }: Attack, { number }: Version): Check[] {
  return checks.filter(({ from = 0, until = Number.POSITIVE_INFINITY }) => {
    return number === 0 || (from <= number && number < until)
  })
}

/** The number of the first version expected to block it, of those from a number on, or undefined. */
export function blockedSince(attack: Attack, from = 1): number | undefined {
  return Object.keys(attack.expected)
    .map(Number)
    .find((number) => number >= from && attack.expected[number] === 'blocked')
}

/** The first version that blocks an attack, or undefined. */
export function blockingVersion<Kind extends Version>(
  attack: Attack,
  versions: Kind[],
): Kind | undefined {
  return versions.find((version) => expectedResult(attack, version) === 'blocked')
}

/**
 * The versions that show an attack best: the last one where it succeeds before one blocks it, the one that blocks
 * it, and the first after that where it succeeds again.
 */
export function tellingVersions<Kind extends Version>(attack: Attack, versions: Kind[]): Kind[] {
  const blocks = blockingVersion(attack, versions)
  const turn = blocks?.number ?? Number.POSITIVE_INFINITY
  const succeeding = versions.filter((version) => expectedResult(attack, version) === 'succeeds')
  return [
    succeeding.findLast(({ number }) => number < turn),
    blocks,
    succeeding.find(({ number }) => number > turn),
  ].filter((version) => version !== undefined)
}
