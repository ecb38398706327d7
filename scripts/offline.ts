import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { readOptions } from '@oauth-lab/course/command-line.ts'
import { ROOT } from '@oauth-lab/course/programs/versions.ts'
import { ToldError } from '@oauth-lab/course/told-error.ts'
import { PACKED } from './lib/install.mjs'
import { fetchPackages } from './lib/offline/fetch.ts'
import { MACHINES, readMachines } from './lib/offline/machines.ts'

export const HELP = `Packs the lab and everything it needs into one file, for laptops without a network.

  npm run offline                               for Windows, macOS and Linux
  npm run offline -- --for win32-x64,linux-x64  only for these: ${MACHINES.join(', ')}
`

/** What a machine makes for itself, or what belongs to its user. */
const LEFT_OUT = ['node_modules', '.git', '.env', 'playground', 'screenshots', 'handout.html']

const OPTIONS = { for: { type: 'string' } } as const

/**
 * `npm run offline [-- --for MACHINES]`
 *
 * @throws {ToldError} for wrong arguments, or if something can't be fetched or packed
 */
export async function main(args: string[]): Promise<number> {
  const { for: list } = readOptions(args, OPTIONS, {
    example: 'npm run offline -- --for win32-x64',
    hint: 'See npm run offline -- --help',
  })
  const machines = list === undefined ? MACHINES : readMachines(list)
  console.log(`Fetching the packages for ${machines.join(', ')}.`)
  await fetchPackages(ROOT, machines)
  pack()
  return 0
}

/** @throws {ToldError} with the message of tar */
function pack(): void {
  const folder = dirname(ROOT)
  const name = basename(ROOT)
  const file = `${name}-offline.tgz`
  console.log('Packing. This takes a minute or two.')
  const leaveOut = LEFT_OUT.map((pattern) => `--exclude=${pattern}`)
  // Windows 10 and later have tar. Names are relative: the tar of Git for Windows reads C: as a host.
  const { status, stderr, error } = spawnSync('tar', ['-czf', file, ...leaveOut, name], {
    cwd: folder,
    encoding: 'utf8',
  })
  if (status !== 0) throw new ToldError(`tar failed: ${error?.message ?? stderr.trim()}`)
  const { size } = statSync(join(folder, file))
  console.log(`${join(folder, file)}: ${Math.round(size / 1e6)} MB.`)
  console.log(`On each laptop: tar -xf ${file}, and in its folder ${name}: npm start`)
  console.log(`You can delete the folder ${PACKED}, but it makes the next packing faster.`)
}
