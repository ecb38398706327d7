import { randomInt } from 'node:crypto'
import getPort, { portNumbers } from 'get-port'

/** Below the ports that systems give to outgoing connections, any of which may be taken at any time. */
const [FIRST, LAST] = [26_200, 32_700]

/**
 * A port that is free on every address of this machine. This process never gets one twice within
 * seconds. Other processes start their search elsewhere.
 */
export function freePort(): Promise<number> {
  return getPort({ port: portNumbers(randomInt(FIRST, LAST), LAST) })
}
