import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, platform, release } from 'node:os'
import { join } from 'node:path'
import { readOptions } from '@oauth-lab/course/command-line.ts'
import { listVersions, ROOT, shortName } from '@oauth-lab/course/programs/versions.ts'
import { Child, canPin, pinLoad, unpinLoad } from './bench/lib/child.ts'
import { login, measureGrowth, measureHeap } from './bench/lib/growth.ts'
import {
  flowAndRevocation,
  measure,
  median,
  refresh,
  resource,
  type Work,
  wholeFlow,
} from './bench/lib/load.ts'
import { proveRefusals } from './bench/lib/refusals.ts'
import { LIFETIME, measureRevocation } from './bench/lib/revocation.ts'
import { measureDiff, measureNpmStart, measureStart, measureSwitch } from './bench/lib/startup.ts'
import { figure, type Row, ratio, table } from './bench/lib/table.ts'
import {
  limit,
  oidcProvider,
  oidcProvidersWithApi,
  type Target,
  targetOf,
} from './bench/lib/targets.ts'

const RESULTS = join(ROOT, 'maintain', 'bench', 'RESULTS.md')

const WHOLE = {
  rounds: 5,
  /** Of one measurement, in milliseconds. */
  duration: 500,
  /** Of the unmeasured one before, in milliseconds. */
  warmUp: 2000,
  /** Token responses that a heap is filled with. */
  responses: 40_000,
  /** The same for oidc-provider, which is slower. */
  responsesOfProvider: 2_000,
  growth: [1_000, 100_000, 1_000_000],
  starts: 3,
}
type Extent = typeof WHOLE

const QUICK: Extent = {
  rounds: 1,
  duration: 300,
  warmUp: 500,
  responses: 2_000,
  responsesOfProvider: 200,
  growth: [1_000, 10_000],
  starts: 1,
}

const WORKS: { name: string; work: Work; needs: (target: Target) => boolean }[] = [
  { name: 'whole flow', work: wholeFlow, needs: () => true },
  { name: 'flow and revocation', work: flowAndRevocation, needs: ({ revokes }) => revokes },
  { name: 'refresh with rotation', work: refresh, needs: ({ refreshes }) => refreshes },
  { name: 'GET /api/me', work: resource, needs: ({ hasResource }) => hasResource },
]

const OPTIONS = {
  quick: { type: 'boolean' },
  write: { type: 'boolean' },
  api: { type: 'boolean' },
} as const
/** The last version whose server serves the resource itself. */
const LAST_WITHOUT_API = 11

/**
 * `npm run bench [-- --quick --write]` compares the servers of all versions with oidc-provider and
 * with the limit of the framework. `npm run bench -- --api` prints the last table alone: what it costs
 * each version to check an access token.
 *
 * @throws {ToldError} also for a wrong response of a target
 */
export async function main(args: string[]): Promise<number> {
  const { quick, write, api } = readOptions(args, OPTIONS, {
    example: 'npm run bench -- --quick',
    hint: 'npm run bench accepts --quick, --write and --api.',
  })
  pinLoad()
  const extent = quick ? QUICK : WHOLE
  if (api) {
    console.log(await measureApis(extent))
    return 0
  }
  const report = await runBench(extent)
  if (write) writeResults(report)
  return 0
}

async function runBench(extent: Extent): Promise<string> {
  const targets = [limit, oidcProvider, ...listVersions().map(targetOf)]
  const newest = targets.at(-1) ?? limit
  const parts: string[] = []
  const tell = (title: string, text: string) => {
    parts.push(`## ${title}\n\n${text}`)
    console.log(`${title}\n\n${text}\n`)
  }
  const title = "Work per second of the server's processor time"
  const providers = Object.values(oidcProvidersWithApi)
  tell(title, await measureSpeeds([...targets, ...providers], extent))
  tell('Heap, in MiB', await measureHeaps(targets, extent))
  tell(`Growth of ${newest.name}`, await measureGrowths(newest, extent))
  tell('Access tokens at the API', await measureApis(extent))
  tell('Time, in milliseconds', await measureStarts(targets, extent))
  return parts.join('\n\n')
}

async function measureSpeeds(targets: Target[], extent: Extent): Promise<string> {
  return withAll(targets, async (children) => {
    const rows: Row[] = []
    for (const { name, work, needs } of WORKS) {
      const figures = await inTurn(targets.filter(needs), children, work, extent)
      const ofLimit = figures.get(limit)
      for (const [target, own] of figures) {
        const ofProvider = figures.get(target.provider ?? oidcProvider)
        rows.push([name, target.name, figure(own), ratio(own, ofLimit), ratio(own, ofProvider)])
      }
    }
    return table(['work', 'target', 'per second', 'of the limit', 'of oidc-provider'], rows)
  })
}

