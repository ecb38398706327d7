import type { Attack, Check } from '@oauth-lab/course/attacks/attack.ts'
import { JobError, type Jobs } from '../jobs/jobs.ts'
import { type PlayTrouble, tellTrouble } from '../jobs/tell-trouble.ts'
import type { KnownVersion } from '../known-versions.ts'
import type { AttackOrder, PlayedAttack } from './play-attack.job.ts'

/** One of the versions that an attack is played on. */
export interface Turn {
  version: KnownVersion
  /** The check that is removed from a copy of it first. */
  without: Check | undefined
  /** Both are undefined while it is being played. */
  played?: PlayedAttack
  trouble?: PlayTrouble
}

/** A run of an attack, current or past. */
export interface Play {
  id: string
  attack: Attack
  turns: Turn[]
  /** Whether it is shown one step at a time. */
  stepwise: boolean
  /** Resolves when every turn has an outcome. */
  ended: Promise<unknown>
}

/** The time limit in milliseconds. The longest story takes about five seconds. */
const LIMIT = 30_000
const KEPT = 40
const AT_ONCE = 2
const MODULE = new URL('./play-attack.job.ts', import.meta.url)

/** Plays attacks, each in its own process. */
export class Plays {
  readonly #jobs: Jobs
  readonly #plays = new Map<string, Play>()
  #count = 0

  constructor(jobs: Jobs) {
    this.#jobs = jobs
  }

  find(id: string): Play | undefined {
    return this.#plays.get(id)
  }

  begin(attack: Attack, turns: Turn[], stepwise: boolean): Play {
    this.#count += 1
    const ended = Promise.all(turns.map((turn, i) => this.#take(attack, turn, i % AT_ONCE)))
    const play = { id: String(this.#count), attack, turns, stepwise, ended }
    this.#plays.set(play.id, play)
    for (const oldest of [...this.#plays.keys()].slice(0, -KEPT)) this.#plays.delete(oldest)
    return play
  }

  async #take(attack: Attack, turn: Turn, queue: number): Promise<void> {
    const { version, without } = turn
    const { name, folder, number } = version
    const input: AttackOrder = {
      slug: attack.slug,
      version: { name, folder, number },
      ...(without && { without: attack.checks.indexOf(without) }),
    }
    try {
      const job = { kind: `attack ${queue}`, module: MODULE, input, limit: LIMIT }
      turn.played = (await this.#jobs.run(job)) as PlayedAttack
    } catch (error) {
      if (!(error instanceof JobError)) throw error
      turn.trouble = tellTrouble(error, version)
    }
  }
}
