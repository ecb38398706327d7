import { blockedSince, expectedResult } from '@oauth-lab/course/attacks/attack.ts'
import { attacks } from '@oauth-lab/course/attacks/stories/index.ts'
import { copyName } from '@oauth-lab/course/exercises/exercise-start.ts'
import { factsOf } from '@oauth-lab/course/lessons/facts.ts'
import { readLesson } from '@oauth-lab/course/lessons/lesson.ts'
import {
  listVersions,
  shortName,
  type Version,
  versionBefore,
} from '@oauth-lab/course/programs/versions.ts'
import { renderSentence } from '../lesson/render.ts'

/** What a learner has achieved once all checks of an exercise pass, for `exercise-finished.eta`. */
export function viewFinished(version: Version) {
  const before = versionBefore(version)
  const next = listVersions().find(({ number }) => number > version.number)
  const blocked = attacks.filter((attack) => blockedSince(attack) === version.number)
  const succeeded = blocked.filter((attack) => {
    return before !== undefined && expectedResult(attack, before) === 'succeeds'
  })
  return {
    able: renderSentence(version, factsOf(readLesson(version)).able),
    before: before && shortName(before),
    /** The attacks that its start lets succeed, and those on what the exercise adds. */
    succeeded,
    others: blocked.filter((attack) => !succeeded.includes(attack)),
    next: next && { exercise: copyName(next), lesson: next.name },
  }
}
