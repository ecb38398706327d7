import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { blockedSince } from './attacks/attack.ts'
import { findLine } from './attacks/deciding-lines.ts'
import { attacks } from './attacks/stories/index.ts'
import { staleNotes } from './differences/check-notes.ts'
import { exercises } from './exercises/all-exercises.ts'
import {
  type Change,
  change,
  Draft,
  type Files,
  readFiles,
  StaleQuoteError,
} from './exercises/draft.ts'
import { copyName, endOf, type Mistake, sourceOf } from './exercises/exercise-start.ts'
import { lessonFile } from './lessons/lesson.ts'
import { listVersions, ROOT, type Version } from './programs/versions.ts'

/** A quote that should be in a file of a version, and isn't. */
export interface StaleQuote {
  /** The place of the quote: `course/attacks/stories/login-csrf.ts:11`. */
  place: string
  /** The file that should have it: `versions/v02-state/client/routes/callback.ts`. */
  source: string
  /** The quoted text. */
  text: string
}

/**
 * Every stale quote of these versions: the deciding lines of the attacks, the steps and mistakes of the
 * exercises, and the notes of the lessons. A quote finds its line by the text, so the line may move.
 */
export async function staleQuotes(versions: Version[] = listVersions()): Promise<StaleQuote[]> {
  const stale: StaleQuote[] = []
  for (const version of versions) {
    stale.push(...(await staleInAttacks(version)))
    stale.push(...staleInExercise(version))
    for (const { path, note } of staleNotes(version)) {
      const place = `${lessonFile(version.name)}:${note.line}`
      stale.push({ place, source: `versions/${version.name}/${path}`, text: note.quote.join('\n') })
    }
  }
  return stale
}

async function staleInAttacks(version: Version): Promise<StaleQuote[]> {
  const stale: StaleQuote[] = []
  for (const attack of attacks) {
    const since = blockedSince(attack) ?? 1
    const checks = attack.checks.filter(({ from = since }) => from === version.number)
    for (const edit of checks.flatMap((check) => [check, ...(check.also ?? [])])) {
      if ((await findLine(version, edit)) !== undefined) continue
      const file = `course/attacks/stories/${attack.slug}.ts`
      const source = edit.file.startsWith('shared/')
        ? edit.file
        : `versions/${version.name}/${edit.file}`
      stale.push({ place: placeOf(file, edit.line), source, text: edit.line })
    }
  }
  return stale
}

function staleInExercise(version: Version): StaleQuote[] {
  const exercise = exercises[version.number]
  if (exercise === undefined) return []
  const file = `course/exercises/${copyName(version)}/steps.ts`
  const versions = [version, sourceOf(version)].map(({ name, folder }) => {
    return { name, files: readFiles(folder) }
  })
  const end = endOf(version)
  const stale: StaleQuote[] = []

  const attempt = (work: () => void, mistake?: Mistake) => {
    try {
      work()
    } catch (error) {
      if (!(error instanceof StaleQuoteError)) throw error
      const source = sourceOfQuote(error, versions)
      // After one failure, the copy lacks what later steps look for.
      if (source === undefined && error.text !== '' && stale.length > 0) return
      for (const text of error.quotes) {
        const place = placeInStack(error, file) ?? placeOf(file, text, mistake?.what)
        if (stale.some((other) => other.place === place && other.text === text)) continue
        stale.push({
          place,
          source: source ?? `versions/${version.name}/${error.path ?? ''}`,
          text,
        })
      }
    }
  }
  let files = readFiles(sourceOf(version).folder)
  for (const step of [exercise.skeleton, ...exercise.steps]) {
    const draft = new PatientDraft(files, end, attempt)
    attempt(() => step?.(draft))
    files = draft.files
  }
  for (const mistake of exercise.mistakes) {
    for (const [path, edits] of Object.entries(mistake.changes)) {
      attempt(() => change(path, end.get(path), edits), mistake)
    }
  }
  return stale
}

/** Continues after a change that doesn't find its place, so that one step reports all of them. */
class PatientDraft extends Draft {
  readonly #attempt: (work: () => void) => void

  constructor(start: Files, target: Files, attempt: (work: () => void) => void) {
    super(start, target)
    this.#attempt = attempt
  }

  override take(path: string, ...changes: Change[]): void {
    super.take(path)
    this.#attempt(() => super.take(path, ...changes))
  }

  override edit(path: string, ...changes: Change[]): void {
    this.#attempt(() => super.edit(path, ...changes))
  }
}

/** The file of a version with the text that a quote was looked for in. */
function sourceOfQuote(
  { text, path }: StaleQuoteError,
  versions: { name: string; files: Files }[],
): string | undefined {
  for (const { name, files } of versions) {
    const found = [...files].find(([file, whole]) => whole === text && file === (path ?? file))
    if (found !== undefined) return `versions/${name}/${found[0]}`
  }
  return undefined
}

/** The line of a file that an error comes from. */
function placeInStack({ stack = '' }: Error, file: string): string | undefined {
  const [, line] = new RegExp(`${file.slice('course/'.length)}:(\\d+)`).exec(stack) ?? []
  return line && `${file}:${line}`
}

/**
 * The place where a file quotes a text: the line with the first line of the text, as written in a string.
 *
 * @param after a text above the quote
 */
function placeOf(file: string, text: string, after = ''): string {
  const plain = (line: string) => line.replaceAll('\\', '')
  const [first = ''] = text.trim().split('\n')
  const lines = readFileSync(join(ROOT, file), 'utf8').split('\n').map(plain)
  const start = lines.findIndex((line) => line.includes(plain(after)))
  const at = lines.findIndex((line, index) => index >= start && line.includes(plain(first)))
  return `${file}:${Math.max(start, at) + 1}`
}
