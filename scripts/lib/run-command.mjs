import { existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { installPackages, NEED_EVERYTHING, SetupError } from './install.mjs'

const ROOT = join(import.meta.dirname, '..', '..')
/** Where commands stand: those of the lab, and those that only maintainers run. */
const FOLDERS = ['scripts', 'maintain'].map((name) => join(ROOT, name)).filter(existsSync)
const CANT_WRITE = ['EACCES', 'EPERM', 'EROFS', 'ENOSPC']

/**
 * Runs one command of the lab, `scripts/<name>.ts` or `maintain/<name>.ts`, after installing what it needs. The exit status
 * is what its `main` gives. With `--help` it shows the `HELP` that the command exports. What a command throws with an
 * `exitStatus` (a `ToldError`) is told in words, here and nowhere else.
 *
 * @param {string[]} args the command's name, and what it is told
 */
export async function run([name = '', ...args]) {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', endUnread)
  try {
    const file = findCommand(name)
    refuseOddPath()
    await installPackages(ROOT, NEED_EVERYTHING.includes(name))
    const { register } = await import('tsx/esm/api')
    register()
    const { main, HELP } = await import(pathToFileURL(file).href)
    if (HELP !== undefined && args.includes('--help')) console.log(HELP.trimEnd())
    else process.exitCode = await main(args)
  } catch (error) {
    // Where a file can't be written, the system's own words say which, and why.
    const status = CANT_WRITE.includes(error.code) ? 1 : error.exitStatus
    if (status === undefined) throw error
    console.error(error.message)
    process.exitCode = status
  }
}

function findCommand(name) {
  const files = FOLDERS.flatMap((folder) => readdirSync(folder).map((file) => join(folder, file)))
  const file = files.find((path) => basename(path) === `${name}.ts`)
  if (file !== undefined) return file
  const names = files.filter((path) => path.endsWith('.ts')).map((path) => basename(path, '.ts'))
  const message = `There is no command ${JSON.stringify(name)}. Choose one of these: ${names.join(', ')}.`
  throw Object.assign(new SetupError(message), { exitStatus: 2 })
}

function refuseOddPath() {
  // tsx takes them for a query and for a pattern.
  const odd = /[?*]/.exec(ROOT)?.[0]
  if (odd === undefined) return
  throw new SetupError(
    `${ROOT} has a ${odd} in its name, which Node's tools can't handle. Rename the folder.`,
  )
}

/** `npm test | head` reads no further. Ends the command as a SIGTERM would: nothing is left running. */
function endUnread() {
  const heard = process.emit('SIGTERM', 'SIGTERM')
  if (!heard) process.exit()
}
