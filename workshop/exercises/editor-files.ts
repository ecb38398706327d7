import { endOf } from '@oauth-lab/course/exercises/exercise-start.ts'
import { findOpenStep } from '@oauth-lab/course/exercises/open-step.ts'
import { type LessonStep, readSteps } from '@oauth-lab/course/lessons/steps.ts'
import type { ChecksOnSave } from './checks-on-save.ts'
import { listCopyFiles, readCopyFile } from './copy-files.ts'
import type { Exercise } from './open-exercises.ts'
import { filesOfSteps } from './step-files.ts'

/** The files of a copy, the step to do now, the file that it opens, and the error that stops the checks. */
export function viewFiles({ place, checks }: Pick<Exercise, 'place' | 'checks'>) {
  const files = listCopyFiles(place)
  const texts = files.filter(({ hash }) => hash !== undefined).map(({ path }) => path)
  const steps = readSteps(place.version)
  const step = stepToDo(steps, checks)?.number
  const known = [...new Set([...texts, ...endOf(place.version).keys()])]
  const named = filesOfSteps(steps, known).find(({ number }) => number === step)?.files
  const { message, place: at = '' } = checks.last?.trouble ?? {}
  const [, path, line] = /^(.+):(\d+)$/.exec(at) ?? []
  return {
    files,
    step,
    opens: named?.find((file) => texts.includes(file)) ?? texts[0],
    error: path === undefined ? undefined : { path, line: Number(line), message },
  }
}

/** What the editor shows before it requests anything. */
export function viewEditor(exercise: Pick<Exercise, 'place' | 'checks'>) {
  const list = viewFiles(exercise)
  const { opens } = list
  const opened = opens && { path: opens, ...readCopyFile(exercise.place, opens) }
  return { list, opened }
}

/** The first step that isn't done. Before the first check, the first step. */
export function stepToDo(steps: LessonStep[], checks: ChecksOnSave): LessonStep | undefined {
  const findings = checks.lastFindings?.findings
  return findings === undefined ? steps[0] : findOpenStep(steps, findings).step
}
