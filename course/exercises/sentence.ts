import type { ProgramName } from '../programs/programs.ts'
import type { Stage } from './check-stage.ts'

/** A rule of a version that can be checked from outside. */
export interface Sentence {
  /** Names it in the lesson's steps and in the exercise's mistakes; unique in its version. It stays when the text is changed. */
  id: string
  text: string
  /**
   * Where it is tried out: at one program (the API has the copy's own server, the client a stand-in for it), at a
   * server whose secrets live for a short time only, or at server and client together, when everything else is done.
   */
  on: ProgramName | 'short server' | 'both'
  /** The file of the version that implements it. */
  file: string
  /** Other checks that must pass first. */
  needs?: string[]
  /** @throws {NotYet} with what it saw in place of what should be */
  probe: (stage: Stage) => Promise<void>
}

/** All checks of a version. */
export interface VersionChecks {
  /** The lifetimes of the short server, in seconds; undefined where no sentence needs one. */
  short?: Record<string, string>
  /** What the client is registered for at the stand-in; undefined in a version without scopes. */
  scopes?: string[]
  sentences: Sentence[]
}
