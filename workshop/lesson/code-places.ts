import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { pairFiles } from '@oauth-lab/course/differences/compare.ts'
import { listFiles } from '@oauth-lab/course/differences/files.ts'
import { ROOT, type Version, versionBefore } from '@oauth-lab/course/programs/versions.ts'
import { knownVersions, titleOf } from '../known-versions.ts'
import { escapePattern, type LinkedText, linkMatches } from './linked-text.ts'

/** A folder whose files have pages. */
export interface CodePlace {
  /** The start of its addresses after `/code/`. */
  id: string
  title: string
  folder: string
  /** The version before it, to mark what is new. */
  before: Version | undefined
}

/** The folders that all versions share, which the lessons link to. */
export const SHARED_FOLDERS = ['shared', 'course', 'scripts', 'maintain']

/** Every folder whose files have pages. */
export function codePlaces(playground: string): CodePlace[] {
  const versions = knownVersions(playground).map((version) => ({
    id: version.id,
    title: titleOf(version),
    folder: version.folder,
    before: versionBefore(version.leadsTo ?? version),
  }))
  const shared = SHARED_FOLDERS.map((name) => {
    return { id: name, title: name, folder: join(ROOT, name), before: undefined }
  })
  return [...versions, ...shared]
}

/** The files of a place that may be shown, grouped by folder, and compared with the version before. */
export function filesOf({ folder, before }: CodePlace) {
  const pairs = before === undefined ? [] : pairFiles(before.folder, folder)
  const kinds = new Map(pairs.map(({ path, kind }) => [path, kind]))
  const files = listFiles(folder).map((path) => ({ path, kind: kinds.get(path) ?? 'same' }))
  return files.sort((one, other) => dirname(one.path).localeCompare(dirname(other.path)))
}

/** The address of a file in the source view, whatever its name. */
export function hrefOfFile({ id }: { id: string }, path: string): string {
  return `/code/${id}/${path.split('/').map(encodeURIComponent).join('/')}`
}

/** Splits a text, with a link for each file of these places that it names as Node does in a stack. */
export function linkPaths(text: string, places: CodePlace[]): LinkedText[] {
  const starts = new Map(
    places.flatMap((place): [string, CodePlace][] => [
      [place.folder, place],
      [pathToFileURL(place.folder).href, place],
    ]),
  )
  const any = [...starts.keys()].map(escapePattern).join('|')
  const file = new RegExp(`(${any})[\\\\/]([\\w./\\\\-]+\\.\\w+)(?::(\\d+)(?::\\d+)?)?`, 'g')
  return linkMatches(text, file, ([, start = '', path = '', line]) => {
    const place = starts.get(start)
    if (place === undefined || path.includes('..')) return undefined
    const href = hrefOfFile(place, path.replaceAll('\\', '/'))
    return line === undefined ? href : `${href}#L${line}`
  })
}
