import { availableParallelism, loadavg } from 'node:os'

/** The most that patience grows on a crowded machine. */
const MOST = 4

/** A time limit in milliseconds, longer where many programs wait for few processors. */
export function patient(milliseconds: number): number {
  const [load = 0] = loadavg()
  const crowding = load / (2 * availableParallelism())
  // Whole milliseconds: AbortSignal.timeout throws at a fraction.
  return Math.round(milliseconds * Math.min(Math.max(crowding, 1), MOST))
}
