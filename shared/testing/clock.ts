const realNow = performance.now.bind(performance)
let ahead = 0

/**
 * Makes the programs of this process believe that so many seconds have passed. The monotonic clock
 * jumps, by which all lifetimes are measured. Timers don't jump, and the clock never goes back.
 */
export function passTime(seconds: number): void {
  ahead += seconds * 1000
  performance.now = () => realNow() + ahead
}
