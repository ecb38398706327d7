import { readConfig } from '@oauth-lab/shared/config.ts'
import type { Slot } from '../runner.ts'
import { whatLives } from './living.ts'
import { now, type Traffic } from './traffic.ts'

const DAY = 24 * 3600 * 1000

/** What is alive in a slot, with the time of day at which it ends. */
export function viewClock(slot: Slot, traffic: Traffic) {
  const offset = Date.now() - now()
  const living = whatLives(traffic.logOf(slot), readConfig(slot.lifetimes), now())
  return {
    slot,
    living: living.map(({ until, ...rest }) => {
      const ends = until === undefined ? undefined : until + offset
      return { ...rest, ends, words: ends === undefined ? undefined : timeOfDay(ends) }
    }),
  }
}

/** With the day, if that isn't within a day. */
function timeOfDay(at: number): string {
  const time = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const
  const day = at - Date.now() < DAY ? {} : ({ month: 'short', day: 'numeric' } as const)
  return new Date(at).toLocaleString('en-US', { ...day, ...time })
}
