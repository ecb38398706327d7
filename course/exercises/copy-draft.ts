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

/**
 * A change at one place in a text: a quote that is there exactly once, and its replacement. With a third text, the quote
 * is everything from the first one up to that, or up to the `END`.
 */
export type Change = readonly [
  from: string,
  to: string | ((quote: string) => string),
  upTo?: string | typeof END | undefined,
]

export const END = Symbol('the end of the text')

/** Removes a quote, or everything from it up to another one. */
export function drop(from: string, upTo?: Change[2]): Change {
  return [from, '', upTo]
}

/** Quotes that should be in a file exactly once, and aren't. */
export class StaleQuoteError extends Error {
  readonly path: string
  readonly quotes: string[]

  constructor(path: string, quotes: string[]) {
    super(`${path} should have this once:\n${quotes.join('\n')}`)
    this.path = path
    this.quotes = quotes
  }
}

/** A file that should be there, and isn't. */
export class MissingFileError extends StaleQuoteError {}

/**
 * A copy on its way from one version to the next. It takes its text from the version it leads to, so a
 * fix there needs no fix here.
 */
export class CopyDraft {
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
    throw new MissingFileError(path, [path])
  }
}

/**
 * Applies changes to a text.
 *
 * @throws {StaleQuoteError} with all quotes that aren't there exactly once
 */
export function change(path: string, text: string | undefined, changes: readonly Change[]): string {
  if (text === undefined) {
    throw new MissingFileError(
      path,
      changes.map(([from]) => from),
    )
  }
  const stale: string[] = []
  const changed = changes.reduce((before, [from, to, upTo]) => {
    const quote = upTo === undefined ? from : part(before, from, upTo)
    const parts = before.split(quote ?? from)
    if (quote !== undefined && parts.length === 2) {
      return parts.join(typeof to === 'string' ? to : to(quote))
    }
    stale.push(before.includes(from) && typeof upTo === 'string' ? upTo : from)
    return before
  }, text)
  if (stale.length > 0) throw new StaleQuoteError(path, stale)
  return changed
}

/** The part of a text from one quote up to another, or undefined if one of them isn't there. */
function part(text: string, from: string, upTo: string | typeof END): string | undefined {
  const start = text.indexOf(from)
  const end = upTo === END ? text.length : text.indexOf(upTo, start + from.length)
  return start === -1 || end === -1 ? undefined : text.slice(start, end)
}
