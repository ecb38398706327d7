import { appendFileSync, copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fetchPnpm, findNpm, PACKED, PNPM, runNode } from '../install.mjs'
import { supportedArchitectures } from './machines.ts'

/**
 * Fills the packed folder: with pnpm, and with every package that the lock file names, for all these machines. The
 * packages of the repo itself stay as they are: pnpm works in a folder of its own.
 *
 * @throws {ToldError} with what npm or pnpm says
 */
export async function fetchPackages(root: string, machines: string[]): Promise<void> {
  const packed = join(root, PACKED)
  const workplace = join(packed, 'workplace')
  const store = join(packed, 'store')
  mkdirSync(workplace, { recursive: true })
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', '.pnpmfile.cjs']) {
    copyFileSync(join(root, file), join(workplace, file))
  }
  appendFileSync(join(workplace, 'pnpm-workspace.yaml'), supportedArchitectures(machines))
  await runNode([await fetchPnpm(root), 'fetch', '--store-dir', store], workplace)
  rmSync(workplace, { recursive: true })
  // A link to each folder that uses the store: on another machine it leads nowhere.
  for (const layout of readdirSync(store)) {
    rmSync(join(store, layout, 'projects'), { recursive: true, force: true })
  }
  await runNode([findNpm(), 'pack', '--silent', PNPM], packed)
}
