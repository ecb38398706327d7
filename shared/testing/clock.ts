import { setTimeout as sleep } from 'node:timers/promises'

const realNow = performance.now.bind(performance)
let ahead = 0

/**
 * Lets the programs of this process believe that so many seconds have passed: the monotonic clock
 * jumps, which all lifetimes are measured by. Timers don't, and there is no way back.
 */
export async function passTime(seconds: number): Promise<void> {
  ahead += seconds * 1000
  performance.now = () => realNow() + ahead
  // lru-cache looks at the clock once in a millisecond.
  await sleep(2)
}
