import { join } from 'node:path'
import type { Version } from '@oauth-lab/course/programs/versions.ts'
import type { Driver } from '@oauth-lab/shared/testing/driver.ts'
import { freePort } from '@oauth-lab/shared/testing/ports.ts'
import { Child } from '../bench/lib/child.ts'
import { driverOf } from './visitor.ts'

/** Server and client of a version, each in a process of its own, on free ports, and what drives them. */
export interface Pair {
  server: Child
  client: Child
  driver: Driver
}

/** Starts both. Settings are those of the environment, such as CODE_TTL. */
export async function startPair(
  version: Version,
  settings: Record<string, string> = {},
): Promise<Pair> {
  const env = {
    ...settings,
    AUTH_SERVER_URL: `http://localhost:${await freePort()}`,
    CLIENT_URL: `http://localhost:${await freePort()}`,
  }
  const [server, client] = await Promise.all([
    startProgram(version, 'server', env),
    startProgram(version, 'client', env),
  ])
  return { server, client, driver: driverOf(server.origin, client.origin) }
}

/** Starts one of the two where its settings say. */
export function startProgram(
  { folder }: Version,
  program: 'server' | 'client',
  env: Record<string, string>,
): Promise<Child> {
  const address = program === 'server' ? 'AUTH_SERVER_URL' : 'CLIENT_URL'
  const origin = env[address]
  return Child.start({
    main: join(folder, program, 'main.ts'),
    folder,
    address,
    ...(origin === undefined ? {} : { origin }),
    env,
  })
}

export async function stopPair({ server, client }: Pair): Promise<void> {
  await Promise.all([server.stop(), client.stop()])
}
