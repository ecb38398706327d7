import { blockedSince } from './attacks/attack.ts'
import { findLine } from './attacks/deciding-lines.ts'
import { attacks } from './attacks/stories/index.ts'
import { checkVersion } from './differences/check-notes.ts'
import { exercises } from './exercises/all-exercises.ts'
import {
  type Change,
  CopyDraft,
  change,
  type Files,
  MissingFileError,
  StaleQuoteError,
} from './exercises/copy-draft.ts'
import { copyName, endOf, startOf } from './exercises/exercise-start.ts'
import { readMistakes } from './exercises/mistakes.ts'
import { listVersions, type Version } from './programs/versions.ts'

/**
 * Every quote that its version doesn't have, as a line with the places of both: the deciding lines of the
 * attacks, the steps and mistakes of the exercises, and the notes of the lessons. A quote finds its line by
 * the text, so the line may move.
 */
export async function staleQuotes(versions: Version[] = listVersions()): Promise<string[]> {
  const stale: string[] = []
  for (const version of versions) {
    stale.push(...(await staleInAttacks(version)))
    stale.push(...staleInExercise(version), ...checkVersion(version))
  }
  return stale
}

async function staleInAttacks(version: Version): Promise<string[]> {
  const stale: string[] = []
  for (const attack of attacks) {
    const since = blockedSince(attack) ?? 1
    const checks = attack.checks.filter(({ from = since }) => from === version.number)
    for (const edit of checks.flatMap((check) => [check, ...(check.also ?? [])])) {
      if ((await findLine(version, edit)) !== undefined) continue
      stale.push(
        tellStale(`course/attacks/stories/${attack.slug}.ts`, version, edit.file, edit.line),
      )
    }
  }
  return stale
}

function staleInExercise(version: Version): string[] {
  const exercise = exercises[version.number]
  if (exercise === undefined) return []
  const folder = `course/exercises/${copyName(version)}`
  let place = `${folder}/steps.ts`
  const end = endOf(version)
  const stale = new Set<string>()
  const attempt = (work: () => void) => {
    try {
      work()
    } catch (error) {
      if (!(error instanceof StaleQuoteError)) throw error
      // After one failure, the copy lacks files that later steps change.
      if (error instanceof MissingFileError && stale.size > 0) return
      for (const line of error.quotes) stale.add(tellStale(place, version, error.path, line))
    }
  }
  let files: Files = new Map()
  attempt(() => {
    files = startOf(version, exercise)
  })
  for (const step of exercise.steps) {
    const draft = new PatientDraft(files, end, attempt)
    attempt(() => step(draft))
    files = draft.files
  }
  place = `${folder}/mistakes.diff`
  for (const { changes } of readMistakes(copyName(version))) {
    for (const { path, from, to } of changes) {
      attempt(() => change(path, end.get(path), [[from, to]]))
    }
  }
  return [...stale]
}

/** Continues after a change that doesn't find its place, so that one step reports all of them. */
class PatientDraft extends CopyDraft {
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

function tellStale(place: string, { name }: Version, file: string, quote: string): string {
  const source = file.startsWith('shared/') ? file : `versions/${name}/${file}`
  return `${place} quotes ${source}, which has no ${JSON.stringify(quote)}.`
}
