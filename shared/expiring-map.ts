import { LRUCache } from 'lru-cache'

/** How often expired entries are looked for, in milliseconds. */
const SWEEP_EVERY = 10_000

/**
 * A map whose entries leave by themselves when their time is up, and which never holds more than
 * `max` of them: one more, and the one that was not used for the longest time goes.
 *
 * Time is measured on the monotonic clock, so that setting the computer's clock changes nothing.
 */
export class ExpiringMap<V extends object> {
  readonly #entries: LRUCache<string, V>
  readonly #isOver: (value: V) => boolean

  /**
   * @param max the most entries it holds
   * @param isOver tells the entries that are to leave before their time
   */
  constructor(max: number, isOver: (value: V) => boolean = () => false) {
    this.#isOver = isOver
    // maxSize and not max: LRUCache would set aside the room for max entries at once.
    this.#entries = new LRUCache({ maxSize: max, sizeCalculation: () => 1 })
    // One timer for the map and not one for each entry: 30 days are more than a timer can hold.
    setInterval(() => this.#sweep(), SWEEP_EVERY).unref()
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: string): V | undefined {
    const value = this.#entries.get(key)
    return value === undefined || this.#isOver(value) ? undefined : value
  }

  /** @param ttl seconds; at zero or below the entry is not kept at all */
  set(key: string, value: V, ttl: number): void {
    if (ttl > 0) this.#entries.set(key, value, { ttl: Math.ceil(ttl * 1000) })
    else this.#entries.delete(key)
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }

  #sweep(): void {
    this.#entries.purgeStale()
    for (const [key, value] of this.#entries.entries()) {
      if (this.#isOver(value)) this.#entries.delete(key)
    }
  }
}
