const realNow = performance.now.bind(performance)
const timeOfDay = Date.now.bind(Date)
let isMoved = false
let ahead = 0

/**
 * Makes the programs of this process believe that this many seconds have passed. It moves two clocks ahead: the
 * monotonic one, which measures what a program remembers, and the time of day, which tokens carry from one
 * program to another. Timers don't notice, and the clocks never go back while programs run.
 */
export function passTime(seconds: number): void {
  if (!isMoved) moveClocks()
  isMoved = true
  ahead += seconds * 1000
}

/** Sets both clocks right again, once no program of this process runs. */
export function returnToPresent(): void {
  ahead = 0
}

function moveClocks(): void {
  performance.now = () => realNow() + ahead
  Date.now = () => timeOfDay() + ahead
  // `new Date()` doesn't ask Date.now().
  globalThis.Date = new Proxy(Date, {
    construct: (target, values, self) =>
      Reflect.construct(target, values.length > 0 ? values : [target.now()], self),
  })
}
