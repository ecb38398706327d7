import { appendFileSync, copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fetchPnpm, findNpm, PACKED, PNPM, runNode } from '../install.mjs'
import { supportedArchitectures } from './machines.ts'

/**
 * Fills the packed folder with pnpm, and with every package in the lock file for all these machines. It
 * doesn't touch the installed packages of the repo: pnpm works in its own folder.
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
  // These are links to the folders that use the store. They lead nowhere on another machine.
  for (const layout of readdirSync(store)) {
    rmSync(join(store, layout, 'projects'), { recursive: true, force: true })
  }
  await runNode([findNpm(), 'pack', '--silent', PNPM], packed)
}