/** What it costs to check an access token, and how long a revoked one goes on working. */
async function measureApis(extent: Extent): Promise<string> {
  const targets = listVersions()
    .filter(({ number }) => number >= LAST_WITHOUT_API)
    .map(targetOf)
  const [first = limit] = targets
  const speeds = await withAll(targets, (children) => inTurn(targets, children, resource, extent))
  const rows: Row[] = []
  for (const [target, own] of speeds) {
    const revoked = await measureRevocation(target)
    const ofFirst = ratio(own, speeds.get(first))
    rows.push([target.name, figure(own), ofFirst, figure(revoked), ratio(revoked, LIFETIME)])
  }
  const head = ['target', 'GET /api/me per second', `of ${first.name}`]
  return table([...head, 'a revoked token works for, s', 'of its lifetime'], rows)
}

/** Runs all targets at once, so a busy moment of the machine affects all of them. */
async function withAll<T>(
  targets: Target[],
  work: (children: Map<Target, Child>) => Promise<T>,
): Promise<T> {
  const children = new Map<Target, Child>()
  try {
    for (const target of targets) {
      const child = await Child.start(target.launch)
      children.set(target, child)
      await proveRefusals(target, child)
    }
    return await work(children)
  } finally {
    for (const child of children.values()) await child.stop()
  }
}

async function inTurn(
  targets: Target[],
  children: Map<Target, Child>,
  work: Work,
  { rounds, duration, warmUp }: Extent,
): Promise<Map<Target, number>> {
  const figures = new Map(targets.map((target) => [target, [] as number[]]))
  for (let round = -1; round < rounds; round += 1) {
    for (const target of targets) {
      const child = children.get(target)
      if (child === undefined) continue
      const speed = await measure(target, child, work, round < 0 ? warmUp : duration)
      if (round >= 0) figures.get(target)?.push(speed)
    }
  }
  return new Map([...figures].map(([target, speeds]) => [target, median(speeds)]))
}

/** Fills all heaps at once, because their size doesn't depend on how busy the machine is. */
async function measureHeaps(targets: Target[], extent: Extent): Promise<string> {
  const kinds: { name: string; by: Work; targets: Target[] }[] = [
    { name: 'one login each', by: login, targets },
    { name: 'refreshes', by: refresh, targets: targets.filter(({ refreshes }) => refreshes) },
  ]
  const rows = kinds.flatMap(({ name, by, targets }) =>
    targets.map(async (target): Promise<Row> => {
      const isProvider = target === oidcProvider
      const responses = isProvider ? extent.responsesOfProvider : extent.responses
      const heap = await measureHeap(target, by, responses)
      return [name, target.name, ...[heap.atStart, heap.perResponses, heap.afterExpiry].map(figure)]
    }),
  )
  const head = ['token responses', 'target', 'at the start', 'per 100,000', 'after expiry']
  return table(head, await Promise.all(rows))
}

async function measureGrowths(target: Target, { growth }: Extent): Promise<string> {
  const rows = (await measureGrowth(target, growth)).map(({ tokens, flowsPerCpuSecond, heap }) => {
    return [tokens.toLocaleString('en-US'), figure(flowsPerCpuSecond), figure(heap)]
  })
  return table(['live tokens', 'whole flows per second', 'heap, MiB'], rows)
}

async function measureStarts(targets: Target[], { starts }: Extent): Promise<string> {
  // These run one at a time, with all cores, as when someone types a command.
  unpinLoad()
  const rows: Row[] = []
  let ofLimit: number | undefined
  for (const target of targets) {
    const time = await measureStart(target, starts)
    if (target === limit) ofLimit = time
    rows.push([`${target.name}: start to first response`, figure(time), ratio(time, ofLimit)])
  }
  rows.push(['npm start until both programs respond', figure(await measureNpmStart(starts)), ''])
  rows.push(['the workshop changes the version', figure(await measureSwitch(starts)), ''])
  const [before, after] = listVersions().slice(-2)
  if (before !== undefined && after !== undefined) {
    const { npm, git } = measureDiff(before, after, starts)
    const [older, newer] = [shortName(before), shortName(after)]
    rows.push([`git diff --no-index of ${older} and ${newer}`, figure(git), ''])
    rows.push([`npm run diff ${older} ${newer}`, figure(npm), `${ratio(npm, git)} git`])
  }
  return table(['what', 'time', 'of the limit'], rows)
}

/** Replaces the figures between two marks of the page, which itself explains how to read them. */
function writeResults(report: string): void {
  const pinned = canPin ? 'server and load each on its own core' : 'not pinned to cores'
  const run = `Run on ${new Date().toISOString().slice(0, 10)}: Node ${process.version}, ${platform()} ${release()}, ${cpus().length} x ${cpus()[0]?.model.trim()}, ${pinned}.`
  const page = readFileSync(RESULTS, 'utf8')
  const figures = `\n\n${run}\n\n${report}\n\n`
  writeFileSync(
    RESULTS,
    page.replace(/(?<=<!-- figures -->).*(?=<!-- \/figures -->)/s, () => figures),
  )
}
