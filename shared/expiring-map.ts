/** How often expired entries are looked for, in milliseconds. */
const SWEEP_EVERY = 10_000
/** The part of a full map that makes room at once. */
const ROOM = 1 / 100

interface Entry<V> {
  value: V
  /** In milliseconds of the monotonic clock. */
  expiresAt: number
}

/**
 * A map whose entries leave by themselves when their time is up, and which never holds more than
 * `max` of them: when it is full, those that were not used for the longest time go.
 *
 * Time is measured on the monotonic clock, so that setting the computer's clock changes nothing.
 *
 * No library: of those that were measured one needs milliseconds for each entry once it is full, and
 * another never gives back the memory of what has expired.
 */
export class ExpiringMap<V extends object> {
  readonly #max: number
  readonly #isOver: (value: V) => boolean
  /** Whoever was used last stands last: a Map keeps the order in which entries came into it. */
  readonly #entries = new Map<string, Entry<V>>()

  /**
   * @param max the most entries it holds
   * @param isOver tells the entries that are to leave before their time
   */
  constructor(max: number, isOver: (value: NoInfer<V>) => boolean = () => false) {
    this.#max = max
    this.#isOver = isOver
    // One timer for the map and not one for each entry: 30 days are more than a timer can hold.
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
    this.#entries.set(key, entry)
    return entry.value
  }

  /** @param ttl seconds; at zero or below the entry is not kept at all */
  set(key: string, value: V, ttl: number): void {
    this.#entries.delete(key)
    if (ttl <= 0) return
    if (this.#entries.size >= this.#max) this.#makeRoom()
    this.#entries.set(key, { value, expiresAt: Math.ceil(performance.now() + ttl * 1000) })
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

  /** Many at once: a Map takes the longer to find its first entry the more have left before it. */
  #makeRoom(): void {
    let room = Math.ceil(this.#max * ROOM)
    for (const key of this.#entries.keys()) {
      if (room === 0) return
      this.#entries.delete(key)
      room -= 1
    }
  }
}
