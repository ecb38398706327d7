import { basename } from 'node:path'
import { shortName, type Version } from './versions.ts'

/** The projects of vitest.config.ts that check a version: its own promises, and those it keeps of earlier versions, if any. */
export function promisesKeptBy(version: Version): [own: string, earlier: string] {
  return [shortName(version), `${shortName(version)}, earlier promises`]
}

/** The project that checks the copy in a folder. */
export function promisesOfCopy(folder: string): string {
  return `copy ${basename(folder)}`
}
