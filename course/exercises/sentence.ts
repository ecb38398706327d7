import type { Stage } from './check-stage.ts'

/** A rule of a version that can be checked from outside. */
export interface Sentence {
  /** Its name in lessons and mistakes, unique in its version. It stays the same if the text changes. */
  id: string
  text: string
  /**
   * The file of the version that implements it. The check runs on the program in that folder: the client and
   * the API with a stand-in for the server.
   */
  file: string
  /**
   * What it runs on instead: a server with short lifetimes, an API that has got nothing from its server so
   * far, or all programs together, once every other check passes.
   */
  on?: 'short server' | 'new api' | 'both'
  /** Other checks that must pass first, besides those that these need. */
  needs?: string[]
  /** @throws {NotYet} if the check fails, with what it saw instead */
  probe: (stage: Stage) => Promise<void>
}

/** What a check runs on, such as `client`, `cli` or `short server`. */
export function stageOf({ on, file }: Sentence): string {
  return on ?? file.slice(0, file.indexOf('/'))
}

/** What the checks of a version need. */
export interface CheckSettings {
  /** What is set for the short server alone, or undefined if no check needs one. */
  short?: Record<string, string>
  /** What the client is registered for at the stand-in; undefined in a version without scopes. */
  scopes?: string[]
}

/** All checks of a version: what its `checks.ts` exports. */
export interface VersionChecks {
  settings?: CheckSettings
  sentences: Sentence[]
}
