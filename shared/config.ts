import { randomBytes } from 'node:crypto'
import { join } from 'node:path'

/** What both programs of a snapshot are told from outside. */
export interface LabConfig {
  /** Origin of the authorization and resource server, without a slash at the end. */
  authServerUrl: string
  /** Origin of the client, without a slash at the end. */
  clientUrl: string
  /** Origin of the workshop app, without a slash at the end. */
  workshopUrl: string
  clientId: string
  clientSecret: string
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

/** A setting that can't be right. The message is one line, fit to be shown as it is. */
export class ConfigError extends Error {}

type Environment = Record<string, string | undefined>

/** The longest lifetime that is let pass: a hundred years. */
const LONGEST = 100 * 365 * 24 * 3600

/**
 * Reads the settings out of an environment; README.md lists them. An empty one counts as not set.
 *
 * @throws {ConfigError} that names the setting, what it held and what it may hold
 */
export function readConfig(env: Environment): LabConfig {
  return {
    authServerUrl: origin(env, 'AUTH_SERVER_URL') ?? 'http://localhost:25000',
    clientUrl: origin(env, 'CLIENT_URL') ?? 'http://localhost:25001',
    workshopUrl: origin(env, 'WORKSHOP_URL') ?? 'http://localhost:25002',
    clientId: clientId(env) ?? 'lab-client',
    clientSecret: printable(env, 'CLIENT_SECRET', describeSecret) ?? 'lab-client-secret',
    codeTtl: seconds(env, 'CODE_TTL') ?? 600,
    accessTokenTtl: seconds(env, 'ACCESS_TOKEN_TTL'),
    refreshTokenTtl: seconds(env, 'REFRESH_TOKEN_TTL') ?? 2_592_000,
    sessionTtl: seconds(env, 'SESSION_TTL') ?? 86_400,
    sessionSecret: signingKey(env) ?? randomBytes(32).toString('base64url'),
  }
}

/**
 * Reads `.env` at the top of the repo, where there is one, into `process.env`. What the environment
 * says already stays as it is.
 */
export function loadEnvFile(): void {
  try {
    process.loadEnvFile(join(import.meta.dirname, '..', '.env'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw new ConfigError(`.env can't be read: ${(error as Error).message}`)
  }
}

function origin(env: Environment, name: string): string | undefined {
  const value = env[name]
  if (!value) return undefined
  const plain = /^https?:\/\/[^/\\?#@\s]+\/?$/i.test(value)
  if (!plain || !URL.canParse(value) || portOf(value) === 0) {
    throw wrong(name, describe(value), 'an origin, such as http://localhost:25000')
  }
  return new URL(value).origin
}

/** The port that an origin stands for: its own, or the one of its scheme. */
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
    const range = `a positive decimal number of seconds, such as 0.5 or 300, up to ${LONGEST}`
    throw wrong(name, describe(value), range)
  }
  return number
}

function clientId(env: Environment): string | undefined {
  const value = printable(env, 'CLIENT_ID', describe)
  if (value === 'other-client') {
    throw wrong('CLIENT_ID', describe(value), 'any name but that of the second registered client')
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
  if (!/^[\x20-\x7e]+$/.test(value)) throw wrong(name, show(value), 'printable ASCII characters')
  return value
}

function signingKey(env: Environment): string | undefined {
  const value = env.SESSION_SECRET
  if (!value) return undefined
  if (value.length < 32) throw wrong('SESSION_SECRET', describeSecret(value), '32 or more of them')
  return value
}

function wrong(name: string, held: string, allowed: string): ConfigError {
  return new ConfigError(`${name} holds ${held}; it may hold ${allowed}.`)
}

/** Quoted, on one line, and never longer than a line. */
function describe(value: string): string {
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}...` : value)
}

/** A secret that is wrong is a secret still, so only its length is told. */
function describeSecret(value: string): string {
  return `${value.length} characters`
}
