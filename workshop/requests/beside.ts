import type { KnownVersion } from '../known-versions.ts'
import { PageTrouble } from '../page-trouble.ts'
import type { Runner, Slot } from '../runner.ts'

/** How long a version keeps running after the last request to it, in milliseconds. */
const PATIENCE = 10 * 60_000

/**
 * Runs another version beside the main one, to send it the same request. To spare the laptop, only one runs at a time,
 * and stops ten minutes after the last request.
 */
export class Beside {
  readonly #runner: Runner
  #own: Slot | undefined
  #end: NodeJS.Timeout | undefined

  constructor(runner: Runner) {
    this.#runner = runner
  }

  /**
   * A slot where the version runs: one that runs it already, or its own.
   *
   * @throws {PageTrouble} if it doesn't start
   */
  async require(version: KnownVersion): Promise<Slot> {
    const slot = this.find(version) ?? (await this.#start(version))
    if (slot === this.#own) {
      clearTimeout(this.#end)
      this.#end = setTimeout(() => this.#runner.close(slot), PATIENCE).unref()
    }
    return slot
  }

  /** A slot that runs the version, if there is one. */
  find({ id }: KnownVersion): Slot | undefined {
    return this.#runner.slots.find(({ version, state }) => version.id === id && state === 'running')
  }

  async #start(version: KnownVersion): Promise<Slot> {
    const open = this.#runner.slots.find((slot) => slot === this.#own)
    const slot = open ?? (await this.#runner.openBeside(version))
    this.#own = slot
    const isStarting = slot.version.id === version.id && slot.state === 'starting'
    if (!isStarting) await this.#runner.start(slot, version)
    await this.#runner.untilStarted(slot)
    if (slot.state !== 'running') throw new PageTrouble(409, slot.problem ?? 'It has stopped.')
    return slot
  }
}
