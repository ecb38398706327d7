import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { type LabConfig, portOf, readConfig } from '../config.ts'
import { basic, Driver } from './driver.ts'
import { freePort } from './ports.ts'

export { basic, CODE_CHALLENGE, CODE_VERIFIER, type Fields } from './driver.ts'
export { freePort } from './ports.ts'

/** An access token that no one can guess: 256 random bits, or a JWT with a signature. */
export const ACCESS_TOKEN = /^[\w-]{43}$|^[\w-]+\.[\w-]+\.[\w-]{86}$/

type Builder = (config: LabConfig) => FastifyInstance

/** The builders of a snapshot's programs that listen. */
export interface Programs extends Record<`build${string}`, Builder> {
  buildServer: Builder
  buildClient: Builder
}

/** The programs of a snapshot, running in this process, and a driver that speaks to them. */
export class Lab extends Driver {
  readonly config: LabConfig
  readonly #apps: Map<string, FastifyInstance>

  /** @param apps by the names of their settings, such as CLIENT_URL */
  constructor(config: LabConfig, apps: Map<string, FastifyInstance>, apiUrl: string | undefined) {
    super({ ...config, apiUrl })
    this.config = config
    this.#apps = apps
  }

  get server(): FastifyInstance {
    return this.#app('AUTH_SERVER_URL')
  }

  get client(): FastifyInstance {
    return this.#app('CLIENT_URL')
  }

  /** The program that serves the resource: the server, or an API of its own. */
  get api(): FastifyInstance {
    return this.#apps.get('API_URL') ?? this.server
  }

  /**
   * Whether an access token works and has not ended. An API that checks tokens by itself can't notice the end of one,
   * so this also asks the server, if it has an endpoint for that.
   */
  async isAlive(accessToken: string): Promise<boolean> {
    const { status } = await this.me(`Bearer ${accessToken}`)
    if (status === 401 || !this.server.hasRoute({ method: 'POST', url: '/introspect' })) {
      return status !== 401
    }
    const authorization = basic(this.config.apiId, this.config.apiSecret)
    const { body } = await this.post('/introspect', { token: accessToken }, { authorization })
    return body.active === true
  }

  async close(): Promise<void> {
    await Promise.all([...this.#apps.values()].map((app) => app.close()))
  }

  #app(setting: string): FastifyInstance {
    const app = this.#apps.get(setting)
    if (app === undefined) throw new Error(`No program listens at ${setting}`)
    return app
  }
}

/** Starts programs on free ports. The settings are environment variables, such as CODE_TTL. */
export async function startLab(
  programs: Programs,
  settings: Record<string, string> = {},
): Promise<Lab> {
  const builders = new Map(
    Object.entries(programs).map(([name, build]) => [settingOf(programName(name)), build]),
  )
  const env = { ...settings }
  for (const setting of builders.keys()) env[setting] ??= `http://localhost:${await freePort()}`
  const config = readConfig(env)
  const apps = new Map([...builders].map(([setting, build]) => [setting, build(config)]))
  const lab = new Lab(config, apps, env.API_URL)
  try {
    for (const [setting, app] of apps) {
      // Closing ends the idle connections that test browsers leave behind.
      app.addHook('preClose', async () => app.server.closeAllConnections())
      await app.listen({ port: portOf(env[setting] ?? ''), host: 'localhost' })
    }
    return lab
  } catch (error) {
    await lab.close()
    // Another test took a port that was free a moment ago.
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return startLab(programs, settings)
    throw error
  }
}

/** The same programs, each changed right after it is built. */
export function withEachApp(
  programs: Programs,
  change: (app: FastifyInstance, program: string) => void,
): Programs {
  const changed = Object.entries(programs).map(([name, build]): [string, Builder] => [
    name,
    (config) => {
      const app = build(config)
      change(app, programName(name))
      return app
    },
  ])
  return Object.fromEntries(changed) as unknown as Programs
}

/** The programs in a version's folder that listen: server, client, and any other with an `app.ts`. */
export function programsIn(folder: string): { builder: keyof Programs; file: string }[] {
  const names = existsSync(folder) ? readdirSync(folder) : []
  const withApp = names.filter((name) => existsSync(join(folder, name, 'app.ts')))
  return [...new Set(['server', 'client', ...withApp])].map((name) => ({
    builder: `build${name.charAt(0).toUpperCase()}${name.slice(1)}`,
    file: join(folder, name, 'app.ts'),
  }))
}

/** `buildServer` builds the program `server`. */
function programName(builder: string): string {
  return builder.replace('build', '').toLowerCase()
}

function settingOf(program: string): string {
  return program === 'server' ? 'AUTH_SERVER_URL' : `${program.toUpperCase()}_URL`
}
