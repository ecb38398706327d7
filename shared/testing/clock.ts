const realNow = performance.now.bind(performance)
let ahead = 0

/**
 * Makes the programs of this process believe that this many seconds have passed. It moves the monotonic
 * clock ahead, which measures all lifetimes. Timers don't notice, and the clock never goes back.
 */
export function passTime(seconds: number): void {
  ahead += seconds * 1000
  performance.now = () => realNow() + ahead
}
