import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import { readCommandLine, typedIn } from '@oauth-lab/course/command-line.ts'
import {
  findVersion,
  lookUpVersion,
  type Version,
  versionBefore,
} from '@oauth-lab/course/programs/versions.ts'
import { wrongUsage } from '@oauth-lab/course/told-error.ts'

const OPTIONS = {
  wire: { type: 'boolean', default: false },
  write: { type: 'boolean', default: false },
} as const

/** What a command line asks for. */
export interface DiffArguments {
  wire: boolean
  write: boolean
  /** Undefined if no version is named. */
  versions: { older: Version; newer: Version } | undefined
  /** Files and folders of the two versions, with slashes. */
  paths: string[]
}

export const HELP = `Shows how two versions differ, with the notes from the lessons.

  npm run diff                        the steps and their sizes
  npm run diff v03                    the step to v03, from the version before it
  npm run diff v01 v05                any two versions: a number, a name, or a folder such as your copy
  npm run diff v02 v03 client         one file or folder of them

Put -- before options: npm run diff -- v02 v03 --wire

  --wire    runs both, and shows how the messages of a session differ
  --write   rewrites docs/differences and the list of which version sends what first
`

/**
 * Reads a command line.
 *
 * @throws {ToldError} with one line that says what is wrong
 */
export function readArguments(args: string[]): DiffArguments {
  const { values, positionals } = readCommandLine(args, OPTIONS, {
    example: 'npm run diff -- v02 v03 --wire',
    hint: 'See npm run diff -- --help',
  })
  const { wire, write } = values
  if (write && (wire || positionals.length > 0)) {
    throw wrongUsage('--write rewrites everything, so it stands alone: npm run diff -- --write')
  }
  const { versions, paths } = readPlaces(positionals, typedIn())
  if (wire && versions === undefined) {
    throw wrongUsage('--wire needs a version: npm run diff -- v02 v03 --wire')
  }
  if (wire && paths.length > 0) {
    throw wrongUsage(`--wire works on a whole version, not on ${paths[0]}.`)
  }
  return { wire, write, versions, paths }
}

/** One or two versions come first, then files and folders in them. */
function readPlaces(places: string[], from: string): Pick<DiffArguments, 'versions' | 'paths'> {
  const [first, second, ...rest] = places
  if (first === undefined) return { versions: undefined, paths: [] }
  const one = findVersion(first, from)
  const other = second === undefined ? undefined : findOther(second, one, from)
  if (other !== undefined) {
    const versions = { older: one, newer: other }
    return { versions, paths: rest.map((place) => readPath(place, versions)) }
  }
  const older = versionBefore(one)
  if (older === undefined) {
    throw wrongUsage(
      `There is no version before ${one.name}. Name the version to compare it with: npm run diff ${first} v02`,
    )
  }
  const versions = { older, newer: one }
  return { versions, paths: places.slice(1).map((place) => readPath(place, versions)) }
}

/** The second version, or undefined if the second word is a file of the first one. */
function findOther(text: string, one: Version, from: string): Version | undefined {
  const version = lookUpVersion(text, from)
  if (version !== undefined) return version
  const before = versionBefore(one)
  const holders = before === undefined ? [one] : [one, before]
  if (holders.some(({ folder }) => isFileOf(folder, text))) return undefined
  if (/^v?\d+$/i.test(text)) return findVersion(text, from)
  throw wrongUsage(
    `${JSON.stringify(text)} isn't a version, a copy of one, or a file in ${one.name}.`,
  )
}

function readPath(text: string, { older, newer }: { older: Version; newer: Version }): string {
  const path = text.replaceAll('\\', '/').replace(/\/+$/, '')
  if (isFileOf(older.folder, path) || isFileOf(newer.folder, path)) return path
  const message = `There is no file ${JSON.stringify(text)} in ${older.name} or ${newer.name}.`
  throw wrongUsage(message)
}

function isFileOf(folder: string, path: string): boolean {
  const file = join(folder, path)
  const below = relative(folder, file)
  return below !== '' && !below.startsWith('..') && existsSync(file)
}
