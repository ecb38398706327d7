import { join } from 'node:path'
import { diffWire } from '@oauth-lab/course/differences/wire-diff.ts'
import type { Act } from '@oauth-lab/course/differences/wire-play.ts'
import { stampOf } from '@oauth-lab/course/exercises/watch.ts'
import { ROOT } from '@oauth-lab/course/programs/versions.ts'
import { JobError, type Jobs } from '../jobs/jobs.ts'
import { type PlayTrouble, tellTrouble } from '../jobs/tell-trouble.ts'
import type { KnownVersion, VersionPair } from '../known-versions.ts'

/** The played session of a version, or the reason why it can't be played. */
export type Session = 'not played' | 'playing' | { acts: Act[] } | { trouble: PlayTrouble }

/** The time limit of a session, in milliseconds. */
const LIMIT = 30_000
const MODULE = new URL('./play-session.job.ts', import.meta.url)

/** Plays sessions with versions to compare their messages. Each is played once, until a file changes. */
export class WirePlays {
  readonly #jobs: Jobs
  readonly #known = new Map<string, { stamp: string; session: Session }>()

  constructor(jobs: Jobs) {
    this.#jobs = jobs
  }

  /** The difference of two versions' messages, as far as they were played. */
  differenceOf({ older, newer }: VersionPair) {
    const sessions = { older: this.#sessionOf(older), newer: this.#sessionOf(newer) }
    const states = Object.values(sessions)
    const acts =
      hasActs(sessions.older) && hasActs(sessions.newer)
        ? diffWire(sessions.older.acts, sessions.newer.acts)
        : undefined
    return {
      ...sessions,
      isPlaying: states.includes('playing'),
      /** Whether a session must be requested first. */
      isMissing: states.includes('not played'),
      /** Undefined as long as one of the two is missing. */
      acts,
    }
  }

  /** Plays the missing sessions, and those that failed. */
  play({ older, newer }: VersionPair): void {
    for (const version of new Set([older, newer])) {
      const session = this.#sessionOf(version)
      if (session === 'playing' || hasActs(session)) continue
      const play: { stamp: string; session: Session } = {
        stamp: stampOfSession(version),
        session: 'playing',
      }
      this.#known.set(version.folder, play)
      this.#play(version).then((played) => {
        play.session = played
      })
    }
  }

  #sessionOf(version: KnownVersion): Session {
    const known = this.#known.get(version.folder)
    return known?.stamp === stampOfSession(version) ? known.session : 'not played'
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

function stampOfSession({ folder }: KnownVersion): string {
  return [stampOf(folder), stampOf(join(ROOT, 'shared'))].join('\n')
}

function hasActs(session: Session): session is { acts: Act[] } {
  return typeof session === 'object' && 'acts' in session
}
