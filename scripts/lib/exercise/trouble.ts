import { readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

export type ProgramName = 'server' | 'client'

/** Why a copy can't be checked: it does not start, it died, or it hangs. */
export interface Trouble {
  program: ProgramName
  /** In words, without a stack. */
  message: string
  /** File and line below the copy's folder, such as `client/routes/login.ts:12`, where it is known. */
  place: string | undefined
}

/** Ends a check: there is no sense in asking a broken copy further questions. */
export class TroubleError extends Error {
  readonly trouble: Trouble

  constructor(trouble: Trouble) {
    super(trouble.message)
    this.trouble = trouble
  }
}

/** What a program's stderr says of its end, in one sentence, and the place in the copy that it names. */
export interface Explanation {
  message: string
  place: string | undefined
}

const TRANSFORM = /^(.+\.[cm]?[jt]sx?):(\d+):\d+: ERROR: (.+)$/m
const MISSING = /Cannot find (?:module|package) '([^']+)' imported from (\S+)/
const MESSAGE = /^(?:Uncaught )?((?:\w*Error|\w*Exception|\w*Warning)\b[^\n]*)$/m
const FRAME = /(file:\/\/\/[^\s()]+|(?:[A-Za-z]:)?[\\/][^\s():]+):(\d+)(?::\d+)?/g

/** Reads what a program wrote to stderr. Undefined when it wrote nothing. */
export function explain(stderr: string, folder: string): Explanation | undefined {
  if (stderr.trim() === '') return undefined
  const transform = TRANSFORM.exec(stderr)
  if (transform !== null) {
    const [, file = '', line = '', message = ''] = transform
    return { message: `it does not compile: ${message}`, place: placeIn(folder, file, line) }
  }
  const missing = MISSING.exec(stderr)
  if (missing !== null) return explainMissing(missing, folder)
  const message = MESSAGE.exec(stderr)?.[1] ?? firstLine(stderr)
  return { message: message.replace(/^Error: /, ''), place: firstPlace(stderr, folder) }
}

function explainMissing(match: RegExpExecArray, folder: string): Explanation {
  const [, missing = '', by = ''] = match
  const importer = by.startsWith('file:') ? fileURLToPath(by) : by
  const name = missing.split(/[\\/]/).at(-1) ?? missing
  const below = placeIn(folder, missing, '')?.replace(/:$/, '')
  return {
    message: `it imports ${below ?? missing}, which is not there`,
    place: placeIn(folder, importer, lineWith(importer, name)),
  }
}

/** The first file of the copy that a stack names. */
function firstPlace(stderr: string, folder: string): string | undefined {
  for (const [, file = '', line = ''] of stderr.matchAll(FRAME)) {
    const place = placeIn(folder, file, line)
    if (place !== undefined) return place
  }
  return undefined
}

function placeIn(folder: string, file: string, line: string): string | undefined {
  const path = file.startsWith('file:') ? fileURLToPath(file) : file
  const below = relative(folder, path).split(sep).join('/')
  if (below.startsWith('..') || below.includes('node_modules') || /^\w:/.test(below)) {
    return undefined
  }
  return `${below.replace(/\?.*$/, '')}:${line}`
}

function lineWith(file: string, text: string): string {
  const lines = linesOf(file)
  return String(
    Math.max(
      0,
      lines.findIndex((line) => line.includes(text)),
    ) + 1,
  )
}

/** None of a file that can't be read: it may have been deleted meanwhile. */
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

/** Where a copy mentions a path of its own, such as `/callback`: most likely where it answers it. */
export function placeOfRoute(
  folder: string,
  files: string[],
  program: ProgramName,
  path: string,
): string | undefined {
  const quoted = ["'", '"', '`'].map((quote) => quote + path + quote)
  const own = files.filter((file) => file.startsWith(`${program}/`) && /\.[cm]?[jt]s$/.test(file))
  for (const file of own) {
    const lines = linesOf(join(folder, file))
    const at = lines.findIndex((line) => quoted.some((text) => line.includes(text)))
    if (at !== -1) return `${file}:${at + 1}`
  }
  return undefined
}
