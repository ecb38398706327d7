import { randomInt } from 'node:crypto'
import { availableParallelism } from 'node:os'
import getPort, { portNumbers } from 'get-port'

/** Below the ports that systems give to outgoing connections, any of which may be taken at any time. */
const [FIRST, LAST] = [26_200, 32_700]

/** How many workers the tests have at most. */
const WORKERS = availableParallelism()

/** How long a port isn't handed out again, in milliseconds: a program may take long until it listens. */
const LOCK = 120_000
const lately = new Set<number>()

/**
 * A port that is free on every address of this machine. This process never gets one twice within two
 * minutes. Other processes start their search elsewhere, and two workers of the tests never share one:
 * a program may take seconds until it listens on the port that was free.
 */
export async function freePort(): Promise<number> {
  const [first, last] = range(process.env.VITEST_POOL_ID)
  const port = await getPort({ port: portNumbers(randomInt(first, last), last), exclude: lately })
  lately.add(port)
  setTimeout(() => lately.delete(port), LOCK).unref()
  return port
}

function range(worker: string | undefined): [first: number, last: number] {
  if (worker === undefined) return [FIRST, LAST]
  const size = Math.floor((LAST - FIRST) / WORKERS)
  const first = FIRST + ((Number(worker) - 1) % WORKERS) * size
  return [first, first + size - 1]
}
