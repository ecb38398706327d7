import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { join, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { listFilesIfThere } from '../differences/files.ts'
import type { ProgramName } from '../programs/programs.ts'

/** Why a copy can't be checked: it doesn't start, it died, or it hangs. */
export interface Trouble {
  program: ProgramName
  /** In words, without a stack. */
  message: string
  /** File and line in the copy, such as `client/routes/login.ts:12`, if known. */
  place: string | undefined
}

/** Ends the run: a broken copy can't be checked any further. */
export class TroubleError extends Error {
  readonly trouble: Trouble

  constructor(trouble: Trouble) {
    super(trouble.message)
    this.trouble = trouble
  }
}

/** Why a program ended, according to its stderr, in one sentence, and the place in the copy. */
export interface Explanation {
  message: string
  place: string | undefined
}

const TRANSFORM = /^(.+\.[cm]?[jt]sx?):(\d+):\d+: ERROR: (.+)$/m
/** What Node says of TypeScript that it can't run. */
const SYNTAX = /^SyntaxError \[ERR_\w+_TYPESCRIPT_SYNTAX\]: (.+)$/m
const MISSING = /Cannot find (?:module|package) '/
const MESSAGE = /^(?:Uncaught )?((?:\w*Error|\w*Exception|\w*Warning)\b[^\n]*)$/m
/** What follows the name of a file: a query, if the module was loaded again, and a line. */
const LINE = /(?:\?[^\s:]{0,100})?:(\d+)/y
const LONGEST_MESSAGE = 500

/** Explains what a program wrote to stderr. Undefined if it wrote nothing. */
export function explain(stderr: string, folder: string): Explanation | undefined {
  if (stderr.trim() === '') return undefined
  const names = namesOf(folder)
  const transform = TRANSFORM.exec(stderr)
  if (transform !== null) {
    const [, file = '', line = '', message = ''] = transform
    const path = names.get(file)
    return {
      message: shorten(`it doesn't compile: ${message}`),
      place: path && `${path}:${line}`,
    }
  }
  const syntax = SYNTAX.exec(stderr)?.[1]
  if (syntax !== undefined) {
    const message = shorten(`it doesn't compile: ${syntax}`)
    return { message, place: firstPlace(stderr, names) }
  }
  const missing = explainMissing(stderr, folder, names)
  if (missing !== undefined) return missing
  const message = MESSAGE.exec(stderr)?.[1] ?? firstLine(stderr)
  return { message: shorten(message.replace(/^Error: /, '')), place: firstPlace(stderr, names) }
}

/**
 * The files of a copy, by every name that Node and esbuild give them. Only these exact names count: a
 * folder may be called anything, such as `oauth-lab (1)`, and not all output that looks like a path is one.
 */
function namesOf(folder: string): Map<string, string> {
  const names = new Map<string, string>()
  for (const path of listFilesIfThere(folder)) {
    for (const root of rootsOf(folder)) {
      const file = join(root, path)
      for (const name of [file, file.replaceAll(sep, '/'), pathToFileURL(file).href]) {
        names.set(name, path)
      }
    }
  }
  return names
}

/** Both names of a folder: the given one, and the one without symbolic links that Node uses. */
function rootsOf(folder: string): string[] {
  return existsSync(folder) ? [folder, realpathSync(folder)] : [folder]
}

function explainMissing(
  stderr: string,
  folder: string,
  names: Map<string, string>,
): Explanation | undefined {
  const match = MISSING.exec(stderr)
  if (match === null) return undefined
  const said = firstLine(stderr.slice(match.index + match[0].length))
  const [missing = '', by] = said.split("' imported from ")
  if (by === undefined) return undefined
  const root = rootsOf(folder).find((one) => missing.startsWith(one + sep))
  const below = root === undefined ? missing : missing.slice(root.length + 1).replaceAll(sep, '/')
  const importer = names.get(by)
  const name = missing.split(/[\\/]/).at(-1) ?? missing
  return {
    message: shorten(`it imports ${below}, which doesn't exist`),
    place: importer && `${importer}:${lineWith(join(folder, importer), name)}`,
  }
}

/** The first file of the copy in a stack. */
function firstPlace(stderr: string, names: Map<string, string>): string | undefined {
  let first: { at: number; place: string } | undefined
  for (const [name, path] of names) {
    for (let at = stderr.indexOf(name); at !== -1; at = stderr.indexOf(name, at + name.length)) {
      if (first !== undefined && at > first.at) break
      LINE.lastIndex = at + name.length
      const line = LINE.exec(stderr)?.[1]
      if (line !== undefined) first = { at, place: `${path}:${line}` }
    }
  }
  return first?.place
}

/** The start of a message, which may have any text of a copy in it. */
export function shorten(message: string): string {
  return message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE)}...` : message
}

function lineWith(file: string, text: string): string {
  const at = linesOf(file).findIndex((line) => line.includes(text))
  return String(Math.max(0, at) + 1)
}

/** The lines of a file, or none if it can't be read: it may just have been deleted. */
function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n')
  } catch {
    return []
  }
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0] ?? ''
}

/** Where a program mentions a path, such as `/callback`: most likely in the route for it. */
export function placeOfRoute(
  folder: string,
  program: ProgramName,
  path: string,
): string | undefined {
  const quoted = ["'", '"', '`'].map((quote) => quote + path + quote)
  const own = listFilesIfThere(folder).filter((file) => {
    return file.startsWith(`${program}/`) && /\.[cm]?[jt]s$/.test(file)
  })
  for (const file of own) {
    const lines = linesOf(join(folder, file))
    const at = lines.findIndex((line) => quoted.some((text) => line.includes(text)))
    if (at !== -1) return `${file}:${at + 1}`
  }
  return undefined
}
