import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  accessSync,
  constants,
  existsSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export const PNPM_VERSION = '12.21.0'
/** What `npm run offline` fills: pnpm for each kind of machine, and a store of all packages. */
export const PACKED = 'offline'
/** In milliseconds. */
const LONGEST_INSTALL = 10 * 60 * 1000
/** Says for which lock file the packages were installed last. */
const MARKER = join('node_modules', '.oauth-lab-installed')
const NO_NETWORK =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|error sending request|dns error/i

/** Why the packages could not be installed. The message is fit to be shown as it is. */
export class SetupError extends Error {}

/**
 * Installs the packages of the repo, but only when there are none or the lock file has changed
 * since. Nothing has to be installed for it but Node and npm.
 *
 * @param {string} root the top of the repo
 * @throws {SetupError}
 */
export async function installPackages(root) {
  if (isInstalled(root)) return
  refuseReadOnly(root)
  await oneAtATime(root, async () => {
    if (isInstalled(root)) return
    console.log('Installing the packages that the lab needs. The first time takes a minute.')
    const { status, output } = await runPnpm(root)
    if (status !== 0) throw new SetupError(explain(output))
    writeFileSync(join(root, MARKER), fingerprint(root))
  })
}

/** @param {string} root */
function refuseReadOnly(root) {
  try {
    accessSync(root, constants.W_OK)
  } catch {
    throw new SetupError(`You can't write in ${root}: move the lab to a folder of your own.`)
  }
}

/** @param {string} root */
function isInstalled(root) {
  const marker = join(root, MARKER)
  return existsSync(marker) && readFileSync(marker, 'utf8') === fingerprint(root)
}

/**
 * Stands for everything that decides what gets installed. The package.json files don't count: what
 * they ask for stands in the lock file, and a learner's copy of a version has none there.
 *
 * @param {string} root
 */
function fingerprint(root) {
  const hash = createHash('sha256').update(`pnpm@${PNPM_VERSION}`)
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) {
    hash.update(readFileSync(join(root, file)))
  }
  return hash.digest('hex')
}

/**
 * @param {string} root
 * @returns {Promise<{ status: number | null, output: string }>}
 */
function runPnpm(root) {
  const [program = '', ...args] = pnpmCommand(root)
  // CI keeps pnpm from asking questions.
  const child = spawn(program, [...args, 'install', '--frozen-lockfile', '--prod=false'], {
    cwd: root,
    env: { ...process.env, CI: 'true' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text
    })
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) => resolve({ status, output }))
  })
}

/**
 * The pnpm that lies in the folder of the repo, where `npm run offline` has packed one for this machine. Else it comes
 * through npm's own program, and without a shell: on Windows npx is a batch file.
 *
 * @param {string} root
 */
function pnpmCommand(root) {
  const packed = join(root, PACKED)
  const program = packedPnpm(packed, `${process.platform}-${process.arch}`)
  if (existsSync(program)) {
    // Without trust it asks the registry how old each package is.
    const manners = ['--prefer-offline', '--trust-lockfile', '--store-dir', join(packed, 'store')]
    return [program, ...manners]
  }
  const patience = ['--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000']
  const exec = ['exec', '--yes', '--prefer-offline', ...patience, '--', `pnpm@${PNPM_VERSION}`]
  return [process.execPath, findNpm(), ...exec]
}

/**
 * Where the program of pnpm lies in a packed folder.
 *
 * @param {string} packed the folder
 * @param {string} machine such as `win32-x64`
 */
export function packedPnpm(packed, machine) {
  const file = machine.startsWith('win32') ? 'pnpm.exe' : 'pnpm'
  return join(packed, 'pnpm', machine, file)
}

/** The program that `npm` starts: the one this runs under, else the one beside this Node. */
export function findNpm() {
  const bin = dirname(realpathSync(process.execPath))
  const inPath = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => existsSync(join(folder, 'npm')))
    .map((folder) => realpathSync(join(folder, 'npm')))
  const found = [
    process.env.npm_execpath ?? '',
    join(bin, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    join(bin, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    ...inPath,
  ].find((file) => file.endsWith('npm-cli.js') && existsSync(file))
  if (found === undefined) {
    throw new SetupError('npm was not found. It comes with Node: https://nodejs.org.')
  }
  return found
}

/** @param {string} output what npm and pnpm said */
function explain(output) {
  if (NO_NETWORK.test(output)) {
    return 'The packages could not be fetched: the package registry was not reached. Go online and try again; once they are installed the lab runs without a network.'
  }
  const copy = /importers\["(.+?)"\]/.exec(output)?.[1]
  if (copy !== undefined) {
    return `The lock file does not know ${copy}. A copy of a version belongs into playground/, at the top of the repo.`
  }
  const end = output.trim().split('\n').slice(-20).join('\n')
  return `${end}\nThe packages could not be installed. What pnpm says of it stands above.`
}

/**
 * Two installations at once would tear at the same files: the second waits for the first.
 *
 * @param {string} root
 * @param {() => Promise<void>} work
 */
async function oneAtATime(root, work) {
  const name = createHash('sha256').update(root).digest('hex').slice(0, 16)
  const lock = join(tmpdir(), `oauth-lab-${name}.lock`)
  for (let waited = false; !take(lock); waited = true) {
    if (!isHeld(lock)) rmSync(lock, { force: true })
    else if (!waited) console.log('Another command is installing the packages. Waiting for it.')
    await sleep(100)
  }
  try {
    await work()
  } finally {
    rmSync(lock, { force: true })
  }
}

/** @param {string} lock */
function take(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
    return false
  }
}

/**
 * Whether who took the lock still needs it. Its process may have been killed, and another one may
 * have its number by now.
 *
 * @param {string} lock
 */
function isHeld(lock) {
  try {
    if (Date.now() - statSync(lock).mtimeMs > LONGEST_INSTALL) return false
    process.kill(Number(readFileSync(lock, 'utf8')), 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return /** @type {NodeJS.ErrnoException} */ (error).code
}
