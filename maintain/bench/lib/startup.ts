import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { listVersions, ROOT, type Version } from '@oauth-lab/course/programs/versions.ts'
import { freePort } from '@oauth-lab/shared/testing/ports.ts'
import { request } from 'undici'
import { Child, untilAnswers } from './child.ts'
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
  const newest = listVersions().at(-1)
  if (newest === undefined) throw new Error('There is no version to run')
  const durations: number[] = []
  for (let time = 0; time < times; time += 1) {
    durations.push(await withNpmStart(newest, async (_origins, _npm, took) => took))
  }
  return median(durations)
}

/** How long the workshop takes from one version to the next, in milliseconds; the median of some. */
export function measureSwitch(times: number): Promise<number> {
  const [first, ...others] = listVersions()
  if (first === undefined) throw new Error('There is no version to run')
  return withNpmStart(first, async ({ server, client, workshop }, npm) => {
    const durations: number[] = []
    for (const { name } of others.slice(0, times)) {
      const from = performance.now()
      const { statusCode, body } = await request(`${workshop}/run/start`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: `version=${name}`,
      })
      await body.dump()
      if (statusCode !== 303) throw new Error(`The workshop answers ${statusCode} to /run/start`)
      await Promise.all([untilAnswers(server, npm, name), untilAnswers(client, npm, name)])
      durations.push(performance.now() - from)
    }
    return median(durations)
  })
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

interface Origins {
  server: string
  client: string
  workshop: string
}

/** Runs `npm start` on free ports until the work is done, which begins when all three answer. */
async function withNpmStart<T>(
  version: Version,
  work: (origins: Origins, npm: ChildProcess, took: number) => Promise<T>,
): Promise<T> {
  const server = `http://localhost:${await freePort()}`
  const client = `http://localhost:${await freePort()}`
  const workshop = `http://localhost:${await freePort()}`
  const from = performance.now()
  const npm = spawn('npm', ['start', version.name], {
    cwd: ROOT,
    env: { ...process.env, AUTH_SERVER_URL: server, CLIENT_URL: client, WORKSHOP_URL: workshop },
    stdio: 'ignore',
    shell: IS_WINDOWS,
  })
  try {
    await Promise.all([
      untilAnswers(server, npm, version.name),
      untilAnswers(client, npm, version.name),
    ])
    const took = performance.now() - from
    await untilAnswers(workshop, npm)
    return await work({ server, client, workshop }, npm, took)
  } finally {
    npm.kill('SIGTERM')
    if (npm.exitCode === null && npm.signalCode === null) await once(npm, 'exit')
  }
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
