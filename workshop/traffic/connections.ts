/**
 * How long after the end of a connection a request from it may still be reported by the other side, in
 * milliseconds. No system reuses the port that soon.
 */
const GRACE = 1_000
/** The most connections to remember. A client has a few at a time. */
const MOST = 1_000

/** The connections that programs have opened, by their own address and port. */
export class Connections {
  readonly #known = new Map<string, { owner: string; from: number; until: number }>()

  begin(address: string, at: number, owner: string): void {
    this.#known.delete(address)
    this.#known.set(address, { owner, from: at, until: Number.POSITIVE_INFINITY })
    const [oldest] = this.#known.keys()
    if (this.#known.size > MOST && oldest !== undefined) this.#known.delete(oldest)
  }

  end(address: string, at: number): void {
    const connection = this.#known.get(address)
    if (connection !== undefined) connection.until = at + GRACE
  }

  /** The program whose connection came from an address at that time, if any. */
  ownerOf(address: string, at: number): string | undefined {
    const { owner, from, until } = this.#known.get(address) ?? { from: 1, until: 0 }
    return from <= at && at <= until ? owner : undefined
  }
}
