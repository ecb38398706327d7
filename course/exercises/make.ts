import { existsSync } from 'node:fs'
import { lessonFile } from '../lessons/lesson.ts'
import { readSteps } from '../lessons/steps.ts'
import { wrongUsage } from '../told-error.ts'
import { exercises } from './all-exercises.ts'
import { sourceOf, startOf } from './exercise-start.ts'
import { forgetHints } from './hint-memory.ts'
import { holds, makeCopy, type Place, putAside } from './playground.ts'

/** What happened to a requested copy. */
export interface Made {
  /** The name of the folder with the earlier copy. */
  kept: string | undefined
  /** Whether there already was an unchanged copy. */
  untouched: boolean
}

/** Makes the copy of an exercise. Keeps an earlier copy beside it, unless that is unchanged. */
export function makeOrRenew(place: Place): Made {
  const { version } = place
  const exercise = exercises[version.number]
  if (exercise === undefined) throw wrongUsage(`There is no exercise for ${version.name} yet.`)
  const files = startOf(version, exercise)
  const isThere = existsSync(place.folder)
  if (isThere && holds(place, files)) return { kept: undefined, untouched: true }
  const kept = isThere ? putAside(place) : undefined
  forgetHints(place.folder)
  makeCopy(place, files)
  return { kept, untouched: false }
}

/** The text for a learner who starts an exercise. */
export function tellStart({ version, name }: Place): string {
  const [first] = readSteps(version)
  const source = sourceOf(version)
  const begins = source === version ? 'a skeleton' : `a copy of ${source.name}`
  return [
    `It starts as ${begins}. You turn it into ${version.name}.`,
    '',
    `Open first:  ${lessonFile(version.name)}:${first?.line ?? 1}, step 1: ${first?.title ?? ''}`,
    `Write in:    playground/${name}/`,
    `Run it:      npm start playground/${name}`,
    `Check it:    npm run check ${name}`,
    '',
  ].join('\n')
}
