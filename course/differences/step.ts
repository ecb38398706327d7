import { join } from 'node:path'
import { isProgramCode, PROGRAM_NAMES } from '../programs/programs.ts'
import { ROOT, type Version, versionBefore } from '../programs/versions.ts'
import { compareFolders, DEFAULT_CONTEXT, type FileChange } from './compare.ts'
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
  context?: number | undefined
  /** Whether to include test files. */
  tests?: boolean | undefined
  notes?: boolean | undefined
  /** The only files or folders to show. Empty means all. */
  paths?: string[] | undefined
}

/**
 * Compares two versions for a reader: their code, without the lessons and the name of the package,
 * which differ in every version.
 */
export function readStep(older: Version, newer: Version, options: StepOptions = {}): Step {
  const { context = DEFAULT_CONTEXT, tests = false, notes = true, paths = [] } = options
  const allNotes = notesBetween(older, newer)
  const only = (path: string) => {
    if (paths.length > 0) return paths.some((place) => isBelow(path, place))
    return isTest(path) ? tests : path !== LESSON
  }
  const files = compareFolders(older.folder, newer.folder, { context, only }).filter(
    (file) => paths.length > 0 || !isNameAlone(file),
  )
  const order = allNotes.map(({ path }) => path)
  files.sort((one, other) => comparePlaces(placeOf(one.path, order), placeOf(other.path, order)))
  if (notes) attachNotes(files, allNotes)
  return { older, newer, files }
}

/** The page of the step that leads to a version: `docs/differences/v02.md`. */
export function differencePage({ name }: Version): string {
  return join(DIFFERENCE_PAGES, `${name.split('-', 1)[0]}.md`)
}

/** Every step from one version to the next. */
export function* stepsOf(versions: Version[]): Generator<Step> {
  for (const newer of versions) {
    const older = predecessorOf(newer)
    if (older !== undefined) yield readStep(older, newer)
  }
}

/** The version before this one. A learner's copy has no number and so none before it. */
export function predecessorOf(version: Version): Version | undefined {
  const before = versionBefore(version)
  return before?.number === 0 ? undefined : before
}

/** Whether a path is this file or is in this folder. */
export function isBelow(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`)
}

/** Whether a file is part of the lesson, so that notes must explain it. */
export function isLesson({ path }: { path: string }): boolean {
  return isProgramCode(path)
}

export function isTest(path: string): boolean {
  return isBelow(path, 'test')
}

/** Whether only the name of the package differs. */
function isNameAlone({ path, older, newer }: FileChange): boolean {
  const withoutName = (text: string) => text.replace(/^ *"name":.*\n/m, '')
  return path === 'package.json' && withoutName(older) === withoutName(newer)
}

const READING_ORDER = ['protocol.ts', ...PROGRAM_NAMES]

/** Protocol, server, client, API, programs that end, the rest, tests; in each of them as the lesson has them, then by path. */
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
