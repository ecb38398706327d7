import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { isBlockedByBrowsers } from './blocked-ports.ts'
import { isUser } from './users.ts'

/** The settings of a snapshot's programs. */
export interface LabConfig {
  /** Origin of the authorization and resource server, without a slash at the end. */
  authServerUrl: string
  /** Origin of the client, without a slash at the end. */
  clientUrl: string
  /** Origin of the workshop app, without a slash at the end. */
  workshopUrl: string
  /** Origin of the API, in a version with a separate API program, without a slash at the end. */
  apiUrl: string
  clientId: string
  clientSecret: string
  workerId: string
  workerSecret: string
  apiId: string
  apiSecret: string
  /** Seconds. RFC 6749 section 4.1.2 recommends ten minutes at most. */
  codeTtl: number
  /** Seconds; undefined leaves it to the version. */
  accessTokenTtl: number | undefined
  /** Seconds, counted from the login. */
  refreshTokenTtl: number
  /** Seconds, counted from the last request. */
  sessionTtl: number
  /** 32 characters or more. */
  sessionSecret: string
}

/** An invalid setting. The message is one line, ready to show. */
export class ConfigError extends Error {
  readonly exitStatus = 1
}

type Environment = Record<string, string | undefined>

/** The longest lifetime allowed: a hundred years. */
const LONGEST = 100 * 365 * 24 * 3600
/** The clients whose names are settings, and their default names. */
const CLIENTS = { CLIENT_ID: 'lab-client', WORKER_ID: 'worker-client', API_ID: 'api-server' }
/** The clients whose names are fixed. */
const OTHER_CLIENTS = ['other-client', 'lab-cli']

/**
 * Reads the settings from an environment. README.md lists them. An empty one counts as not set.
 *
 * @throws {ConfigError} that names the setting, its value and the allowed values
 */
export function readConfig(env: Environment): LabConfig {
  return {
    authServerUrl: origin(env, 'AUTH_SERVER_URL') ?? 'http://localhost:25000',
    clientUrl: origin(env, 'CLIENT_URL') ?? 'http://localhost:25001',
    workshopUrl: origin(env, 'WORKSHOP_URL') ?? 'http://localhost:25002',
    apiUrl: origin(env, 'API_URL') ?? 'http://localhost:25003',
    clientId: clientId(env, 'CLIENT_ID'),
    clientSecret: printable(env, 'CLIENT_SECRET', describeSecret) ?? 'lab-client-secret',
    workerId: clientId(env, 'WORKER_ID'),
    workerSecret: printable(env, 'WORKER_SECRET', describeSecret) ?? 'worker-client-secret',
    apiId: clientId(env, 'API_ID'),
    apiSecret: printable(env, 'API_SECRET', describeSecret) ?? 'api-server-secret',
    codeTtl: seconds(env, 'CODE_TTL') ?? 600,
    accessTokenTtl: seconds(env, 'ACCESS_TOKEN_TTL'),
    refreshTokenTtl: seconds(env, 'REFRESH_TOKEN_TTL') ?? 2_592_000,
    sessionTtl: seconds(env, 'SESSION_TTL') ?? 86_400,
    sessionSecret: signingKey(env) ?? randomBytes(32).toString('base64url'),
  }
}

/**
 * Reads `.env` at the top of the repo, if there is one, into `process.env`. Variables that are already
 * set don't change.
 *
 * @throws {ConfigError}
 */
export function loadEnvFile(): void {
  let bytes: Buffer
  try {
    bytes = readFileSync(join(import.meta.dirname, '..', '.env'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw new ConfigError(`Can't read .env: ${(error as Error).message}`)
  }
  for (const [name, value] of Object.entries(parseEnvFile(bytes))) process.env[name] ??= value
}

/**
 * The settings in a file `.env`, with or without a byte order mark.
 *
 * @throws {ConfigError} if it is in UTF-16
 */
export function parseEnvFile(bytes: Buffer): Environment {
  // In UTF-16 every ASCII character has a zero byte.
  if (bytes.includes(0)) {
    throw new ConfigError('.env is in UTF-16, which some Windows shells write. Save it as UTF-8.')
  }
  // Unlike Node's own loadEnvFile, TextDecoder drops the byte order mark.
  return parseEnv(new TextDecoder().decode(bytes))
}

function origin(env: Environment, name: string): string | undefined {
  const value = env[name]
  if (!value) return undefined
  const plain = /^https?:\/\/[^/\\?#@\s]+\/?$/i.test(value)
  if (!plain || !URL.canParse(value) || portOf(value) === 0) {
    throw wrong(name, describe(value), 'an origin, such as http://localhost:25000')
  }
  const url = new URL(value)
  // CSP 3 section 2.3.1: a policy can't contain any other host, so browsers would block the login.
  if (!/^[a-z\d.-]+$/.test(url.hostname)) {
    const hosts =
      'an origin whose host has only letters, digits, dots and hyphens, not an IPv6 address'
    throw wrong(name, describe(value), hosts)
  }
  if (isBlockedByBrowsers(portOf(value))) {
    throw wrong(
      name,
      describe(value),
      `an origin with another port: browsers block port ${portOf(value)}`,
    )
  }
  return url.origin
}

/** The port of an origin: its own, or the default of its scheme. */
export function portOf(url: string): number {
  const { port, protocol } = new URL(url)
  if (port !== '') return Number(port)
  return protocol === 'https:' ? 443 : 80
}

function seconds(env: Environment, name: string): number | undefined {
  const value = env[name]
  if (!value) return undefined
  const number = /^(\d+(\.\d*)?|\.\d+)$/.test(value) ? Number(value) : 0
  if (number <= 0 || number > LONGEST) {
    const range = `a positive number of seconds, such as 0.5 or 300, up to ${LONGEST}`
    throw wrong(name, describe(value), range)
  }
  return number
}

function clientId(env: Environment, name: keyof typeof CLIENTS): string {
  const value = printable(env, name, describe)
  if (value === undefined) return CLIENTS[name]
  const others = Object.entries(CLIENTS)
    .filter(([other]) => other !== name)
    .map(([other, id]) => env[other] || id)
  // RFC 9700 section 4.15: a client must not be mistaken for a user or another client.
  if (isUser(value) || [...OTHER_CLIENTS, ...others].includes(value)) {
    throw wrong(name, describe(value), 'a name that no user and no other client has')
  }
  return value
}

/** RFC 6749 appendix A.1 and A.2: a client's name and secret are printable ASCII. */
function printable(
  env: Environment,
  name: string,
  show: (value: string) => string,
): string | undefined {
  const value = env[name]
  if (!value) return undefined
  if (!/^[\x20-\x7e]+$/.test(value))
    throw wrong(name, show(value), 'printable ASCII characters only')
  return value
}

function signingKey(env: Environment): string | undefined {
  const value = env.SESSION_SECRET
  if (!value) return undefined
  if (value.length < 32)
    throw wrong('SESSION_SECRET', describeSecret(value), '32 or more characters')
  return value
}

function wrong(name: string, held: string, allowed: string): ConfigError {
  return new ConfigError(`${name} is ${held}. Set it to ${allowed}.`)
}

/** Quoted, and short enough for one line. */
function describe(value: string): string {
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}...` : value)
}

/** A wrong secret is still a secret, so this shows only its length. */
function describeSecret(value: string): string {
  return `a secret of ${value.length} characters`
}
