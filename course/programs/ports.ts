import { createServer, type Server } from 'node:net'
import { freePort } from '@oauth-lab/shared/testing/ports.ts'
import { type Addresses, addressesAt, PORT_COUNT } from './programs.ts'

const ADDRESSES = ['127.0.0.1', '::1']

/** Addresses for the programs and the workshop, at ports that nothing uses right now. */
export async function freeAddresses(): Promise<Addresses> {
  const ports: number[] = []
  while (ports.length < PORT_COUNT) ports.push(await freePort())
  return addressesAt(ports)
}

/** Whether nothing listens on a port of this machine, in either protocol family. */
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
      // This machine doesn't have this protocol family.
      resolve(code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT')
    })
    probe.listen(port, address, () => probe.close(() => resolve(true)))
  })
}
