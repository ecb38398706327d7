import { existsSync, readdirSync } from 'node:fs'
import module from 'node:module'
import { basename, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { installPackages, NEED_EVERYTHING, SetupError } from './install.mjs'

const ROOT = join(import.meta.dirname, '..', '..')
/** The folders with commands: those of the lab, and those for maintainers. */
const FOLDERS = ['scripts', 'maintain'].map((name) => join(ROOT, name)).filter(existsSync)
const CANT_WRITE = ['EACCES', 'EPERM', 'EROFS', 'ENOSPC']

/**
 * Installs what a command needs, then runs it: `scripts/<name>.ts` or `maintain/<name>.ts`. Its `main`
 * returns the exit status. With `--help`, prints the command's `HELP`. This is the only place that prints
 * the message of an error with an `exitStatus`, such as a `ToldError`.
 *
 * @param {string[]} args the command's name and its arguments
 */
export async function run([name = '', ...args]) {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', endUnread)
  // Node 22.8 and later keep what they compile, for this command and for the programs that it starts.
  const cache = module.enableCompileCache?.().directory
  if (cache !== undefined) process.env.NODE_COMPILE_CACHE = cache
  try {
    const file = findCommand(name)
    refuseOddPath()
    refuseUnknownVersion(args[0])
    const isForMaintainers = basename(dirname(file)) === 'maintain'
    await installPackages(ROOT, isForMaintainers || NEED_EVERYTHING.includes(name))
    if (!process.features.typescript) (await import('tsx/esm/api')).register()
    const { main, HELP } = await import(pathToFileURL(file).href)
    if (HELP !== undefined && args.includes('--help')) console.log(HELP.trimEnd())
    else process.exitCode = await main(args)
  } catch (error) {
    // If a file can't be written, the system's message says which one, and why.
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
  // tsx reads them as a query and as a pattern.
  const odd = /[?*]/.exec(ROOT)?.[0]
  if (odd === undefined) return
  throw new SetupError(
    `${ROOT} has a ${odd} in its name, which Node's tools can't handle. Rename the folder.`,
  )
}

/** Rejects a version that isn't there before the packages are installed. The command checks all other arguments. */
function refuseUnknownVersion(text = '') {
  if (!/^v\d[\w-]*$/i.test(text)) return
  if (existsSync(text) || existsSync(join(process.env.INIT_CWD ?? '', text))) return
  const folder = join(ROOT, 'versions')
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => /^v\d+-/.test(name)) : []
  const [, number] = /^v0*(\d+)$/i.exec(text) ?? []
  if (names.some((name) => name === text || Number.parseInt(name.slice(1), 10) === Number(number)))
    return
  const message = `There is no version ${JSON.stringify(text)}. Choose one of these: ${names.sort().join(', ')}.`
  throw Object.assign(new SetupError(message), { exitStatus: 2 })
}

/** Ends the command as a SIGTERM would, once nothing reads its output, as with `npm test | head`. */
function endUnread() {
  const heard = process.emit('SIGTERM', 'SIGTERM')
  if (!heard) process.exit()
}
