import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { namesIn } from '../programs/programs.ts'
import { listVersions, ROOT, type Version } from '../programs/versions.ts'
import { wrongUsage } from '../told-error.ts'
import { type Files, readFiles } from './copy-draft.ts'
import { copyName } from './exercise-start.ts'

/** The folder of the learner's copies. */
export const PLAYGROUND = join(ROOT, 'playground')

/** A version, and the folder of the learner's copy that leads to it. */
export interface Place {
  version: Version
  /** Such as `v02`. */
  name: string
  /** Absolute. */
  folder: string
}

/** The place of a version's copy, whether it exists or not. */
export function placeOf(version: Version, playground = PLAYGROUND): Place {
  const name = copyName(version)
  return { version, name, folder: join(playground, name) }
}

/**
 * The exercise that a word on the command line means: `v02`, `2`, `v02-state` or `playground/v02`.
 *
 * @throws {ToldError}
 */
export function findPlace(text: string | undefined, playground = PLAYGROUND): Place {
  const versions = listVersions()
  const names = versions.map(copyName).join(', ')
  if (text === undefined) throw wrongUsage(`Say which exercise: ${names}.`)
  const word = text.replaceAll('\\', '/').replace(/\/+$/, '').split('/').at(-1) ?? ''
  const number = Number(/^v?0*(\d+)$/i.exec(word)?.[1])
  const version = versions.find(({ name, number: own }) => name === word || own === number)
  if (version === undefined) {
    throw wrongUsage(`There is no exercise ${JSON.stringify(text)}. Choose one of these: ${names}.`)
  }
  return placeOf(version, playground)
}

/** @throws {ToldError} if there is no copy yet */
export function requireCopy({ name, folder }: Place): void {
  if (existsSync(folder)) return
  throw wrongUsage(`There is no playground/${name} yet. Make it first: npm run exercise ${name}`)
}

/** Makes a copy, with the dependencies of its version. */
export function makeCopy(place: Place, files: Files): void {
  writeFiles(place.folder, files)
  linkPackages(place)
}

/** Links a copy to the dependencies of its version, and restores a lost link. */
export function linkPackages({ version, folder }: Place): void {
  const link = join(folder, 'node_modules')
  if (existsSync(link)) return
  // After the repo was moved, there may be a broken link.
  rmSync(link, { force: true })
  const packages = join(version.folder, 'node_modules')
  // A junction, because other links need special rights on Windows.
  symlinkSync(packages, link, 'junction')
}

/** Writes files into a copy and overwrites existing ones. */
export function writeFiles(folder: string, files: Files): void {
  for (const [path, text] of files) {
    const file = join(folder, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
}

/**
 * Puts a copy aside, whole.
 *
 * @returns the name of the folder beside it, such as `v02.old-1`
 */
export function putAside({ name, folder }: Place): string {
  const taken = readdirSync(dirname(folder))
  let number = 1
  while (taken.includes(`${name}.old-${number}`)) number += 1
  renameSync(folder, `${folder}.old-${number}`)
  return `${name}.old-${number}`
}

/** The names of the folders with earlier copies, latest first. */
export function keptCopies({ name, folder }: Place): string[] {
  const numberOf = (kept: string) => Number(kept.slice(`${name}.old-`.length))
  return namesIn(dirname(folder))
    .filter((kept) => kept.startsWith(`${name}.old-`) && numberOf(kept) > 0)
    .sort((one, other) => numberOf(other) - numberOf(one))
}

/** Whether a copy has exactly these files. */
export function holds({ folder }: Place, files: Files): boolean {
  const own = readFiles(folder)
  return own.size === files.size && [...files].every(([path, text]) => own.get(path) === text)
}
