import { readConfig } from '@oauth-lab/shared/config.ts'
import type { Slot } from '../runner.ts'
import { whatLives } from './living.ts'
import { now, type Traffic } from './traffic.ts'

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

/** With the day, unless it is today. */
function timeOfDay(at: number): string {
  const date = new Date(at)
  const time = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const
  const isToday = date.toDateString() === new Date().toDateString()
  const day = isToday ? {} : ({ month: 'short', day: 'numeric' } as const)
  return date.toLocaleString('en-US', { ...day, ...time })
}
