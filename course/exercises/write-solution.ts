import { readFiles } from './copy-draft.ts'
import { endOf } from './exercise-start.ts'
import { makeCopy, type Place, putAside } from './playground.ts'

/** A file that differs between a copy and its version. */
export interface Difference {
  /** With slashes, below the folder of the copy or of the version. */
  path: string
  /** Whether both have it, only the version, or only the copy. */
  kind: 'changed' | 'missing' | 'extra'
}

/** The files in which a copy and its version differ. */
export function listDifferences({ folder, version }: Place): Difference[] {
  const [own, solved] = [readFiles(folder), endOf(version)]
  const paths = [...new Set([...own.keys(), ...solved.keys()])].sort()
  return paths.flatMap((path): Difference[] => {
    if (own.get(path) === solved.get(path)) return []
    if (!own.has(path)) return [{ path, kind: 'missing' }]
    return [{ path, kind: solved.has(path) ? 'changed' : 'extra' }]
  })
}

/**
 * Makes a copy, or one file of it, the same as its version. Deletes a file that the version doesn't
 * have. Keeps the earlier copy.
 *
 * @returns the name of the folder with the earlier copy
 */
export function writeSolution(place: Place, path?: string): string {
  const { folder, version } = place
  const solved = endOf(version)
  const files = new Map(path === undefined ? solved : readFiles(folder))
  if (path !== undefined) {
    const text = solved.get(path)
    if (text === undefined) files.delete(path)
    else files.set(path, text)
  }
  const kept = putAside(place)
  makeCopy(place, files)
  return kept
}
