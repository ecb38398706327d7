import { randomInt } from 'node:crypto'
import getPort, { portNumbers } from 'get-port'

/** Below the ports that systems give to outgoing connections, any of which may be taken the next moment. */
const [FIRST, LAST] = [26_200, 32_700]

/**
 * A port that nobody uses, on any address of this machine. This process never gets one twice within
 * seconds. Other processes start their search somewhere else.
 */
export function freePort(): Promise<number> {
  return getPort({ port: portNumbers(randomInt(FIRST, LAST), LAST) })
}
