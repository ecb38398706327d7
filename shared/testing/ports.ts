import { randomInt } from 'node:crypto'
import { availableParallelism } from 'node:os'
import getPort from 'get-port'

/**
 * Where the ports start. A workshop runs a second version a thousand ports above the first, so each other thousand is
 * left to those. Without a first version it starts at 26,000. Systems give the ports from 32,768 on to outgoing
 * connections.
 */
const STARTS = [28_000, 30_000]

/** How many workers the tests have at most. Of more than 32, some share their ports. */
const WORKERS = Math.min(availableParallelism() + 1, 32)
/** The ports of one worker from each start. A third version is a hundred ports above the second. */
const SHARE = Math.floor(900 / WORKERS)
/** The most ports that one start takes in a row. No row may reach into the next share. */
const IN_A_ROW = 4

/** How long a port isn't handed out again, in milliseconds: a program may take long until it listens. */
const LOCK = 120_000
const lately = new Set<number>()

/**
 * A port that is free on every address of this machine. This process never gets one twice within two
 * minutes. Other processes start their search elsewhere, and two workers of the tests never share one:
 * a program may take seconds until it listens on the port that was free.
 */
export async function freePort(): Promise<number> {
  const ports = portsOf(process.env.VITEST_POOL_ID)
  const start = randomInt(ports.length)
  const port = await getPort({
    port: [...ports.slice(start), ...ports.slice(0, start)],
    exclude: lately,
  })
  lately.add(port)
  setTimeout(() => lately.delete(port), LOCK).unref()
  return port
}

function portsOf(worker: string | undefined): number[] {
  const share = worker === undefined ? 900 : SHARE
  const first = worker === undefined ? 0 : ((Number(worker) - 1) % WORKERS) * SHARE
  return STARTS.flatMap((start) =>
    Array.from({ length: share - IN_A_ROW }, (_, index) => start + first + index),
  )
}
