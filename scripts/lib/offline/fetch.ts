import { appendFileSync, chmodSync, copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { findNpm, PACKED, PNPM_VERSION, packedPnpm } from '../install.mjs'
import { supportedArchitectures } from './machines.ts'
import { runProgram } from './programs.ts'

/** What could not be had. Its message is shown as it is. */
export class OfflineError extends Error {}

/**
 * Fetches pnpm for one kind of machine into the packed folder, unless it is there.
 *
 * @throws {OfflineError} when the registry has none, or is not reached
 */
export async function fetchPnpm(root: string, machine: string): Promise<void> {
  const program = packedPnpm(join(root, PACKED), machine)
  if (existsSync(program)) return
  const folder = dirname(program)
  mkdirSync(folder, { recursive: true })
  const name = `@pnpm/exe.${machine}@${PNPM_VERSION}`
  const fetched = await runProgram(process.execPath, [findNpm(), 'pack', '--silent', name], folder)
  const file = fetched.output.trim().split('\n').at(-1) ?? ''
  if (fetched.status !== 0) {
    rmSync(folder, { recursive: true })
    throw new OfflineError(`The registry gave no ${name}.`)
  }
  await tar(['-xzf', file, '--strip-components=1'], folder)
  rmSync(join(folder, file))
  chmodSync(program, 0o755)
}

/**
 * Fetches every package that the lock file names, for all these machines, into the store of the packed folder. The
 * packages of the repo itself stay as they are: pnpm works in a folder of its own.
 *
 * @throws {OfflineError} with what pnpm says
 */
export async function fetchPackages(root: string, machines: string[]): Promise<void> {
  const packed = join(root, PACKED)
  const desk = join(packed, 'desk')
  mkdirSync(desk, { recursive: true })
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) {
    copyFileSync(join(root, file), join(desk, file))
  }
  appendFileSync(join(desk, 'pnpm-workspace.yaml'), supportedArchitectures(machines))

  const pnpm = packedPnpm(packed, `${process.platform}-${process.arch}`)
  const { status, output } = await runProgram(
    pnpm,
    ['fetch', '--store-dir', join(packed, 'store')],
    desk,
  )
  rmSync(desk, { recursive: true })
  if (status !== 0) throw new OfflineError(`The packages could not be fetched.\n${output.trim()}`)
}

/**
 * Runs tar, which Windows has as well, since version 10. Names are relative to the folder: the tar of Git for Windows
 * takes `C:` for a host.
 *
 * @throws {OfflineError} with what tar says
 */
export async function tar(args: string[], folder: string): Promise<void> {
  const { status, output } = await runProgram('tar', args, folder)
  if (status !== 0) throw new OfflineError(`tar failed: ${output.trim()}`)
}
