const realNow = performance.now.bind(performance)
let ahead = 0

/**
 * Lets the programs of this process believe that so many seconds have passed: the monotonic clock
 * jumps, which all lifetimes are measured by. Timers don't, and there is no way back.
 */
export function passTime(seconds: number): void {
  ahead += seconds * 1000
  performance.now = () => realNow() + ahead
}
