import type { ProgramName } from '@oauth-lab/course/programs/programs.ts'

interface Connection {
  owner: ProgramName
  from: number
  until: number
}

/**
 * For how many milliseconds after the end of a connection something that came by it may still be met at the other
 * side. No system gives the port to somebody else that soon.
 */
const GRACE = 1_000
/** How many are remembered; a client has a few at a time. */
const MOST = 1_000

/** The connections that the programs have opened, by address and port of their own side. */
export class Connections {
  readonly #known = new Map<string, Connection>()

  begin(address: string, at: number, owner: ProgramName): void {
    this.#known.delete(address)
    this.#known.set(address, { owner, from: at, until: Number.POSITIVE_INFINITY })
    const [oldest] = this.#known.keys()
    if (this.#known.size > MOST && oldest !== undefined) this.#known.delete(oldest)
  }

  end(address: string, at: number): void {
    const connection = this.#known.get(address)
    if (connection !== undefined) connection.until = at + GRACE
  }

  /** Which program had opened the connection that came from an address then, if one had. */
  ownerOf(address: string, at: number): ProgramName | undefined {
    const { owner, from, until } = this.#known.get(address) ?? { from: 1, until: 0 }
    return from <= at && at <= until ? owner : undefined
  }
}
