import { basename } from 'node:path'
import { shortName, type Version } from './versions.ts'

/** The project of vitest.config.ts that tests each version but the newest against its own promises. */
export const OWN_PROMISES = 'own promises'

/** The project that tests a version against all promises that it keeps: its own, and those of earlier versions. */
export function promisesKeptBy(version: Version): string {
  return shortName(version)
}

/** The project that tests the copy in a folder. */
export function promisesOfCopy(folder: string): string {
  return `copy ${basename(folder)}`
}
