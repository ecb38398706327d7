import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import ignore, { type Ignore } from 'ignore'
import { ROOT } from '../programs/versions.ts'

/** Nobody writes a longer file of code, and to compare or to color one takes long. In bytes. */
const LARGEST_TEXT = 100_000
/** How many lines of a .gitignore count: each is tried at every file. */
const MOST_RULES = 500

/**
 * The files of a version or of a learner's copy, as paths with slashes below its folder. What the
 * repo's .gitignore leaves out, or one in the folder itself, is left out here.
 */
export function listFiles(folder: string): string[] {
  const ignored = ignore().add(['.git', ...rulesIn(ROOT), ...rulesIn(folder)])
  return [...walk(folder, '', ignored)].sort()
}

/** The same; none of a folder that is not there, that is being deleted, or that may not be read. */
export function listFilesIfThere(folder: string): string[] {
  try {
    return listFiles(folder)
  } catch {
    return []
  }
}

/** The text of a file; undefined where there is none, where it is no text in UTF-8, or where it is too long. */
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
