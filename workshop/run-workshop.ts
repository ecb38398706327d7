import { setTimeout as sleep } from 'node:timers/promises'
import { highlightText } from '@oauth-lab/course/differences/highlight.ts'
import { type Addresses, portsOf } from '@oauth-lab/course/programs/programs.ts'
import { SIGNAL_DELAY } from '@oauth-lab/course/programs/run.ts'
import { stopSignal } from '@oauth-lab/course/programs/stop-signal.ts'
import { listen } from '@oauth-lab/shared/serve.ts'
import type { KnownVersion } from './known-versions.ts'
import { Runner } from './runner.ts'

/** What the workshop starts with. */
export interface WorkshopOptions {
  version: KnownVersion
  /** The ports of the programs and of the workshop itself. */
  addresses: Addresses
  /** Called once, when all of them respond, or when a program has failed and the workshop can say why. */
  onReady: () => void
}

/**
 * Runs the workshop with a version in it until a signal arrives. A program that dies doesn't end it: the page and the
 * terminal say so, and a click starts the program again.
 *
 * @returns the exit status: 1 if the version was dead at the end
 */
export async function runWorkshop(options: WorkshopOptions): Promise<number> {
  const signal = stopSignal()
  let ending = false
  signal.then(() => {
    ending = true
  })
  const runner = new Runner()
  runner.on('line', (slot, { text }) => {
    console.log(slot === runner.main ? text : `${slot.id}: ${text}`)
  })
  runner.on('change', async ({ state, problem }) => {
    if (state !== 'failed') return
    // A Ctrl-C also ends the programs, whose exits may arrive first.
    await sleep(SIGNAL_DELAY)
    if (!ending) console.error(problem)
  })
  const slot = runner.open(options.version, options.addresses)
  const { workshop: port } = portsOf(options.addresses)

  // Loads while the programs start in their own processes.
  const { buildWorkshop } = await import('./app.ts')
  const app = buildWorkshop({ runner, port })
  try {
    await listen(app, port)
    await Promise.race([signal, runner.untilStarted(slot)])
    if (!ending) options.onReady()
    // Loads what colors code before someone asks for some.
    await highlightText('', 'ts')
    await signal
    return slot.state === 'failed' ? 1 : 0
  } finally {
    await Promise.all([runner.closeAll(), app.close()])
  }
}
