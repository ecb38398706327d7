/** How often to look for expired entries, in milliseconds. */
const SWEEP_EVERY = 10_000
/** The share of a full map that is removed at once. */
const ROOM = 1 / 100

interface Entry<V> {
  /** The string of the first `set`. A later one may be a slice of a request, and would keep all of its text in memory. */
  key: string
  value: V
  /** In milliseconds of the monotonic clock. */
  expiresAt: number
}

/**
 * A map whose entries expire by themselves. It never holds more than `max` of them: when it is full, it
 * removes the least recently used ones.
 *
 * It uses the monotonic clock, so setting the computer's clock changes nothing.
 *
 * No library: of the ones measured, one takes milliseconds per entry once it is full, and another
 * never frees the memory of expired entries.
 */
export class ExpiringMap<V extends object> {
  readonly #max: number
  readonly #isOver: (value: V) => boolean
  /** The most recently used is last, because a Map keeps the order of insertion. */
  readonly #entries = new Map<string, Entry<V>>()

  /**
   * @param max the most entries it holds
   * @param isOver tells which entries end before they expire
   */
  constructor(max: number, isOver: (value: NoInfer<V>) => boolean = () => false) {
    this.#max = max
    this.#isOver = isOver
    // One timer for the whole map, not one per entry: a timer can't hold 30 days.
    setInterval(() => this.#sweep(), SWEEP_EVERY).unref()
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    if (this.#hasEnded(entry, performance.now())) return undefined
    this.#entries.set(entry.key, entry)
    return entry.value
  }

  /** @param ttl seconds. An entry with zero or less isn't kept. */
  set(key: string, value: V, ttl: number): void {
    const own = this.#entries.get(key)?.key ?? key
    this.#entries.delete(own)
    if (ttl <= 0) return
    if (this.#entries.size >= this.#max) this.#makeRoom()
    const expiresAt = Math.ceil(performance.now() + ttl * 1000)
    this.#entries.set(own, { key: own, value, expiresAt })
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }

  #hasEnded({ value, expiresAt }: Entry<V>, now: number): boolean {
    return expiresAt <= now || this.#isOver(value)
  }

  #sweep(): void {
    const now = performance.now()
    for (const [key, entry] of this.#entries) {
      if (this.#hasEnded(entry, now)) this.#entries.delete(key)
    }
  }

  /** Removes many at once: finding a Map's first entry takes longer the more were deleted before it. */
  #makeRoom(): void {
    let room = Math.ceil(this.#max * ROOM)
    for (const key of this.#entries.keys()) {
      if (room === 0) return
      this.#entries.delete(key)
      room -= 1
    }
  }
}
