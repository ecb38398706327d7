import { join } from 'node:path'
import { type ActChange, diffWire } from '../../scripts/lib/diff/wire-diff.ts'
import type { Act } from '../../scripts/lib/diff/wire-play.ts'
import { stampOf } from '../../scripts/lib/exercise/watch.ts'
import { ROOT } from '../../scripts/lib/versions.ts'
import { JobError, type Jobs } from '../jobs/jobs.ts'
import { type PlayTrouble, tellTrouble } from '../jobs/tell-trouble.ts'
import type { KnownVersion } from '../known-versions.ts'
import type { VersionPair } from './pair.ts'

/** What is known of the session of a version: that it is being played, what was said, or why it can't be played. */
export type Session = 'playing' | { acts: Act[] } | { trouble: PlayTrouble }

/** How a session differs between two versions, as far as it is known. */
export interface WireDifference {
  isPlaying: boolean
  older: Session
  newer: Session
  /** Undefined as long as one of the two is missing. */
  acts: ActChange[] | undefined
}

/** How long a session may take, in milliseconds. */
const LIMIT = 30_000
const MODULE = new URL('./play-session.job.ts', import.meta.url)

/** Plays whole sessions with versions, to compare what goes over the wire. Each is played once, until a file changes. */
export class WirePlays {
  readonly #jobs: Jobs
  readonly #known = new Map<string, { stamp: string; session: Session }>()

  constructor(jobs: Jobs) {
    this.#jobs = jobs
  }

  /**
   * How two versions differ on the wire. What is missing is played meanwhile.
   *
   * @param again whether a version that could not be played gets another try
   */
  differenceOf({ older, newer }: VersionPair, { again }: { again: boolean }): WireDifference {
    const sessions = { older: this.#sessionOf(older, again), newer: this.#sessionOf(newer, again) }
    const isPlaying = Object.values(sessions).includes('playing')
    const acts =
      hasActs(sessions.older) && hasActs(sessions.newer)
        ? diffWire(sessions.older.acts, sessions.newer.acts)
        : undefined
    return { ...sessions, isPlaying, acts }
  }

  #sessionOf(version: KnownVersion, again: boolean): Session {
    const stamp = [stampOf(version.folder), stampOf(join(ROOT, 'shared'))].join('\n')
    const known = this.#known.get(version.folder)
    const isFresh = known?.stamp === stamp
    const hasFailed = known !== undefined && hasTrouble(known.session)
    if (known !== undefined && isFresh && !(again && hasFailed)) return known.session

    const play: { stamp: string; session: Session } = { stamp, session: 'playing' }
    this.#known.set(version.folder, play)
    this.#play(version).then((session) => {
      play.session = session
    })
    return play.session
  }

  async #play(version: KnownVersion): Promise<Session> {
    const { name, folder, number } = version
    try {
      const input = { name, folder, number }
      const acts = await this.#jobs.run({
        kind: `session ${folder}`,
        module: MODULE,
        input,
        limit: LIMIT,
      })
      return { acts: acts as Act[] }
    } catch (error) {
      if (!(error instanceof JobError)) throw error
      return { trouble: tellTrouble(error, version) }
    }
  }
}

function hasActs(session: Session): session is { acts: Act[] } {
  return session !== 'playing' && 'acts' in session
}

function hasTrouble(session: Session): boolean {
  return session !== 'playing' && 'trouble' in session
}
