import { existsSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  ConfigError,
  type LabConfig,
  loadEnvFile,
  portOf,
  readConfig,
} from '@oauth-lab/shared/config.ts'
import { banner } from './lib/banner.ts'
import { runPair } from './lib/pair.ts'
import { optionError, refuseOptionsKeptByNpm, typedIn, UsageError } from './lib/usage.ts'
import { findVersion, UnknownVersionError, type Version } from './lib/versions.ts'
import { whoAnswers } from './lib/who-answers.ts'

const FIRST_VERSION = '1'
const OPTIONS = '--port N (for the server; the client gets the next one) and --watch'

interface Arguments {
  version: Version
  /** Of the server. Undefined leaves both ports to the settings. */
  port: number | undefined
  watch: boolean
}

interface Ports {
  server: number
  client: number
}

/**
 * `npm start [version or folder] [-- --port N --watch]` runs server and client of a version.
 *
 * @returns the exit status
 */
export async function main(args: string[]): Promise<number> {
  try {
    return await start(readArguments(args))
  } catch (error) {
    const toldInWords = [UsageError, UnknownVersionError, ConfigError]
    if (!toldInWords.some((kind) => error instanceof kind)) throw error
    console.error((error as Error).message)
    return 1
  }
}

async function start({ version, port, watch }: Arguments): Promise<number> {
  const config = readSettings(port)
  const ports = { server: portOf(config.authServerUrl), client: portOf(config.clientUrl) }
  await refuseTakenPorts(version, ports)

  const addresses = { server: config.authServerUrl, client: config.clientUrl }
  const onReady = () => console.log(banner(version, addresses))
  return runPair({ version, ports, watch, onReady })
}

function readArguments(args: string[]): Arguments {
  refuseOptionsKeptByNpm(['port', 'watch'], 'npm start -- v02 --port 26000')
  const { positionals, values } = parse(args)
  if (positionals.length > 1) {
    throw new UsageError(`One version at a time, not ${positionals.length}: npm start v02`)
  }
  const version = findVersion(positionals[0] ?? FIRST_VERSION, typedIn())
  refuseUnlinkedCopy(version)
  return {
    version,
    port: values.port === undefined ? undefined : readPort(values.port),
    watch: values.watch,
  }
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: { port: { type: 'string' }, watch: { type: 'boolean', default: false } },
    })
  } catch (error) {
    throw optionError(error, `The options are ${OPTIONS}.`)
  }
}

function readPort(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : 0
  if (port >= 1 && port < 65_535) return port
  throw new UsageError(`--port takes a number from 1 to 65534, not ${JSON.stringify(text)}.`)
}

/** A version that was copied to a place from which its imports lead nowhere. */
function refuseUnlinkedCopy({ folder }: Version): void {
  if (findsShared(realpathSync(folder))) return
  throw new UsageError(
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
function readSettings(port: number | undefined): LabConfig {
  loadEnvFile()
  if (port !== undefined) {
    process.env.AUTH_SERVER_URL = `http://localhost:${port}`
    process.env.CLIENT_URL = `http://localhost:${port + 1}`
  }
  const config = readConfig(process.env)
  if (portOf(config.authServerUrl) === portOf(config.clientUrl)) {
    throw new ConfigError(
      `AUTH_SERVER_URL and CLIENT_URL both hold port ${portOf(config.clientUrl)}; each program needs one of its own.`,
    )
  }
  return config
}

/** @throws {UsageError} that says who answers there and how to choose others */
async function refuseTakenPorts({ name }: Version, ports: Ports): Promise<void> {
  const taken = await Promise.all(Object.values(ports).map(describeTaken))
  const found = taken.filter((text) => text !== undefined)
  if (found.length === 0) return
  throw new UsageError(
    `${found.join(' ')}\nStop what runs there, or choose other ports: npm start -- ${name} --port ${await freePort()}`,
  )
}

async function describeTaken(port: number): Promise<string | undefined> {
  const answer = await whoAnswers(port)
  if (answer === undefined) return undefined
  const { program } = answer
  return program === undefined
    ? `Port ${port} is taken by another program.`
    : `Port ${port} is taken: ${program} still answers there.`
}

/** The first of 26000, 26100 and so on where nobody answers, nor at the next one. */
async function freePort(port = 26_000): Promise<number> {
  const answers = await Promise.all([whoAnswers(port), whoAnswers(port + 1)])
  return answers.every((answer) => answer === undefined) ? port : freePort(port + 100)
}
