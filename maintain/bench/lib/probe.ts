/**
 * Loaded into a measured program with --import. Reports its usage so far to the parent process, and keeps
 * no program running.
 */
import { existsSync, readdirSync } from 'node:fs'
import { passTime } from '@oauth-lab/shared/testing/clock.ts'

/** A request to a program: `collect` collects garbage first, `advance` is in seconds. */
export type Question = { collect: boolean } | { advance: number }

/** The usage of a program. */
export interface Usage {
  /** Seconds of processor time since its start. */
  cpu: number
  /** Bytes. */
  heap: number
  /** Bytes. */
  rss: number
  /** Open descriptors, or 0 if the system doesn't report them. */
  descriptors: number
}

const DESCRIPTORS = '/proc/self/fd'

process.on('message', (question: Question) => {
  if ('advance' in question) passTime(question.advance)
  else if (question.collect) globalThis.gc?.()
  process.send?.(usage())
})
process.channel?.unref()
// Ends with the parent process, so nothing is left running.
process.on('disconnect', () => process.exit())

function usage(): Usage {
  const { user, system } = process.cpuUsage()
  const { heapUsed, rss } = process.memoryUsage()
  return {
    cpu: (user + system) / 1e6,
    heap: heapUsed,
    rss,
    descriptors: existsSync(DESCRIPTORS) ? readdirSync(DESCRIPTORS).length : 0,
  }
}
