import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'

/** The delay after the start, in milliseconds, because the programs come first. */
const DELAY = 1500
/** The pause after each piece, as a multiple of the time it took. */
const REST = 3

/**
 * Does work in advance, so that no request has to wait for it. Does one piece at a time, leaves time for requests in
 * between, and stops when the app closes.
 *
 * @param pieces yields the pieces. One that fails will fail again on request, which reports the error
 */
export function whenIdle(
  app: FastifyInstance,
  pieces: () => Iterable<() => Promise<unknown>>,
): void {
  let closed = false
  const timer = setTimeout(work, DELAY)
  timer.unref()
  app.addHook('onClose', async () => {
    closed = true
    clearTimeout(timer)
  })

  async function work(): Promise<void> {
    try {
      for (const piece of pieces()) {
        if (closed) return
        const begun = performance.now()
        await piece()
        await sleep(REST * (performance.now() - begun), undefined, { ref: false })
      }
    } catch {
      return
    }
  }
}
