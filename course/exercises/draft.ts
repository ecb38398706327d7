import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { listFiles } from '../differences/files.ts'
import { isProgramCode } from '../programs/programs.ts'

/** The text of each file of a copy, by its path with slashes. */
export type Files = ReadonlyMap<string, string>

/** What a copy has besides the code. */
const CONFIGURATION = ['tsconfig.json', 'package.json']

/** Reads the code of a version or of a copy. */
export function readFiles(folder: string): Files {
  const paths = listFiles(folder).filter(
    (path) => isProgramCode(path) || CONFIGURATION.includes(path),
  )
  return new Map(paths.map((path) => [path, readFileSync(join(folder, path), 'utf8')]))
}

/** A change at one place in a text. The old text must be there exactly once. */
export type Change = readonly [from: string, to: string]

/** A quote that should be in a text exactly once, and isn't. */
export class StaleQuoteError extends Error {
  /** The quotes that weren't found. */
  readonly quotes: string[]
  /** The text that should have them. */
  readonly text: string
  /** The file that the text is from, if known. */
  readonly path: string | undefined

  constructor(message: string, quotes: string[], text: string, path?: string) {
    super(message)
    this.quotes = quotes
    this.text = text
    this.path = path
  }
}

/**
 * A copy on its way from one version to the next. It takes its text from the version it leads to, so a
 * fix there needs no fix here.
 */
export class Draft {
  readonly #files: Map<string, string>
  readonly #target: Files

  constructor(start: Files, target: Files) {
    this.#files = new Map(start)
    this.#target = target
  }

  get files(): Files {
    return this.#files
  }

  /** Takes a file from the version, with some changes. */
  take(path: string, ...changes: Change[]): void {
    this.write(path, change(path, this.final(path), changes))
  }

  /** Takes files from the version as they are. */
  takeAll(...paths: string[]): void {
    for (const path of paths) this.take(path)
  }

  /** Changes a file as it is now. */
  edit(path: string, ...changes: Change[]): void {
    this.write(path, change(path, this.#files.get(path), changes))
  }

  write(path: string, text: string): void {
    this.#files.set(path, text)
  }

  remove(path: string): void {
    this.#files.delete(path)
  }

  /** The text of a file in the version. */
  final(path: string): string {
    const text = this.#target.get(path)
    if (text !== undefined) return text
    throw new StaleQuoteError(`The version has no file ${path}.`, [path], '', path)
  }
}

/**
 * Applies changes to a text.
 *
 * @throws {StaleQuoteError} with all quotes that aren't there exactly once
 */
export function change(path: string, text: string | undefined, changes: readonly Change[]): string {
  const quotes = changes.map(([from]) => from)
  if (text === undefined) {
    throw new StaleQuoteError(`There is no file ${path}.`, quotes, '', path)
  }
  const stale: string[] = []
  const changed = changes.reduce((before, [from, to]) => {
    const parts = before.split(from)
    if (parts.length === 2) return parts.join(to)
    stale.push(from)
    return before
  }, text)
  if (stale.length === 0) return changed
  const message = `${path} should have this once:\n${stale.join('\n')}`
  throw new StaleQuoteError(message, stale, text, path)
}

/**
 * The part of a text from one quote up to another, or to the end.
 *
 * @throws {StaleQuoteError} if one of them isn't there
 */
export function part(text: string, from: string, to?: string): string {
  const start = text.indexOf(from)
  const end = to === undefined ? text.length : text.indexOf(to, start + from.length)
  if (start === -1 || end === -1) {
    const quote = start === -1 ? from : (to ?? from)
    throw new StaleQuoteError(`This text has no ${quote}:\n${text}`, [quote], text)
  }
  return text.slice(start, end)
}
