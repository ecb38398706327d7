import { join } from 'node:path'
import { isProgramCode, PROGRAM_NAMES } from '../programs/programs.ts'
import { ROOT, shortName, type Version, versionBefore } from '../programs/versions.ts'
import { compareFolders, type FileChange } from './compare.ts'
import { attachNotes, notesBetween } from './notes.ts'

/** The difference between two versions in reading order, with its notes. */
export interface Step {
  older: Version
  newer: Version
  files: FileChange[]
}

/** The generated pages that show each step on a code host, one per version. */
export const DIFFERENCE_PAGES = join(ROOT, 'docs', 'differences')

/** Each version has its own lesson. */
const LESSON = 'README.md'

/** Which parts of a difference to show. */
export interface StepOptions {
  tests?: boolean
  /** The only files or folders to show. Empty means all. */
  paths?: string[]
}

/** Compares two versions for a reader: their code, without the lessons, which differ in every version. */
export function readStep(older: Version, newer: Version, options: StepOptions = {}): Step {
  const { tests = false, paths = [] } = options
  const allNotes = notesBetween(older, newer)
  const only = (path: string) => {
    if (paths.length > 0) return paths.some((place) => isBelow(path, place))
    return isTest(path) ? tests : path !== LESSON
  }
  const files = compareFolders(older.folder, newer.folder, { only })
  const order = allNotes.map(({ path }) => path)
  files.sort((one, other) => comparePlaces(placeOf(one.path, order), placeOf(other.path, order)))
  attachNotes(files, allNotes)
  return { older, newer, files }
}

/** The page of the step that leads to a version: `docs/differences/v02.md`. */
export function differencePage(version: Version): string {
  return join(DIFFERENCE_PAGES, `${shortName(version)}.md`)
}

/** Every step from one version to the next. */
export function* stepsOf(versions: Version[]): Generator<Step> {
  for (const newer of versions) {
    const older = versionBefore(newer)
    if (older !== undefined) yield readStep(older, newer)
  }
}

/** Whether a path is this file or is in this folder. */
function isBelow(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`)
}

function isTest(path: string): boolean {
  return isBelow(path, 'test')
}

const READING_ORDER = ['protocol.ts', ...PROGRAM_NAMES]

/** Protocol, server, client, API, other programs, the rest, tests; each in the lesson's order, then by path. */
function placeOf(path: string, lessonOrder: string[]): [number, number, string] {
  const program = READING_ORDER.findIndex((place) => isBelow(path, place))
  const last = isTest(path) ? 9 : isProgramCode(path) ? 7 : 8
  const group = program === -1 ? last : program
  const inLesson = lessonOrder.indexOf(path)
  return [group, inLesson === -1 ? lessonOrder.length : inLesson, path]
}

function comparePlaces(
  [group, rank, path]: [number, number, string],
  [otherGroup, otherRank, otherPath]: [number, number, string],
): number {
  return group - otherGroup || rank - otherRank || (path < otherPath ? -1 : 1)
}
