import { PLAYGROUND, placeOf } from '@oauth-lab/course/exercises/playground.ts'
import { isVersionFolder, listVersions, type Version } from '@oauth-lab/course/programs/versions.ts'

/** A version that this app may run: a snapshot, or a learner's copy. */
export interface KnownVersion extends Version {
  /** What addresses and forms call it: `v02-state`, or `copy-v02` for the copy that leads there. */
  id: string
  /** Of a copy: the version that it leads to. */
  leadsTo: Version | undefined
}

/**
 * The snapshots, and the learner's copies that can be run.
 *
 * @param playground where the copies are
 */
export function knownVersions(playground: string = PLAYGROUND): KnownVersion[] {
  const versions = listVersions()
  const snapshots = versions.map((version) => asKnown(version, version.name, undefined))
  const copies = versions.flatMap((version) => {
    const { folder, name } = placeOf(version, playground)
    const copy = { name, folder, number: version.number }
    return isVersionFolder(folder) ? [asKnown(copy, `copy-${name}`, version)] : []
  })
  return [...snapshots, ...copies]
}

/** The one of this id, which may come from anywhere: it is looked up, and never made a path of. */
export function knownVersion(
  id: string,
  playground: string = PLAYGROUND,
): KnownVersion | undefined {
  return knownVersions(playground).find((version) => version.id === id)
}

/** A version that was named on the command line: a known one, or a copy in some other folder. */
export function knownVersionOf(version: Version): KnownVersion {
  const known = knownVersions().find(({ folder }) => folder === version.folder)
  return known ?? asKnown(version, version.name, undefined)
}

function asKnown(version: Version, id: string, leadsTo: Version | undefined): KnownVersion {
  return { ...version, id, leadsTo }
}
