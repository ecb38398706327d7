import type { Version } from '../programs/versions.ts'
import type { AttackStage } from './attack-stage.ts'
import type { Knowledge } from './knowledge.ts'

/** How an attack ends. `nothing`: the version has not got yet what the attack is after. */
export type Result = 'works' | 'stopped' | 'nothing'

export interface Ending {
  result: Result
  /** What the attacker holds now, and what that means. Nothing in it changes from run to run. */
  holds: string
}

/** A line of a file, and what stands there when it is taken out. */
export interface Edit {
  /** Below the version's folder, or, where it begins with `shared/`, below the top of the repo. */
  file: string
  /** The whole line without its indentation. It is found by this text, so that it can move. */
  line: string
  /** Put in its place; empty takes the line away. */
  without: string
}

/** What stops an attack. Without it the attack works again: a test tries that. */
export interface Check extends Edit {
  /** What has to go along with it, where one line does not stand alone. */
  also?: readonly Edit[]
}

/** An attack: how it is told, what is expected of it, and what it does. */
export interface Attack {
  slug: string
  title: string
  /** Where the rule stands that stops it. */
  rule: string
  /** The result in the version of this number and in all later ones, up to the next number. */
  expected: Readonly<Record<number, Result>>
  /** What a version has to have before there is anything to attack, and what to say where it has not. */
  needs?: { feature: keyof Knowledge; otherwise: string }
  /** The lines that stop it, in the first version that does. Empty where none does yet. */
  checks: readonly Check[]
  /** What would stop it, where no version does yet. */
  remedy?: string
  /** Settings that the programs run with, for stories in which time passes. */
  settings?(knows: Knowledge): Record<string, string>
  play(stage: AttackStage): Promise<Ending>
}

export function works(holds: string): Ending {
  return { result: 'works', holds }
}

export function stopped(holds: string): Ending {
  return { result: 'stopped', holds }
}

/** What is expected in a version, or undefined in a copy whose folder is not named after one. */
export function expectedResult(attack: Attack, version: Version): Result | undefined {
  const since = Object.keys(attack.expected).map(Number)
  const latest = since.findLast((number) => number <= version.number)
  return latest === undefined ? undefined : attack.expected[latest]
}

/** The number of the first version that is expected to stop it, or undefined. */
export function stoppedSince(attack: Attack): number | undefined {
  return Object.keys(attack.expected)
    .map(Number)
    .find((number) => attack.expected[number] === 'stopped')
}

/** The versions that tell most of an attack: the last where it works, and the first that stops it then. */
export function tellingVersions<Kind extends Version>(attack: Attack, versions: Kind[]): Kind[] {
  const last = versions.findLast((version) => expectedResult(attack, version) === 'works')
  const first = versions.find(
    (version) =>
      version.number > (last?.number ?? 0) && expectedResult(attack, version) === 'stopped',
  )
  return [last, first].filter((version) => version !== undefined)
}
