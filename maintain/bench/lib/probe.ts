/**
 * Loaded into a measured program with --import: answers what it has used so far, over the channel to
 * the parent that started it. It keeps no program running.
 */
import { existsSync, readdirSync } from 'node:fs'

/** What a program can be asked: `collect` collects garbage first, `advance` is in seconds. */
export type Question = { collect: boolean } | { advance: number }

/** What a program uses. */
export interface Usage {
  /** Seconds of processor time since its start. */
  cpu: number
  /** Bytes. */
  heap: number
  /** Bytes. */
  rss: number
  /** Open ones; 0 where the system does not tell. */
  descriptors: number
}

const DESCRIPTORS = '/proc/self/fd'
const realNow = performance.now.bind(performance)
let advanced = 0

process.on('message', (question: Question) => {
  if ('advance' in question) advance(question.advance)
  else if (question.collect) globalThis.gc?.()
  process.send?.(usage())
})
process.channel?.unref()
// Whoever started it is gone, however that came: nothing is left running.
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

/** Lifetimes are measured on the monotonic clock: this one lets them pass without waiting. */
function advance(seconds: number): void {
  advanced += seconds * 1000
  performance.now = () => realNow() + advanced
}
