import type { Attack, Ending } from '@oauth-lab/course/attacks/attack.ts'
import { type FoundLine, withoutCheck } from '@oauth-lab/course/attacks/deciding-lines.ts'
import { linesThatBlock, playAttack } from '@oauth-lab/course/attacks/play.ts'
import { attacks } from '@oauth-lab/course/attacks/stories/index.ts'
import type { Story } from '@oauth-lab/course/attacks/story.ts'
import type { Version } from '@oauth-lab/course/programs/versions.ts'
import { answerJob } from '../jobs/answer.ts'

/** The input of this job. */
export interface AttackOrder {
  slug: string
  version: Version
  /** The index of the check to remove from a copy of the version. */
  without?: number
}

/** The result of this job. */
export interface PlayedAttack {
  story: Story
  ending: Ending
  stoppers: FoundLine[]
}

// A separate process, because a learner's copy may hang or crash, and each play must load its modules again.
answerJob(({ slug, version, without }: AttackOrder) => {
  const attack = attacks.find((candidate) => candidate.slug === slug)
  if (attack === undefined) throw new Error(`There is no attack ${slug}`)
  return without === undefined ? play(attack, version) : playWithoutCheck(attack, version, without)
})

async function play(attack: Attack, version: Version): Promise<PlayedAttack> {
  const performance = await playAttack(attack, version)
  const { story, ending } = performance
  return { story, ending, stoppers: await linesThatBlock(performance) }
}

async function playWithoutCheck(
  attack: Attack,
  version: Version,
  number: number,
): Promise<PlayedAttack> {
  const check = attack.checks[number]
  if (check === undefined) throw new Error(`There is no check ${number} against ${attack.slug}`)
  const weakened = await withoutCheck(version, check)
  try {
    return await play(attack, weakened.version)
  } finally {
    await weakened.remove()
  }
}
