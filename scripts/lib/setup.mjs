import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { installPackages, SetupError } from './install.mjs'

const ROOT = join(import.meta.dirname, '..', '..')
const SCRIPTS = join(ROOT, 'scripts')

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

  try {
    await installPackages(ROOT)
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    console.error(error.message)
    process.exitCode = 1
    return
  }

  const { register } = await import('tsx/esm/api')
  register()
  const { main } = await import(pathToFileURL(join(SCRIPTS, `${name}.ts`)).href)
  process.exitCode = await main(args)
}
