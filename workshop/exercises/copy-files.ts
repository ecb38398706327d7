import { createHash } from 'node:crypto'
import {
  accessSync,
  constants,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { NOT_SHOWN } from '@oauth-lab/course/differences/compare.ts'
import { LARGEST_TEXT, listFilesIfThere, readText } from '@oauth-lab/course/differences/files.ts'
import type { Place } from '@oauth-lab/course/exercises/playground.ts'
import { isProgramCode } from '@oauth-lab/course/programs/programs.ts'
import { PageTrouble } from '../page-trouble.ts'

/** A text on disk. Its hash says which text someone has read, and must not have changed when it is replaced. */
export interface TextOnDisk {
  text: string
  hash: string
}

/** Someone's text would replace one that they haven't read. */
export class Conflict extends PageTrouble {
  /** Undefined if the file is gone. */
  readonly disk: TextOnDisk | undefined

  constructor(message: string, disk: TextOnDisk | undefined) {
    super(409, message)
    this.disk = disk
  }
}

/** A part of a path that means the same on every system: no `..`, no drive, no hidden file. */
const NAME = /^\w[\w.-]*$/
/** Names of devices on Windows, with any extension, and the link to the packages. */
const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d|node_modules)(?:\.|$)/i
const LONGEST_PATH = 200

/** The files of a copy, each with its hash. One that isn't text has none. */
export function listCopyFiles({ folder }: Place): { path: string; hash: string | undefined }[] {
  return listFilesIfThere(folder).map((path) => ({ path, hash: readDisk(folder, path)?.hash }))
}

/** @throws {PageTrouble} if there is no such file, or it isn't text */
export function readCopyFile({ folder }: Place, path: string): TextOnDisk {
  if (!isListed(folder, path)) throw new PageTrouble(404, `Your copy has no file ${path}.`)
  return requireDisk(folder, path)
}

/**
 * Writes a file of a copy, unless it has changed since it was read.
 *
 * @param hash the hash of the text that this one replaces, or undefined for a new file
 * @returns the hash of the text
 * @throws {Conflict} if the file on disk has another text
 * @throws {PageTrouble} if the file or the text can't be part of a copy
 */
export function saveCopyFile(
  { folder }: Place,
  path: string,
  text: string,
  hash: string | undefined,
): string {
  requireText(text)
  if (isListed(folder, path)) {
    requireUnchanged(folder, path, hash)
    replaceFile(join(folder, path), text)
    return hashOf(text)
  }
  if (hash !== undefined) throw new Conflict(`${path} is gone from the disk.`, undefined)
  requireNewPath(path)
  makeFolders(folder, path)
  // A link is in the way: nothing may be written through it.
  writeFileSync(join(folder, path), text, { flag: 'wx' })
  return hashOf(text)
}

/**
 * Deletes a file of a copy, unless it has changed since it was read.
 *
 * @throws {Conflict} if the file on disk has another text
 */
export function deleteCopyFile({ folder }: Place, path: string, hash: string): void {
  if (!isListed(folder, path)) return
  requireUnchanged(folder, path, hash)
  rmSync(join(folder, path))
}

/** Looked up in the list, which follows no links, so a path from a request never leads out of the copy. */
function isListed(folder: string, path: string): boolean {
  return listFilesIfThere(folder).includes(path)
}

function requireUnchanged(folder: string, path: string, hash: string | undefined): void {
  const disk = requireDisk(folder, path)
  if (disk.hash === hash) return
  throw new Conflict(`${path} has changed on disk. Nothing was overwritten.`, disk)
}

function requireDisk(folder: string, path: string): TextOnDisk {
  const disk = readDisk(folder, path)
  if (disk === undefined) throw new PageTrouble(415, NOT_SHOWN)
  return disk
}

function readDisk(folder: string, path: string): TextOnDisk | undefined {
  const text = readText(folder, path)
  return text === undefined ? undefined : { text, hash: hashOf(text) }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

function requireText(text: string): void {
  const bytes = Buffer.from(text)
  if (bytes.length > LARGEST_TEXT) {
    throw new PageTrouble(413, `This text is too long. A file has at most ${LARGEST_TEXT} bytes.`)
  }
  if (text.includes('\0') || bytes.toString() !== text) {
    throw new PageTrouble(400, "This isn't text: it has characters that no text file can have.")
  }
}

function requireNewPath(path: string): void {
  const names = path.split('/')
  const isAllowed = names.every(
    (name) => NAME.test(name) && !name.endsWith('.') && !RESERVED.test(name),
  )
  if (isAllowed && path.length <= LONGEST_PATH && isProgramCode(path)) return
  throw new PageTrouble(
    400,
    "A new file has a path such as client/session.ts: a program's folder, then a name of letters, digits, dots and dashes.",
  )
}

/** Another name of the old file, outside of the copy, keeps the old text, and so does the copy if the disk is full. */
function replaceFile(file: string, text: string): void {
  accessSync(file, constants.W_OK)
  const next = join(dirname(file), `.${basename(file)}.next`)
  rmSync(next, { force: true })
  try {
    writeFileSync(next, text, { flag: 'wx' })
    renameSync(next, file)
  } finally {
    rmSync(next, { force: true })
  }
}

/**
 * Makes the folders of a new file.
 *
 * @throws {PageTrouble} if a file or a link has the name of one of them, or something has one of the names in other
 * letter case: Windows and macOS keep only one of the two
 */
function makeFolders(folder: string, path: string): void {
  const names = path.split('/')
  let at = folder
  for (const [index, name] of names.entries()) {
    const twin = readdirSync(at).find((one) => {
      return one !== name && one.toLowerCase() === name.toLowerCase()
    })
    if (twin !== undefined) {
      throw new PageTrouble(409, `Your copy has ${twin} already: some systems can't keep both.`)
    }
    if (index === names.length - 1) return
    at = join(at, name)
    const stat = lstatSync(at, { throwIfNoEntry: false })
    if (stat === undefined) mkdirSync(at)
    else if (!stat.isDirectory()) throw new PageTrouble(409, `${name} is no folder of your copy.`)
  }
}
