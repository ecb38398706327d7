import { listFilesIfThere } from '@oauth-lab/course/differences/files.ts'
import { checksOf } from '@oauth-lab/course/exercises/checks-of.ts'
import { endOf, sourceOf } from '@oauth-lab/course/exercises/exercise-start.ts'
import { givenHints } from '@oauth-lab/course/exercises/hint-memory.ts'
import { findOpenStep } from '@oauth-lab/course/exercises/open-step.ts'
import { keptCopies, type Place } from '@oauth-lab/course/exercises/playground.ts'
import { whyNotDone } from '@oauth-lab/course/exercises/why-not-done.ts'
import { partOf, readLesson } from '@oauth-lab/course/lessons/lesson.ts'
import { type LessonStep, readSteps } from '@oauth-lab/course/lessons/steps.ts'
import type { Version } from '@oauth-lab/course/programs/versions.ts'
import { hrefOfFile } from '../lesson/code-places.ts'
import { hrefOf } from '../lesson/outline.ts'
import { renderPart, renderSentence } from '../lesson/render.ts'
import { textAt } from '../lesson/running-addresses.ts'
import type { Slot } from '../runner.ts'
import type { ChecksOnSave } from './checks-on-save.ts'
import { stepToDo } from './editor-files.ts'
import { viewFinished } from './finished.ts'
import { countDone, type Exercise, isThere } from './open-exercises.ts'
import { filesOfSteps } from './step-files.ts'
import { linkFiles } from './text.ts'

type SentenceView = Awaited<ReturnType<typeof viewSentences>>[number]

/** The data for the card of an exercise in the list, for which no checks are loaded. */
export function viewCard({ place, checks, progress }: Exercise) {
  const { version, name } = place
  const lesson = readLesson(version)
  const findings = checks.lastFindings?.findings
  // What an earlier run of this app found.
  const { done, all } = progress.of(version)
  return {
    name,
    heading: lesson.title,
    idea: renderSentence(version, lesson.idea),
    minutes: partOf(lesson, 'exercise')?.minutes,
    steps: readSteps(version).length,
    isThere: isThere(place),
    isRunning: checks.checking,
    done: findings ? countDone(findings) : done,
    all: findings?.length ?? all,
  }
}

/** The data for the page of an exercise. */
export async function viewExercise({ place, checks, runs }: Exercise) {
  const { version, name, folder } = place
  const lesson = readLesson(version)
  const part = partOf(lesson, 'exercise')
  if (part === undefined) throw new Error(`The lesson of ${version.name} has no exercise.`)
  const sentences = await viewSentences(place, checks)
  const steps = readSteps(version).map((step) => stepAt(step, runs.addresses))
  const { step: current } = findOpenStep(steps, checks.lastFindings?.findings ?? [])
  const opens = isThere(place) ? [stepToDo(steps, checks)] : steps
  const files = viewStepFiles(place, steps)
  const inSteps = new Set(steps.flatMap((step) => step.checks))
  return {
    name,
    version,
    source: sourceOf(version),
    heading: lesson.title,
    idea: renderSentence(version, lesson.idea),
    part: { href: hrefOf(version, part.slug), title: part.title },
    isThere: isThere(place),
    finished: viewFinished(version),
    folder,
    playground: `playground/${name}`,
    steps: await Promise.all(
      steps.map(async (step) => ({
        ...viewStep(step, sentences, place, current),
        isOpen: opens.includes(step),
        files: files.get(step.number),
        task: await renderPart(version, part, step.task),
      })),
    ),
    // The checks that pass from the start, and that the learner may break.
    kept: sentences.filter(({ id }) => !inSteps.has(id)),
    oldCopies: keptCopies(place),
    current,
    count: {
      isKnown: checks.lastFindings !== undefined,
      done: countDone(sentences),
      all: sentences.length,
    },
    check: viewCheck(place, checks),
    news: tellNews(checks),
    runs: {
      slots: runs.slots,
      canRun: runs.version !== undefined,
    },
  }
}

function stepAt(step: LessonStep, addresses: Slot['addresses'] | undefined): LessonStep {
  const { task, hints } = step
  return {
    ...step,
    task: textAt(task, addresses),
    hints: hints.map((hint) => textAt(hint, addresses)),
  }
}

function viewStep(
  step: LessonStep,
  all: SentenceView[],
  { folder, version }: Place,
  current: LessonStep | undefined,
) {
  const { number, title, hints, checks } = step
  const sentences = all.filter(({ id }) => checks.includes(id))
  const given = givenHints(folder, number)
  const isDone = sentences.length > 0 && sentences.every(({ status }) => status === 'done')
  return {
    number,
    title,
    sentences,
    hints: hints.slice(0, given).map((hint) => renderSentence(version, hint)),
    hintsLeft: Math.max(0, hints.length - given),
    state: isDone ? 'done' : current?.number === number ? 'current' : 'later',
  }
}

/** The files that each step names, by its number. One to make has no address. */
function viewStepFiles({ folder, name, version }: Place, steps: LessonStep[]) {
  const paths = listFilesIfThere(folder)
  const known = [...new Set([...paths, ...endOf(version).keys()])]
  return new Map(
    filesOfSteps(steps, known).map(({ number, files }) => [
      number,
      files.map((path) => {
        const href = hrefOfFile({ id: `copy-${name}` }, path)
        return { path, href: paths.includes(path) ? href : undefined }
      }),
    ]),
  )
}

/** The checks, numbered from 1, each with its last result. */
async function viewSentences(place: Place, { lastFindings }: ChecksOnSave) {
  const findings = lastFindings?.findings
  const sentences =
    findings?.map((finding) => finding.sentence) ?? (await sentencesOf(place.version))
  return sentences.map(({ id, text }, index) => {
    const finding = findings?.[index]
    return {
      id,
      number: index + 1,
      text,
      status: finding?.status ?? 'unknown',
      /** Why it doesn't pass. */
      why: finding && findings ? linkFiles(whyNotDone(finding, findings), place) : [],
    }
  })
}

async function sentencesOf(version: Version) {
  return (await checksOf(version))?.sentences ?? []
}

function viewCheck(place: Place, { checking, last, lastFindings }: ChecksOnSave) {
  const trouble = last?.trouble
  return {
    isRunning: checking,
    at: last?.at.toLocaleTimeString('en-GB'),
    seconds: last === undefined ? undefined : (last.took / 1000).toFixed(1),
    trouble: trouble && {
      message: linkFiles(trouble.message, place),
      place: linkFiles(trouble.place ?? '', place),
      // The results of the checks are older than the problem.
      before: lastFindings?.at.toLocaleTimeString('en-GB'),
    },
  }
}

/** The text that a screen reader announces after a change. */
function tellNews({ checking, last }: ChecksOnSave): string {
  if (checking) return 'Checking.'
  if (last === undefined) return ''
  if (last.findings === undefined) return last.trouble?.message ?? ''
  return `${countDone(last.findings)} of ${last.findings.length} checks pass.`
}
