import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { installPackages, NEED_EVERYTHING, SetupError } from './install.mjs'

const ROOT = join(import.meta.dirname, '..', '..')
const SCRIPTS = join(ROOT, 'scripts')
const CANT_WRITE = ['EACCES', 'EPERM', 'EROFS', 'ENOSPC']

/**
 * Runs one command of the lab, `scripts/<name>.ts`, after installing what it needs. The exit status
 * is what its `main` gives.
 *
 * @param {string[]} args the command's name, and what it is told
 */
export async function run([name = '', ...args]) {
  const commands = readdirSync(SCRIPTS)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -'.ts'.length))
  if (!commands.includes(name)) {
    console.error(`There is no command ${JSON.stringify(name)}. There are: ${commands.join(', ')}.`)
    process.exitCode = 1
    return
  }

  for (const stream of [process.stdout, process.stderr]) stream.on('error', endUnread)
  try {
    refuseOddPath()
    await installPackages(ROOT, NEED_EVERYTHING.includes(name))
    const { register } = await import('tsx/esm/api')
    register()
    const { main } = await import(pathToFileURL(join(SCRIPTS, `${name}.ts`)).href)
    process.exitCode = await main(args)
  } catch (error) {
    // Where a file can't be written, the system's own words say which, and why.
    if (!(error instanceof SetupError) && !CANT_WRITE.includes(error.code)) throw error
    console.error(error.message)
    process.exitCode = 1
  }
}

function refuseOddPath() {
  // tsx takes them for a query and for a pattern.
  const odd = /[?*]/.exec(ROOT)?.[0]
  if (odd === undefined) return
  throw new SetupError(
    `${ROOT} has a ${odd} in its name, which Node's tools can't handle: rename it.`,
  )
}

/** `npm test | head` reads no further. Ends the command as a SIGTERM would: nothing is left running. */
function endUnread() {
  const heard = process.emit('SIGTERM', 'SIGTERM')
  if (!heard) process.exit()
}
