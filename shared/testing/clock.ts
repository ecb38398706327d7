import { setTimeout as sleep } from 'node:timers/promises'

const realNow = performance.now.bind(performance)
const realDate = Date.now.bind(Date)
let ahead = 0

/**
 * Lets the programs of this process believe that so many seconds have passed: their clocks jump, their
 * timers don't. There is no way back, as with any time.
 */
export async function passTime(seconds: number): Promise<void> {
  ahead += seconds * 1000
  performance.now = () => realNow() + ahead
  Date.now = () => realDate() + ahead
  // lru-cache looks at the clock once in a millisecond.
  await sleep(2)
}
