import { basename } from 'node:path'
import { shortName, type Version } from './versions.ts'

/** The projects of vitest.config.ts that test a version: its own promises, and those of earlier versions. */
export function promisesKeptBy(version: Version): [own: string, earlier: string] {
  return [shortName(version), `${shortName(version)}, earlier promises`]
}

/** The project that tests the copy in a folder. */
export function promisesOfCopy(folder: string): string {
  return `copy ${basename(folder)}`
}
