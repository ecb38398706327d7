import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { listVersions, ROOT } from '@oauth-lab/course/programs/versions.ts'
import { freePort } from '@oauth-lab/shared/testing/lab.ts'
import { request } from 'undici'
import { knownVersions } from '../../../workshop/known-versions.ts'
import { Runner } from '../../../workshop/runner.ts'
import { TAP } from '../../../workshop/traffic/tap.ts'
import { Child } from './child.ts'
import { median } from './load.ts'
import type { Target } from './targets.ts'

const IS_WINDOWS = process.platform === 'win32'
/** How long a command may take, in milliseconds. */
const PATIENCE = 30_000

/** From the start of a program's process to its first answer, in milliseconds; the median of some. */
export async function measureStart({ launch }: Target, times: number): Promise<number> {
  const durations: number[] = []
  for (let time = 0; time < times; time += 1) {
    const child = await Child.start(launch)
    durations.push(child.startTime)
    await child.stop()
  }
  return median(durations)
}

/** From `npm start` to the first answers of server and client, in milliseconds; the median of some. */
export async function measureNpmStart(times: number): Promise<number> {
  const durations: number[] = []
  for (let time = 0; time < times; time += 1) durations.push(await npmStartOnce())
  return median(durations)
}

/** How long the workshop takes from one version to the next, in milliseconds; the median of some. */
export async function measureSwitch(times: number): Promise<number> {
  const ports = { server: await freePort(), client: await freePort() }
  const addresses = {
    server: `http://localhost:${ports.server}`,
    client: `http://localhost:${ports.client}`,
  }
  const runner = new Runner({ preload: [TAP] })
  const [first, ...others] = knownVersions()
  if (first === undefined) throw new Error('There is no version to run')
  const slot = runner.open(first, addresses, ports)
  try {
    await runner.start(slot, first)
    const durations: number[] = []
    for (const version of others.slice(0, times)) {
      const from = performance.now()
      await runner.start(slot, version)
      durations.push(performance.now() - from)
    }
    return median(durations)
  } finally {
    await runner.closeAll()
  }
}

/** How long `npm run diff` takes for two versions, and `git diff` for their folders, in milliseconds. */
export function measureDiff(times: number): { npm: number; git: number } {
  const [before, after] = listVersions().slice(-2)
  const { folder: from = '' } = before ?? {}
  const { folder: to = '' } = after ?? {}
  const npm = () => run('npm', ['run', '--silent', 'diff', before?.name ?? '', after?.name ?? ''])
  const git = () => run('git', ['diff', '--no-index', from, to])
  return { npm: median(repeat(times, npm)), git: median(repeat(times, git)) }
}

async function npmStartOnce(): Promise<number> {
  const server = `http://localhost:${await freePort()}`
  const client = `http://localhost:${await freePort()}`
  const workshop = `http://localhost:${await freePort()}`
  const from = performance.now()
  const npm = spawn('npm', ['start', 'v05'], {
    cwd: ROOT,
    env: { ...process.env, AUTH_SERVER_URL: server, CLIENT_URL: client, WORKSHOP_URL: workshop },
    stdio: 'ignore',
    shell: IS_WINDOWS,
  })
  try {
    await Promise.all([answers(`${server}/style.css`, npm), answers(`${client}/`, npm)])
    return performance.now() - from
  } finally {
    npm.kill('SIGTERM')
    if (npm.exitCode === null && npm.signalCode === null) await once(npm, 'exit')
  }
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  const until = performance.now() + PATIENCE
  while (performance.now() < until && child.exitCode === null) {
    try {
      const { body } = await request(url)
      await body.dump()
      return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  throw new Error(`${url} did not answer after npm start`)
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
