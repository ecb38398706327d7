import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'

/** How long after the start, in milliseconds: the programs come first. */
const DELAY = 1500
/** How many times as long as it has worked it waits before it goes on. */
const REST = 3

/**
 * Does work of which only the result counts, so that nobody has to wait for it later. One piece at a time, with room
 * for requests between them, and none after the app has closed.
 *
 * @param pieces gives the pieces; one that fails will fail again where somebody asks for it, and is told there
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
