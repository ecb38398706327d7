import type { Place } from '@oauth-lab/course/exercises/playground.ts'
import { type KnownVersion, knownVersion } from '../known-versions.ts'
import type { Runner, Slot } from '../runner.ts'

/** The slots where a learner's copy runs. Restarts them on save. */
export class CopyRuns {
  readonly #place: Place
  readonly #playground: string
  readonly #runner: Runner

  constructor(place: Place, playground: string, runner: Runner) {
    this.#place = place
    this.#playground = playground
    this.#runner = runner
  }

  /** The copy as a version that can run, or undefined if it has no main file. */
  get version(): KnownVersion | undefined {
    return knownVersion(`copy-${this.#place.name}`, this.#playground)
  }

  /** Where the copy runs, or would if it started. */
  get slots(): Slot[] {
    return this.#runner.slots.filter(({ version, state }) => {
      return version.folder === this.#place.folder && state !== 'stopped'
    })
  }

  /** The slot where the copy runs, or else the slot where it can replace the running version. */
  get addresses(): Slot['addresses'] | undefined {
    return (this.slots[0] ?? this.#runner.main)?.addresses
  }

  /** Every save restarts it. */
  onSave(): void {
    for (const slot of this.slots) this.#runner.restart(slot)
  }

  /** Stops the programs of the copy, does something, then starts them again. */
  async whileStopped<T>(act: () => Promise<T>): Promise<T> {
    const slots = this.slots
    await Promise.all(slots.map((slot) => this.#runner.stop(slot)))
    try {
      return await act()
    } finally {
      const { version } = this
      if (version !== undefined) for (const slot of slots) this.#runner.start(slot, version)
    }
  }
}
