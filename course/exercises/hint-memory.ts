import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** The number of hints given for each step. */
type Memory = Record<string, number>

/**
 * Counts one more hint for a step, up to the last, and returns the count. A hidden file beside the copy
 * remembers it until a new copy is made.
 */
export function countHint(folder: string, step: number, last: number): number {
  const file = fileOf(folder)
  const memory = read(file)
  const given = Math.min((memory[step] ?? 0) + 1, last)
  // Written anew: there may be a link with this name.
  rmSync(file, { force: true })
  writeFileSync(file, `${JSON.stringify({ ...memory, [step]: given })}\n`, { flag: 'wx' })
  return given
}

/** The number of hints given for a step. */
export function givenHints(folder: string, step: number): number {
  return read(fileOf(folder))[step] ?? 0
}

/** Starts the hints for a copy again. */
export function forgetHints(folder: string): void {
  rmSync(fileOf(folder), { force: true })
}

function fileOf(folder: string): string {
  return join(dirname(folder), `.${basename(folder)}-hints.json`)
}

function read(file: string): Memory {
  try {
    const entries = Object.entries(Object(JSON.parse(readFileSync(file, 'utf8'))))
    return Object.fromEntries(entries.filter(isCount))
  } catch {
    // There is no file, or an unreadable one, so the hints start again.
    return {}
  }
}

function isCount(entry: [string, unknown]): entry is [string, number] {
  return Number.isInteger(entry[1]) && Number(entry[1]) > 0
}
