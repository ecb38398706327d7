import { existsSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { type LabConfig, portOf, readConfig } from '@oauth-lab/shared/config.ts'
import { ROOT } from './versions.ts'

export { titleOfProgram } from '@oauth-lab/shared/program-title.ts'

/** What listens, in the order of the ports that `--port N` assigns, and the setting with its address. */
const LISTENERS = {
  server: { setting: 'AUTH_SERVER_URL', key: 'authServerUrl' },
  client: { setting: 'CLIENT_URL', key: 'clientUrl' },
  workshop: { setting: 'WORKSHOP_URL', key: 'workshopUrl' },
  api: { setting: 'API_URL', key: 'apiUrl' },
} as const satisfies Record<string, { setting: string; key: keyof LabConfig }>

/** A program that listens, or the workshop. */
export type Listener = keyof typeof LISTENERS
/** A program that listens. */
export type ProgramName = Exclude<Listener, 'workshop'>
/** The address of each of them, whether a version has it or not. */
export type Addresses = Record<Listener, string>

const ALL = Object.keys(LISTENERS) as Listener[]
/** How many ports `--port N` takes, from N on. */
export const PORT_COUNT = ALL.length
/** All programs that listen, in one version or another. */
export const PROGRAM_NAMES = ALL.filter((name) => name !== 'workshop')

/** The programs of a version: its subfolders with a `main.ts`. */
export interface Programs {
  /** Those that listen until they are stopped: they build an app in `app.ts`. */
  listening: ProgramName[]
  /** Those that run and end, such as a worker. */
  ending: string[]
}

/** @param folder of a version, or of a copy */
export function programsOf({ folder }: { folder: string }): Programs {
  const all = namesIn(folder).filter(
    (name) => /^[\w-]+$/.test(name) && existsSync(join(folder, name, 'main.ts')),
  )
  // By name, because the `app.ts` of a copy may be unfinished, or one of the two programs that every version
  // has may be lost. Starting the copy then reports that.
  const listening = PROGRAM_NAMES.filter((name) => name !== 'api' || all.includes(name))
  return { listening, ending: all.filter((name) => !listening.some((one) => one === name)) }
}

/** The names in a folder. None if it's gone, is a file, or can't be read: whatever uses it next says why. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/**
 * How to run a program that ends, in words. A reader runs it in another terminal, which knows nothing of
 * `--port`, so this names each address that isn't the default. Only browsers call the client.
 */
export function howToRun(name: string, version: { folder: string }, addresses: Addresses): string {
  const usual = addressesOf(readConfig({}))
  const moved = programsOf(version).listening.filter((one) => {
    return one !== 'client' && addresses[one] !== usual[one]
  })
  const settings = moved.map((one) => `${settingOf(one)}=${addresses[one]} `).join('')
  return `${settings}npm run ${name}, in ${relative(ROOT, version.folder)}`
}

/** The setting with the address of a program or of the workshop. */
export function settingOf(name: Listener): string {
  return LISTENERS[name].setting
}

/** The settings with all these addresses. */
export function settingsOf(addresses: Addresses): Record<string, string> {
  return Object.fromEntries(ALL.map((name) => [settingOf(name), addresses[name]]))
}

export function addressesOf(config: LabConfig): Addresses {
  return toRecord((name) => config[LISTENERS[name].key])
}

/** The addresses that `--port` assigns. */
export function addressesFrom(port: number): Addresses {
  return addressesAt(ALL.map((_, index) => port + index))
}

/** @param ports as many as `--port` takes */
export function addressesAt(ports: number[]): Addresses {
  return toRecord((name) => `http://localhost:${ports[ALL.indexOf(name)]}`)
}

export function portsOf(addresses: Addresses): Record<Listener, number> {
  return toRecord((name) => portOf(addresses[name]))
}

function toRecord<Value>(read: (name: Listener) => Value): Record<Listener, Value> {
  return Object.fromEntries(ALL.map((name) => [name, read(name)])) as Record<Listener, Value>
}

/** Whether a path in a version is code that it teaches: the protocol, and its programs. */
export function isProgramCode(path: string): boolean {
  return path === 'protocol.ts' || /^(?!test\/|node_modules\/)\w[^/]*\//.test(path)
}
