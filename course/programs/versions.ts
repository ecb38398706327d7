import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { wrongUsage } from '../told-error.ts'

/** The top of the repo. */
export const ROOT = join(import.meta.dirname, '..', '..')
const VERSIONS = join(ROOT, 'versions')

/** A snapshot, or a learner's copy of one. */
export interface Version {
  /** The name of its folder, such as `v03-pkce`. */
  name: string
  /** Its absolute folder. */
  folder: string
  /** 3 for `v03-pkce`, 0 for a folder with another name. */
  number: number
}

/** The snapshots in versions/, by number. */
export function listVersions(): Version[] {
  return readdirSync(VERSIONS)
    .filter((name) => /^v\d+-/.test(name) && isVersionFolder(join(VERSIONS, name)))
    .sort()
    .map((name) => asVersion(join(VERSIONS, name)))
}

/**
 * The version that `v03`, `3` or `v03-pkce` means, or the copy in the folder that a path leads to.
 *
 * @param from the folder that a relative path starts from
 * @throws {ToldError}
 */
export function findVersion(text: string, from: string = process.cwd()): Version {
  const found = lookUpVersion(text, from)
  if (found !== undefined) return found
  const names = listVersions().map(({ name }) => name)
  throw wrongUsage(
    `There is no version ${JSON.stringify(text)}. Choose one of these: ${names.join(', ')}.`,
  )
}

/** The same, or undefined if there is none. */
export function lookUpVersion(text: string, from: string = process.cwd()): Version | undefined {
  const versions = listVersions()
  const number = /^v?0*(\d+)$/i.exec(text)?.[1]
  const found = versions.find(
    (version) =>
      version.name === text || (number !== undefined && version.number === Number(number)),
  )
  if (found !== undefined) return found

  const folder = resolve(from, text)
  return isVersionFolder(folder) ? asVersion(folder) : undefined
}

/** `v03` for a version, or the name of another folder. */
export function shortName({ name, number }: Version): string {
  return number === 0 ? name : shortNameOf(number)
}

/** `v03` for the number 3. */
export function shortNameOf(number: number): string {
  return `v${String(number).padStart(2, '0')}`
}

/** Whether a folder is a copy, not a snapshot. */
export function isCopy({ folder }: Version): boolean {
  return listVersions().every((version) => version.folder !== folder)
}

/** The version just before this one. Undefined for the first, and for a folder without a version's name. */
export function versionBefore(version: Version): Version | undefined {
  return listVersions().findLast(({ number }) => number > 0 && number < version.number)
}

/** Whether a folder can run as a version: each has a server. */
export function isVersionFolder(folder: string): boolean {
  const main = join(folder, 'server', 'main.ts')
  return existsSync(main) && statSync(main).isFile()
}

function asVersion(folder: string): Version {
  const name = basename(folder)
  return { name, folder, number: Number(/^v(\d+)/.exec(name)?.[1] ?? 0) }
}
