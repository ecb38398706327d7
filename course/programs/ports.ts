import { createServer, type Server } from 'node:net'

const ADDRESSES = ['127.0.0.1', '::1']

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
