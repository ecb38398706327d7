import { randomInt } from 'node:crypto'
import { createServer, type Server } from 'node:net'

/** Below the ports that systems give to outgoing connections, any of which may be taken the next moment. */
const [FIRST, LAST] = [26_200, 32_700]
const ADDRESSES = ['127.0.0.1', '::1']

/** Four ports that nobody uses right now. */
export async function freePorts(): Promise<[number, number, number, number]> {
  const found = new Set<number>()
  while (found.size < 4) {
    const port = randomInt(FIRST, LAST)
    if (await isFree(port)) found.add(port)
  }
  return [...found] as [number, number, number, number]
}

/** Whether nobody listens at a port of this machine, in either protocol family. */
export async function isFree(port: number): Promise<boolean> {
  for (const address of ADDRESSES) {
    if (!(await canListen(port, address))) return false
  }
  return true
}

function canListen(port: number, address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe: Server = createServer()
    probe.once('error', ({ code }: NodeJS.ErrnoException) => {
      // A machine that does not speak the other protocol family.
      resolve(code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT')
    })
    probe.listen(port, address, () => probe.close(() => resolve(true)))
  })
}
