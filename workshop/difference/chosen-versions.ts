import { stepName } from '@oauth-lab/course/differences/compare.ts'
import { copyName } from '@oauth-lab/course/exercises/exercise-start.ts'
import { type KnownVersion, knownVersion, knownVersions } from '../known-versions.ts'
import { PageTrouble } from '../page-trouble.ts'

/** Two versions to compare. */
export interface VersionPair {
  older: KnownVersion
  newer: KnownVersion
}

/**
 * The two versions in an address.
 *
 * @throws {PageTrouble} if one doesn't exist
 */
export function pairOf(from: string, to: string, playground: string): VersionPair {
  return { older: requireVersion(from, playground), newer: requireVersion(to, playground) }
}

/**
 * The version with this id.
 *
 * @throws {PageTrouble} if there is none
 */
export function requireVersion(id: string, playground: string): KnownVersion {
  const version = knownVersion(id, playground)
  if (version !== undefined) return version
  const ids = knownVersions(playground).map((known) => known.id)
  throw new PageTrouble(
    404,
    `There is no version with that name. Choose one of these: ${ids.join(', ')}.`,
  )
}

/** The name of a version on a page: `v02-state`, or `your v02` for the learner's copy of that exercise. */
export function titleOf({ name, leadsTo }: KnownVersion): string {
  return leadsTo === undefined ? name : `your ${copyName(leadsTo)}`
}

/** The name of a step on a page: `v01 to v02`, or `your v02 to v02-state`. */
export function pairName({ older, newer }: VersionPair): string {
  const hasCopy = older.leadsTo !== undefined || newer.leadsTo !== undefined
  return hasCopy ? `${titleOf(older)} to ${titleOf(newer)}` : stepName(older, newer)
}
