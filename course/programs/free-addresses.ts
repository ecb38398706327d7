import { refuseUnusablePort } from '@oauth-lab/shared/serve.ts'
import { freePort } from '@oauth-lab/shared/testing/ports.ts'
import { type Addresses, addressesAt, PORT_COUNT } from './programs.ts'

/** Addresses for the programs and the workshop, at ports that nothing uses right now. */
export async function freeAddresses(): Promise<Addresses> {
  const ports: number[] = []
  while (ports.length < PORT_COUNT) ports.push(await freePort())
  return addressesAt(ports)
}

/** Whether a program could listen on a port of this machine, in each protocol family. */
export function isFree(port: number): Promise<boolean> {
  return refuseUnusablePort(port).then(
    () => true,
    () => false,
  )
}
