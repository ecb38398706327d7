import { spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import * as fs from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** The last release in plain JavaScript: it needs no script, no shell and no build for each machine. */
export const PNPM = 'pnpm@10.34.9'
/** What `npm run offline` fills: the tarball of pnpm, and a store of all packages. */
export const PACKED = 'offline'
const PACKED_PNPM = join(PACKED, `${PNPM.replace('@', '-')}.tgz`)
/** Commands of the lab that use development dependencies. Those for maintainers all do. */
export const NEED_EVERYTHING = ['format', 'test']
/** What the lab remembers about its packages. pnpm leaves hidden folders alone. */
const NOTES = join('node_modules', '.oauth-lab')
const MARKER = join(NOTES, 'installed')
/** A ticket that was untouched for this long belongs to no running installation, in milliseconds. */
const LONGEST_SILENCE = 10_000
const NO_NETWORK = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH/i

/** Why the packages couldn't be installed. The message is ready to show. */
export class SetupError extends Error {
  exitStatus = 1
}

/**
 * Installs the packages of the repo, unless they are there and the lock file hasn't changed. It needs only
 * Node and npm.
 *
 * @param {string} root the top of the repo
 * @param {boolean} everything whether to also install what tests and measurements need
 * @throws {SetupError}
 */
export async function installPackages(root, everything) {
  const isInstalled = () => {
    const [fingerprint, extent] = readMarker(root)
    return fingerprint === fingerprintOf(root) && (!everything || extent === 'everything')
  }
  if (isInstalled()) return
  refuseReadOnly(root)
  await oneAtATime(root, async () => {
    if (isInstalled()) return
    const [, extent] = readMarker(root)
    const isPacked = fs.existsSync(join(root, PACKED_PNPM))
    // Never removes installed packages. The packed folder may be deleted after the first start.
    const all = everything || extent === 'everything' || isPacked
    console.log(
      all && extent === 'runtime'
        ? 'Installing the packages that only tests and tools need. This happens once.'
        : 'Installing the packages that the lab needs. The first time takes a minute.',
    )
    const store = isPacked ? ['--offline', '--store-dir', join(root, PACKED, 'store')] : []
    const args = ['install', '--frozen-lockfile', `--prod=${!all}`, ...store]
    await runNode([await fetchPnpm(root), ...args], root)
    const marker = `${fingerprintOf(root)} ${all ? 'everything' : 'runtime'}`
    fs.writeFileSync(join(root, MARKER), marker)
  })
}

/** @param {string} root */
function refuseReadOnly(root) {
  try {
    fs.accessSync(root, fs.constants.W_OK)
  } catch {
    throw new SetupError(`You can't write in ${root}. Move the lab to a folder of your own.`)
  }
}

/**
 * The lock file that packages were last installed for, and which packages those were.
 *
 * @param {string} root
 */
function readMarker(root) {
  const file = join(root, MARKER)
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split(' ') : []
}

/**
 * A digest of everything that decides what gets installed. The package.json files don't count: the lock
 * file has what they ask for, except for a learner's copy, which it doesn't list.
 *
 * @param {string} root
 */
function fingerprintOf(root) {
  const hash = createHash('sha256').update(PNPM)
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) {
    hash.update(fs.readFileSync(join(root, file)))
  }
  return hash.digest('hex')
}

/**
 * Fetches pnpm with npm, or takes the packed one. Node can run it without a link or an install script.
 *
 * @param {string} root
 * @returns {Promise<string>} its program
 * @throws {SetupError}
 */
export async function fetchPnpm(root) {
  const folder = join(root, NOTES, 'pnpm')
  const archive = join(root, PACKED_PNPM)
  const source = fs.existsSync(archive) ? ['--offline', archive] : ['--prefer-offline', PNPM]
  const bare = ['--no-save', '--no-package-lock', '--ignore-scripts', '--no-bin-links']
  const patience = ['--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000']
  await runNode([findNpm(), 'install', '--prefix', folder, ...bare, ...patience, ...source], root)
  return join(folder, 'node_modules', 'pnpm', 'bin', 'pnpm.cjs')
}

/**
 * Runs a program under this Node, and waits for it.
 *
 * @param {string[]} args the program's file, and its arguments
 * @param {string} folder where it runs
 * @throws {SetupError} if it fails
 */
export async function runNode(args, folder) {
  // CI keeps pnpm from asking questions.
  const env = { ...process.env, CI: 'true' }
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text
    })
  }
  const [status] = await once(child, 'close')
  if (status !== 0) throw new SetupError(explain(output))
}

/** The program behind `npm`: the one that runs this command, or the one beside this Node. */
export function findNpm() {
  const bin = dirname(fs.realpathSync(process.execPath))
  const inPath = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => fs.existsSync(join(folder, 'npm')))
    .map((folder) => fs.realpathSync(join(folder, 'npm')))
  const found = [
    process.env.npm_execpath ?? '',
    join(bin, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    join(bin, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    ...inPath,
  ].find((file) => file.endsWith('npm-cli.js') && fs.existsSync(file))
  if (found === undefined) {
    throw new SetupError("Can't find npm. It comes with Node: install it from https://nodejs.org.")
  }
  return found
}

/** @param {string} output what npm and pnpm said */
function explain(output) {
  if (output.includes('ERR_PNPM_NO_OFFLINE')) {
    return `The folder ${PACKED} lacks packages for this machine (${process.platform}-${process.arch}). Go online, delete that folder, and try again.`
  }
  if (NO_NETWORK.test(output)) {
    return "Can't fetch the packages: the package registry can't be reached. Go online and try again. Once they are installed, the lab runs without a network."
  }
  const copy = /not up to date with <ROOT>[\\/](.+?)[\\/]package\.json/.exec(output)?.[1]
  if (copy !== undefined) {
    return `The lock file doesn't list ${copy}. Move your copy of a version into playground/, at the top of the repo.`
  }
  const end = output.trim().split('\n').slice(-20).join('\n')
  return `${end}\nCan't install the packages. The reason is above.`
}

/**
 * Two installations at once would break each other's files, so the second waits for the first. Each command
 * writes a ticket, then looks for others, and removes its own if there is one. Of two commands, at least the
 * later one sees the other's ticket. It ignores a ticket that a killed command left behind.
 *
 * @param {string} root
 * @param {() => Promise<void>} work
 */
async function oneAtATime(root, work) {
  const folder = join(root, NOTES, 'tickets')
  const own = randomUUID()
  const ticket = join(folder, own)
  fs.mkdirSync(folder, { recursive: true })
  for (let waited = false; ; waited = true) {
    fs.writeFileSync(ticket, '')
    const others = fs.readdirSync(folder).filter((name) => name !== own)
    if (!others.some((name) => isAlive(join(folder, name)))) break
    fs.rmSync(ticket)
    if (!waited)
      console.log('Another command is installing the packages. Waiting for it to finish.')
    await sleep(50 + Math.random() * 100)
  }
  const signOfLife = setInterval(() => fs.utimesSync(ticket, new Date(), new Date()), 1000)
  try {
    await work()
  } finally {
    clearInterval(signOfLife)
    fs.rmSync(ticket)
  }
}

/** @param {string} ticket */
function isAlive(ticket) {
  const { mtimeMs } = fs.statSync(ticket, { throwIfNoEntry: false }) ?? { mtimeMs: 0 }
  return Date.now() - mtimeMs < LONGEST_SILENCE
}
