import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import ignore, { type Ignore } from 'ignore'
import { ROOT } from '../programs/versions.ts'

/** The longest file to read, in bytes. Comparing or highlighting a longer one takes too long. */
export const LARGEST_TEXT = 100_000
/** The most lines of a .gitignore to read, because each is tested on every file. */
const MOST_RULES = 500

/**
 * The files of a version or of a learner's copy, as paths with slashes below its folder, without those
 * in the .gitignore of the repo or of the folder.
 */
export function listFiles(folder: string): string[] {
  const ignored = ignore().add(['.git', ...rulesIn(ROOT), ...rulesIn(folder)])
  return [...walk(folder, '', ignored)].sort()
}

/** The same, or none if the folder doesn't exist, is being deleted, or can't be read. */
export function listFilesIfThere(folder: string): string[] {
  try {
    return listFiles(folder)
  } catch {
    return []
  }
}

/** The text of a file, or undefined if it doesn't exist, isn't UTF-8, or is too long. */
export function readText(folder: string, path: string): string | undefined {
  const file = join(folder, path)
  try {
    const stat = statSync(file)
    if (!stat.isFile() || stat.size > LARGEST_TEXT) return undefined
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    const text = decoder.decode(readFileSync(file))
    return text.includes('\0') ? undefined : text
  } catch {
    return undefined
  }
}

function rulesIn(folder: string): string[] {
  return readText(folder, '.gitignore')?.split(/\r?\n/).slice(0, MOST_RULES) ?? []
}

function* walk(folder: string, below: string, ignored: Ignore): Generator<string> {
  for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
    const path = below + entry.name
    if (entry.isDirectory() && !ignored.ignores(`${path}/`)) {
      yield* walk(folder, `${path}/`, ignored)
    }
    if (entry.isFile() && !ignored.ignores(path)) yield path
  }
}
