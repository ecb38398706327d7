import { syncBuiltinESMExports } from 'node:module'
import timers from 'node:timers'
import promises from 'node:timers/promises'

// Loaded into each worker and each API that a check runs. Its clocks stand still, and its time limits run out,
// until the check says that time has passed: the check waits for none of them, and a slow machine changes no
// result.

/** Shorter delays are no time limits, and stay as they are. In milliseconds. */
const SHORTEST = 1_000
/** The longest delay of a timer. It keeps a worker alive that waits for nothing else. */
const LONGEST = 2 ** 31 - 1
const { setTimeout, clearTimeout } = globalThis
const { timeout } = AbortSignal
const limits = new Map()
let now = 0

function startTimer(run, delay, ...values) {
  if (!(delay >= SHORTEST)) return setTimeout(run, delay, ...values)
  const timer = setTimeout(() => undefined, LONGEST)
  limits.set(timer, { at: now + delay, run: () => run(...values) })
  return timer
}

function stopTimer(timer) {
  limits.delete(timer)
  clearTimeout(timer)
}

function wait(delay, value, { signal, ref = true } = {}) {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const timer = startTimer(resolve, delay, value)
    if (!ref) timer.unref()
    signal?.addEventListener('abort', () => {
      stopTimer(timer)
      reject(signal.reason)
    })
  })
}

// Whole milliseconds, so that sums are exact.
const [startOfClock, startOfDay] = [Math.round(performance.now()), Date.now()]
performance.now = () => startOfClock + now
Date.now = () => startOfDay + now

globalThis.setTimeout = startTimer
globalThis.clearTimeout = stopTimer
Object.assign(timers, { setTimeout: startTimer, clearTimeout: stopTimer })
promises.setTimeout = wait
syncBuiltinESMExports()

AbortSignal.timeout = (delay) => {
  if (!(delay >= SHORTEST)) return timeout.call(AbortSignal, delay)
  const limit = new AbortController()
  const reason = new DOMException('The operation was aborted due to timeout', 'TimeoutError')
  startTimer(() => limit.abort(reason), delay).unref()
  return limit.signal
}

process.on('message', (milliseconds) => {
  now += milliseconds
  const due = [...limits].filter(([, { at }]) => at <= now)
  for (const [timer, { run }] of due.sort(([, one], [, other]) => one.at - other.at)) {
    stopTimer(timer)
    run()
  }
  process.send('passed')
})
// A worker that waits for nothing ends by itself.
process.channel.unref()
