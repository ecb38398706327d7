import { randomInt } from 'node:crypto'
import { availableParallelism } from 'node:os'
import getPort from 'get-port'

/**
 * Below the ports that systems give to outgoing connections, any of which may be taken at any time. A workshop runs
 * another version a thousand ports above the first, so every other thousand is left to those.
 */
const THOUSANDS = [26_000, 28_000, 30_000]

/** As many workers as vitest.config.ts lets run the tests. On a machine with more cores, some share their ports. */
const WORKERS = Math.min(availableParallelism() + 1, 32)
/** The ports of one worker in each thousand. */
const SHARE = Math.floor(1_000 / WORKERS)
/** How many ports one start takes in a row at most. The last ports of a share are for those. */
const IN_A_ROW = 5

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
  const share = worker === undefined ? 1_000 : SHARE
  const first = worker === undefined ? 0 : ((Number(worker) - 1) % WORKERS) * SHARE
  return THOUSANDS.flatMap((thousand) =>
    Array.from({ length: share - IN_A_ROW }, (_, index) => thousand + first + index),
  )
}
