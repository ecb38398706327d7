import { availableParallelism, loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

/** The most that patience grows on a crowded machine. */
const MOST = 4

/** A time limit in milliseconds, longer where many programs wait for few processors. */
export function patient(milliseconds: number): number {
  const [load = 0] = loadavg()
  const crowding = load / (2 * availableParallelism())
  // Whole milliseconds: AbortSignal.timeout throws at a fraction.
  return Math.round(milliseconds * Math.min(Math.max(crowding, 1), MOST))
}

/** What comes within some time, in milliseconds on an idle machine, or undefined. */
export async function within<T>(milliseconds: number, awaited: Promise<T>): Promise<T | undefined> {
  const timer = new AbortController()
  const limit = sleep(patient(milliseconds), undefined, { signal: timer.signal })
  return Promise.race([awaited, limit.catch(() => undefined)]).finally(() => timer.abort())
}
