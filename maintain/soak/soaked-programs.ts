import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freeAddresses } from '@oauth-lab/course/programs/free-addresses.ts'
import {
  type ProgramName,
  programsOf,
  settingOf,
  settingsOf,
} from '@oauth-lab/course/programs/programs.ts'
import type { Version } from '@oauth-lab/course/programs/versions.ts'
import type { Driver } from '@oauth-lab/shared/testing/driver.ts'
import { Child } from '../bench/lib/child.ts'
import { SWEEP } from '../bench/lib/growth.ts'
import type { Usage } from '../bench/lib/probe.ts'
import { driverOf } from './visitor.ts'

/** The programs of a version, each in its own process on a free port, and their driver. */
export interface SoakedPrograms {
  server: Child
  client: Child
  /** Undefined in a version without one. */
  api: Child | undefined
  driver: Driver
}

/** Starts all programs that listen. Settings are those of the environment, such as CODE_TTL. */
export async function startPrograms(
  version: Version,
  settings: Record<string, string> = {},
): Promise<SoakedPrograms> {
  const env = { ...settings, ...settingsOf(await freeAddresses()) }
  const hasApi = programsOf(version).listening.includes('api')
  const [server, client, api] = await Promise.all([
    startProgram(version, 'server', env),
    startProgram(version, 'client', env),
    hasApi ? startProgram(version, 'api', env) : undefined,
  ])
  return { server, client, api, driver: driverOf(server.origin, client.origin, api?.origin) }
}

/** Starts one of them at the address in its settings. */
export function startProgram(
  { folder }: Version,
  program: ProgramName,
  env: Record<string, string>,
): Promise<Child> {
  const address = settingOf(program)
  const origin = env[address]
  return Child.start({
    main: join(folder, program, 'main.ts'),
    folder,
    address,
    ...(origin === undefined ? {} : { origin }),
    env,
  })
}

/** The usage of each program after garbage collection. */
export type UsageOfBoth = Record<'server' | 'client', Usage>

export async function usageOf({ server, client }: SoakedPrograms): Promise<UsageOfBoth> {
  return { server: await server.usage(), client: await client.usage() }
}

/** The usage of both once this many seconds have passed and expired entries are gone. Waits only for a sweep. */
export async function usageAfter(programs: SoakedPrograms, seconds: number): Promise<UsageOfBoth> {
  await Promise.all([programs.server.advance(seconds), programs.client.advance(seconds)])
  await sleep(SWEEP)
  return usageOf(programs)
}

export async function stopPrograms({ server, client, api }: SoakedPrograms): Promise<void> {
  await Promise.all([server, client, api].map((child) => child?.stop()))
}
