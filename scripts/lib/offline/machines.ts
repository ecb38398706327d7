import { wrongUsage } from '@oauth-lab/course/told-error.ts'

/** The kinds of machines in a class: operating system and processor, as Node names them. */
export const MACHINES = [
  'win32-x64',
  'win32-arm64',
  'darwin-x64',
  'darwin-arm64',
  'linux-x64',
  'linux-arm64',
]

/**
 * Reads a list such as `win32-x64,linux-x64`.
 *
 * @throws {ToldError} for an unknown machine
 */
export function readMachines(text: string): string[] {
  const machines = text.split(',').map((machine) => machine.trim())
  const stranger = machines.find((machine) => !MACHINES.includes(machine))
  if (stranger === undefined) return machines
  throw wrongUsage(
    `There is no machine ${JSON.stringify(stranger)}. Choose from these: ${MACHINES.join(', ')}.`,
  )
}

/** The lines of pnpm-workspace.yaml that make pnpm fetch the packages of all these machines. */
export function supportedArchitectures(machines: string[]): string {
  const parts = machines.map((machine) => machine.split('-'))
  const systems = [...new Set(parts.map(([system]) => system))]
  const processors = [...new Set(parts.map(([, processor]) => processor))]
  return `
supportedArchitectures:
  os: [${systems.join(', ')}]
  cpu: [${processors.join(', ')}]
  libc: [glibc]
`
}
