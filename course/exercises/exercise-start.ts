import { type Version, versionBefore } from '../programs/versions.ts'
import { CopyDraft, type Files, readFiles } from './copy-draft.ts'

/** The name of a version's copy: `v02`. */
export { shortName as copyName } from '../programs/versions.ts'

export type ExerciseStep = (draft: CopyDraft) => void

/** An exercise in code, the same steps that the lesson's text describes: what a `steps.ts` exports. */
export interface Exercise {
  /** Removes the solution from the version. Without it, the exercise starts from the version before. */
  skeleton?: ExerciseStep
  /** What each step of the lesson's exercise does, in order. */
  steps: ExerciseStep[]
}

/** The version that an exercise starts from: the one before, or itself for the first. */
export function sourceOf(version: Version): Version {
  return versionBefore(version) ?? version
}

/** The files at the start of an exercise. */
export function startOf(version: Version, { skeleton }: Exercise): Files {
  const draft = new CopyDraft(readFiles(sourceOf(version).folder), readFiles(version.folder))
  skeleton?.(draft)
  return draft.files
}

/** The files of the finished exercise: those of the version. */
export function endOf(version: Version): Files {
  return readFiles(version.folder)
}

/** The files after each step of an exercise. */
export function statesOf(version: Version, exercise: Exercise): Files[] {
  let files = startOf(version, exercise)
  return exercise.steps.map((step) => {
    const draft = new CopyDraft(files, endOf(version))
    step(draft)
    files = draft.files
    return files
  })
}
