import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const PNPM = 'pnpm@12.21.0'
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
  await oneAtATime(root, async () => {
    if (isInstalled(root)) return
    console.log('Installing the packages that the lab needs. The first time takes a minute.')
    const { status, output } = await runPnpm(root)
    if (status !== 0) throw new SetupError(explain(output))
    writeFileSync(join(root, MARKER), fingerprint(root))
  })
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
  const hash = createHash('sha256').update(PNPM)
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) {
    hash.update(readFileSync(join(root, file)))
  }
  return hash.digest('hex')
}

/**
 * Runs pnpm through npm's own program and without a shell: on Windows npx is a batch file.
 *
 * @param {string} root
 * @returns {Promise<{ status: number | null, output: string }>}
 */
function runPnpm(root) {
  const npm = findNpm()
  const install = [
    'exec',
    '--yes',
    '--prefer-offline',
    '--fetch-retry-mintimeout=1000',
    '--fetch-retry-maxtimeout=5000',
    '--',
    PNPM,
    'install',
    '--frozen-lockfile',
    '--prod=false',
  ]
  // CI keeps pnpm from asking questions.
  const child = spawn(process.execPath, [npm, ...install], {
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

/** The program that `npm` starts: the one this runs under, else the one beside this Node. */
function findNpm() {
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
