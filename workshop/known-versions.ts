import { stepName } from '@oauth-lab/course/differences/compare.ts'
import { copyName } from '@oauth-lab/course/exercises/exercise-start.ts'
import { PLAYGROUND, placeOf } from '@oauth-lab/course/exercises/playground.ts'
import { isVersionFolder, listVersions, type Version } from '@oauth-lab/course/programs/versions.ts'
import { foundByName } from './page-trouble.ts'

/** A version that this app may run: a snapshot, or a learner's copy. */
export interface KnownVersion extends Version {
  /** Its id in addresses and forms: `v02-state`, or `copy-v02` for the copy of that exercise. */
  id: string
  /** For a copy, the version that its exercise leads to. */
  leadsTo: Version | undefined
}

/** Two versions to compare. */
export interface VersionPair {
  older: KnownVersion
  newer: KnownVersion
}

/**
 * The snapshots, and the learner's copies that can run.
 *
 * @param playground the folder of the copies
 */
export function knownVersions(playground = PLAYGROUND): KnownVersion[] {
  const versions = listVersions()
  const snapshots = versions.map((version) => asKnown(version, version.name, undefined))
  const copies = versions.flatMap((version) => {
    const { folder, name } = placeOf(version, playground)
    const copy = { name, folder, number: version.number }
    return isVersionFolder(folder) ? [asKnown(copy, `copy-${name}`, version)] : []
  })
  return [...snapshots, ...copies]
}

/** The version with this id. The id may come from anywhere, so it is looked up and never used in a path. */
export function knownVersion(id: string, playground = PLAYGROUND): KnownVersion | undefined {
  return knownVersions(playground).find((version) => version.id === id)
}

/** @throws {PageTrouble} if no version has this id */
export function requireVersion(id: string, playground: string): KnownVersion {
  return foundByName(knownVersions(playground), (version) => version.id, id, 'version')
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

/** Every version, as choices in a form. */
export function choicesIn(playground: string): { id: string; title: string }[] {
  return knownVersions(playground).map((version) => ({ id: version.id, title: titleOf(version) }))
}

/** A version from the command line: a known one, or a copy in another folder. */
export function knownVersionOf(version: Version): KnownVersion {
  const known = knownVersions().find(({ folder }) => folder === version.folder)
  return known ?? asKnown(version, version.name, undefined)
}

function asKnown(version: Version, id: string, leadsTo: Version | undefined): KnownVersion {
  return { ...version, id, leadsTo }
}
