import type { Events } from './events.ts'
import type { Jobs } from './jobs/jobs.ts'
import type { Progress } from './progress.ts'
import type { Beside } from './requests/beside.ts'
import type { Runner } from './runner.ts'
import type { Traffic } from './traffic/traffic.ts'

/** The objects that the workshop's pages share. */
export interface Workshop {
  runner: Runner
  /** Runs another version to compare with. */
  beside: Beside
  events: Events
  /** The folder of the learner's copies. */
  playground: string
  /** What the learner has read and done. */
  progress: Progress
  /** What the programs say to each other. */
  traffic: Traffic
  /** Does work in separate processes. */
  jobs: Jobs
}
