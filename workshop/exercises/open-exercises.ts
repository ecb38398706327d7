import { existsSync, statSync } from 'node:fs'
import { type Place, placeOf } from '@oauth-lab/course/exercises/playground.ts'
import { partOf, readLesson } from '@oauth-lab/course/lessons/lesson.ts'
import { listVersions } from '@oauth-lab/course/programs/versions.ts'
import type { Progress } from '../progress.ts'
import type { Workshop } from '../workshop.ts'
import { ChecksOnSave } from './checks-on-save.ts'
import { CopyRuns } from './copy-runs.ts'

/** An exercise: its place, the checks of the copy on every save, and where the copy runs. */
export interface Exercise {
  place: Place
  checks: ChecksOnSave
  runs: CopyRuns
  progress: Progress
}

/** How many checks pass. */
export function countDone(all: { status: string }[]): number {
  return all.filter(({ status }) => status === 'done').length
}

/** Whether the copy of an exercise was made. */
export function isThere({ folder }: Place): boolean {
  return existsSync(folder) && statSync(folder).isDirectory()
}

/** The exercises of all lessons that have one, in order. */
export function openExercises({ playground, runner, events, progress }: Workshop): Exercise[] {
  const versions = listVersions().filter((version) => partOf(readLesson(version), 'exercise'))
  return versions.map((version) => {
    const place = placeOf(version, playground)
    const runs = new CopyRuns(place, playground, runner)
    const checks = new ChecksOnSave(place, {
      onNews: () => events.publish('check'),
      onSave: () => runs.onSave(),
      onCheck: ({ findings }) => {
        if (findings !== undefined) progress.noteDone(version, countDone(findings), findings.length)
      },
    })
    checks.stayAwake = () => runs.slots.length > 0
    runner.on('change', () => {
      if (runs.slots.length > 0) checks.wake()
    })
    return { place, checks, runs, progress }
  })
}
