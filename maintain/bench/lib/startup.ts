import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { freeAddresses } from '@oauth-lab/course/programs/free-addresses.ts'
import { type Addresses, programsOf, settingsOf } from '@oauth-lab/course/programs/programs.ts'
import { listVersions, ROOT, type Version } from '@oauth-lab/course/programs/versions.ts'
import { request } from 'undici'
import { Child, untilAnswered } from './child.ts'
import { median } from './load.ts'
import type { Target } from './targets.ts'

const IS_WINDOWS = process.platform === 'win32'
/** How long a command may take, in milliseconds. */
const PATIENCE = 30_000

/** From the start of a program's process to its first response, in milliseconds: the median of some. */
export async function measureStart({ launch }: Target, times: number): Promise<number> {
  const durations: number[] = []
  for (let time = 0; time < times; time += 1) {
    const child = await Child.start(launch)
    durations.push(child.startTime)
    await child.stop()
  }
  return median(durations)
}

/** From `npm start` until all programs of the newest version respond, in milliseconds: the median of some. */
export async function measureNpmStart(times: number): Promise<number> {
  const newest = listVersions().at(-1)
  if (newest === undefined) throw new Error('There is no version to run')
  const durations: number[] = []
  for (let time = 0; time < times; time += 1) {
    durations.push(await withNpmStart(newest, async (_addresses, _npm, took) => took))
  }
  return median(durations)
}

/** How long the workshop takes from one version to the next, in milliseconds: the median of some. */
export function measureSwitch(times: number): Promise<number> {
  const [first, ...others] = listVersions()
  if (first === undefined) throw new Error('There is no version to run')
  return withNpmStart(first, async (addresses, npm) => {
    const durations: number[] = []
    for (const version of others.slice(0, times)) {
      const from = performance.now()
      const { statusCode, body } = await request(`${addresses.workshop}/run/start`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: `version=${version.name}`,
      })
      await body.dump()
      if (statusCode !== 303) throw new Error(`The workshop responds ${statusCode} to /run/start`)
      await allAnswer(addresses, npm, version)
      durations.push(performance.now() - from)
    }
    return median(durations)
  })
}

/** How long `npm run diff` takes for two versions, and `git diff` for their folders, in milliseconds. */
export function measureDiff(
  before: Version,
  after: Version,
  times: number,
): { npm: number; git: number } {
  const npm = () => run('npm', ['run', '--silent', 'diff', before.name, after.name])
  const git = () => run('git', ['diff', '--no-index', before.folder, after.folder])
  return { npm: median(repeat(times, npm)), git: median(repeat(times, git)) }
}

/** Runs `npm start` on free ports, does the work once programs and workshop respond, and ends it. */
export async function withNpmStart<T>(
  version: Version,
  work: (addresses: Addresses, npm: ChildProcess, took: number) => Promise<T>,
): Promise<T> {
  const addresses = await freeAddresses()
  const from = performance.now()
  const npm = spawn('npm', ['start', version.name], {
    cwd: ROOT,
    env: { ...process.env, ...settingsOf(addresses) },
    stdio: 'ignore',
    shell: IS_WINDOWS,
  })
  try {
    await allAnswer(addresses, npm, version)
    const took = performance.now() - from
    await untilAnswered(addresses.workshop, npm)
    return await work(addresses, npm, took)
  } finally {
    npm.kill('SIGTERM')
    if (npm.exitCode === null && npm.signalCode === null) await once(npm, 'exit')
  }
}

async function allAnswer(addresses: Addresses, npm: ChildProcess, version: Version): Promise<void> {
  const { listening } = programsOf(version)
  await Promise.all(listening.map((name) => untilAnswered(addresses[name], npm, version.name)))
}

function run(command: string, args: string[]): void {
  const { error } = spawnSync(command, args, {
    cwd: ROOT,
    stdio: 'ignore',
    timeout: PATIENCE,
    shell: IS_WINDOWS,
  })
  if (error) throw error
}

function repeat(times: number, work: () => void): number[] {
  return Array.from({ length: times }, () => {
    const from = performance.now()
    work()
    return performance.now() - from
  })
}
