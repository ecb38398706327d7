import { existsSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readCommandLine, typedIn } from '@oauth-lab/course/command-line.ts'
import {
  type Addresses,
  addressesFrom,
  addressesOf,
  type Listener,
  PORT_COUNT,
  portsOf,
  programsOf,
  settingOf,
  settingsOf,
} from '@oauth-lab/course/programs/programs.ts'
import { runPrograms, watchPrograms } from '@oauth-lab/course/programs/run.ts'
import { findVersion, type Version } from '@oauth-lab/course/programs/versions.ts'
import { whoAnswers } from '@oauth-lab/course/programs/who-answers.ts'
import { ToldError, wrongUsage } from '@oauth-lab/course/told-error.ts'
import { isBlockedByBrowsers } from '@oauth-lab/shared/blocked-ports.ts'
import { ConfigError, loadEnvFile, readConfig } from '@oauth-lab/shared/config.ts'
import { refuseUnusablePort } from '@oauth-lab/shared/serve.ts'
import { banner } from './lib/banner.ts'

const FIRST_VERSION = '1'
/** The highest port that leaves room for the other programs above it. */
const LAST_PORT = 65_536 - PORT_COUNT
const OPTIONS =
  'The options are --open, --no-workshop, --port N (for the server; the others get the next ones) and --watch (without the workshop).'

const KNOWN_OPTIONS = {
  open: { type: 'boolean' },
  'no-workshop': { type: 'boolean' },
  port: { type: 'string' },
  watch: { type: 'boolean' },
} as const

interface Arguments {
  version: Version
  /** Of the server. Undefined leaves all ports to the settings. */
  port: number | undefined
  watch: boolean
  workshop: boolean
  open: boolean
}

/**
 * `npm start [version or folder] [-- --open --no-workshop --port N --watch]` runs the listening programs of
 * a version, and the workshop.
 */
export async function main(args: string[]): Promise<number> {
  const { version, port, watch, workshop, open } = readArguments(args)
  const addresses = readAddresses(port)
  const { listening } = programsOf(version)
  const listeners = workshop ? [...listening, 'workshop' as const] : listening
  refuseSharedPorts(listeners, addresses)
  await refuseTakenPorts(
    version,
    listeners.map((name) => portsOf(addresses)[name]),
  )
  const tell = () => console.log(banner(version, listeners, addresses))
  if (!workshop) {
    const run = watch ? watchPrograms : runPrograms
    return run({ version, addresses }, tell)
  }

  const [{ runWorkshop }, { knownVersionOf }] = await Promise.all([
    import('../workshop/run-workshop.ts'),
    import('../workshop/known-versions.ts'),
  ])
  const onReady = async () => {
    tell()
    if (open) await openBrowser(addresses.workshop)
  }
  return runWorkshop({ version: knownVersionOf(version), addresses, onReady })
}

async function openBrowser(url: string): Promise<void> {
  const { default: openWithSystem } = await import('open')
  const browser = await openWithSystem(url)
  browser.once('error', () => console.error(`Couldn't open a browser. Open ${url} yourself.`))
}

function readArguments(args: string[]): Arguments {
  const { positionals, values } = readCommandLine(args, KNOWN_OPTIONS, {
    example: 'npm start -- v02 --port 26000',
    hint: OPTIONS,
  })
  if (positionals.length > 1) {
    throw wrongUsage(`One version at a time, not ${positionals.length}: npm start v02`)
  }
  const version = findVersion(positionals[0] ?? FIRST_VERSION, typedIn())
  refuseUnlinkedCopy(version)
  return {
    version,
    port: values.port === undefined ? undefined : readPort(values.port),
    watch: values.watch === true,
    workshop: withWorkshop(values),
    open: values.open === true,
  }
}

function withWorkshop(values: {
  watch?: boolean
  'no-workshop'?: boolean
  open?: boolean
}): boolean {
  const alone = values.watch ? '--watch' : values['no-workshop'] ? '--no-workshop' : undefined
  if (alone !== undefined && values.open) {
    throw wrongUsage(
      `--open opens the workshop, which doesn't run with ${alone}. Leave one of them out.`,
    )
  }
  return alone === undefined
}

function readPort(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : 0
  if (port < 1 || port > LAST_PORT) {
    throw wrongUsage(`--port needs a number from 1 to ${LAST_PORT}, not ${JSON.stringify(text)}.`)
  }
  const blocked = portsFrom(port).find(isBlockedByBrowsers)
  if (blocked === undefined) return port
  throw wrongUsage(
    `--port ${port} uses ports ${port} to ${port + PORT_COUNT - 1}, but browsers block port ${blocked}. Choose another one, such as 26000.`,
  )
}

function portsFrom(port: number): number[] {
  return Object.values(portsOf(addressesFrom(port)))
}

/** @throws {ToldError} for a copy in a folder where its imports lead nowhere */
function refuseUnlinkedCopy({ folder }: Version): void {
  if (findsShared(realpathSync(folder))) return
  throw new ToldError(
    `${folder} can't find shared/. Put the copy into playground/, at the top of the repo.`,
  )
}

/** Looks where Node looks for a package: in the folder and in each one above. */
function findsShared(folder: string): boolean {
  const parent = dirname(folder)
  const here = existsSync(join(folder, 'node_modules', '@oauth-lab', 'shared'))
  return here || (parent !== folder && findsShared(parent))
}

/** @throws {ConfigError} */
function readAddresses(port: number | undefined): Addresses {
  loadEnvFile()
  if (port !== undefined) Object.assign(process.env, settingsOf(addressesFrom(port)))
  return addressesOf(readConfig(process.env))
}

/** @throws {ConfigError} if two of them would listen on one port */
function refuseSharedPorts(listeners: Listener[], addresses: Addresses): void {
  const ports = portsOf(addresses)
  for (const [index, name] of listeners.entries()) {
    const other = listeners.slice(0, index).find((earlier) => ports[earlier] === ports[name])
    if (other === undefined) continue
    throw new ConfigError(
      `${settingOf(other)} and ${settingOf(name)} both use port ${ports[name]}. Give each program its own port.`,
    )
  }
}

/**
 * @throws {ToldError} if something responds on a port: says what, and how to choose other ports
 * @throws {ConfigError} if nothing responds on a port, but it can't be used
 */
async function refuseTakenPorts({ name }: Version, ports: number[]): Promise<void> {
  const taken = await Promise.all(ports.map(describeTaken))
  const found = taken.filter((text) => text !== undefined)
  if (found.length === 0) {
    await Promise.all(ports.map(refuseUnusablePort))
    return
  }
  throw new ToldError(
    `${found.join(' ')}\nStop it, or choose other ports: npm start -- ${name} --port ${await freePort()}`,
  )
}

async function describeTaken(port: number): Promise<string | undefined> {
  const answer = await whoAnswers(port)
  if (answer === undefined) return undefined
  const { program } = answer
  return program === undefined
    ? `Port ${port} is already in use by another program.`
    : `Port ${port} is already in use: ${program} is still running there.`
}

/** The first of 26000, 26100 and so on where nothing responds, there or on the next ones. */
async function freePort(port = 26_000): Promise<number> {
  const answers = await Promise.all(portsFrom(port).map(whoAnswers))
  return answers.every((answer) => answer === undefined) ? port : freePort(port + 100)
}
