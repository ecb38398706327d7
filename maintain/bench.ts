import { writeFileSync } from 'node:fs'
import { cpus, platform, release } from 'node:os'
import { join } from 'node:path'
import { readOptions } from '@oauth-lab/course/command-line.ts'
import { listVersions, ROOT } from '@oauth-lab/course/programs/versions.ts'
import { Child, canPin, pinLoad, unpinLoad } from './bench/lib/child.ts'
import {
  byLogins,
  byRefreshes,
  type Fill,
  type GrowthFigures,
  type HeapFigures,
  measureGrowth,
  measureHeap,
} from './bench/lib/growth.ts'
import { measure, median, refresh, resource, type Work, wholeFlow } from './bench/lib/load.ts'
import { proveRefusals } from './bench/lib/refusals.ts'
import { measureDiff, measureNpmStart, measureStart, measureSwitch } from './bench/lib/startup.ts'
import { figure, type Row, ratio, table } from './bench/lib/table.ts'
import { limit, oidcProvider, type Target, targetOf } from './bench/lib/targets.ts'

/** The size of a run. */
interface Extent {
  rounds: number
  /** Of one measurement, in milliseconds. */
  duration: number
  /** Of the unmeasured one before, in milliseconds. */
  warmUp: number
  /** Token responses that a heap is filled with. */
  responses: number
  /** The same for oidc-provider, which is slower. */
  responsesOfProvider: number
  growth: number[]
  starts: number
}

const WHOLE: Extent = {
  rounds: 5,
  duration: 500,
  warmUp: 2000,
  responses: 40_000,
  responsesOfProvider: 2_000,
  growth: [1_000, 100_000, 1_000_000],
  starts: 3,
}

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
  { name: 'refresh with rotation', work: refresh, needs: ({ refreshes }) => refreshes },
  { name: 'GET /api/me', work: resource, needs: ({ hasResource }) => hasResource },
]

const OPTIONS = { quick: { type: 'boolean' }, write: { type: 'boolean' } } as const

/**
 * `npm run bench [-- --quick --write]` compares the servers of all versions with oidc-provider and
 * with the limit of the framework.
 *
 * @returns the exit status
 * @throws {ToldError} also for a wrong response of a target
 */
export async function main(args: string[]): Promise<number> {
  const { quick, write } = readOptions(args, OPTIONS, {
    example: 'npm run bench -- --quick',
    hint: 'npm run bench accepts --quick and --write.',
  })
  pinLoad()
  const report = await runBench(quick ? QUICK : WHOLE)
  if (write) writeFileSync(join(ROOT, 'maintain', 'bench', 'RESULTS.md'), resultsPage(report))
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
  tell(title, await measureSpeeds(targets, extent))
  tell('Heap, in MiB', await measureHeaps(targets, extent))
  tell(`Growth of ${newest.name}`, growthTable(await measureGrowth(newest, extent.growth)))
  tell('Time, in milliseconds', await measureStarts(targets, extent))
  return parts.join('\n\n')
}

/** Runs all targets at once and measures them in turn, so a busy moment of the machine affects all of them. */
async function measureSpeeds(targets: Target[], extent: Extent): Promise<string> {
  const children = new Map<Target, Child>()
  try {
    for (const target of targets) {
      const child = await Child.start(target.launch)
      children.set(target, child)
      await proveRefusals(target, child.origin)
    }
    const rows: Row[] = []
    for (const { name, work, needs } of WORKS) {
      const measured = targets.filter(needs)
      const figures = await inTurn(measured, children, work, extent)
      rows.push(...measured.map((target) => speedRow(name, target, figures)))
    }
    return table(['work', 'target', 'per second', 'of the limit', 'of oidc-provider'], rows)
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

function speedRow(work: string, target: Target, figures: Map<Target, number>): Row {
  const own = figures.get(target) ?? Number.NaN
  return [
    work,
    target.name,
    figure(own),
    ratio(own, figures.get(limit)),
    ratio(own, figures.get(oidcProvider)),
  ]
}

/** Fills all heaps at once, because their size doesn't depend on how busy the machine is. */
async function measureHeaps(targets: Target[], extent: Extent): Promise<string> {
  const kinds: { name: string; by: Fill; targets: Target[] }[] = [
    { name: 'one login each', by: byLogins, targets },
    { name: 'refreshes', by: byRefreshes, targets: targets.filter(({ refreshes }) => refreshes) },
  ]
  const rows = kinds.flatMap(({ name, by, targets }) =>
    targets.map(async (target): Promise<Row> => {
      const isProvider = target === oidcProvider
      const responses = isProvider ? extent.responsesOfProvider : extent.responses
      return heapRow(name, target, await measureHeap(target, by, responses))
    }),
  )
  const head = ['token responses', 'target', 'at the start', 'per 100,000', 'after expiry']
  return table(head, await Promise.all(rows))
}

function heapRow(kind: string, target: Target, heap: HeapFigures): Row {
  const figures = [heap.atStart, heap.perResponses, heap.afterExpiry]
  return [kind, target.name, ...figures.map(figure)]
}

function growthTable(figures: GrowthFigures[]): string {
  const rows = figures.map(({ tokens, flowsPerCpuSecond, heap }) => {
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
  const { npm, git } = measureDiff(starts)
  rows.push(['git diff --no-index of v04 and v05', figure(git), ''])
  rows.push(['npm run diff v04 v05', figure(npm), `${ratio(npm, git)} git`])
  return table(['what', 'time', 'of the limit'], rows)
}

function resultsPage(report: string): string {
  const pinned = canPin ? 'server and load each on its own core' : 'not pinned to cores'
  return `# What the lab costs

\`npm run bench -- --write\` wrote this page. Run it to measure your own machine, or run
\`npm run bench -- --quick\` for a rough result in half a minute.

Run on ${new Date().toISOString().slice(0, 10)}: Node ${process.version}, ${platform()} ${release()}, ${cpus().length} x ${cpus()[0]?.model.trim()}, ${pinned}.

${report}

## How to read it

- **limit** is a bare Fastify with the same routes and constant responses. It checks nothing and stores nothing.
  **oidc-provider** is the certified server of that name, version 9. It has one confidential client, PKCE required,
  rotated refresh tokens, a login form without script, no consent page, and ID tokens signed with ES256, its cheapest
  algorithm. All others are the servers of the versions as \`npm start\` runs them, with their log.
- 16 users with one connection each send requests as fast as they get responses, to one target after the other. The
  figure is how often they did the work per second of the server's processor time, so it also holds on a busy machine.
- Before it measures a target, the benchmark checks that the target rejects a wrong password, a wrong redirect URI, a
  wrong secret, a wrong verifier (from v03), a code used twice, a made-up token (from v04), and a refresh token used
  twice (v05). One wrong response ends the run without a table. Only the limit is exempt: it rejects nothing.
- The whole flow is the authorization request, the login, the token request, and from v04 on the request for the
  resource. v01 to v03 lack that last step, so compare their figures with each other, not with those of v04 and v05.
- oidc-provider has its own userinfo endpoint, and its login takes four requests instead of the lab's two. For speed it
  uses its own memory adapter, which keeps 1,000 entries. For the heap it uses one without a limit.
- The heap is what remains after garbage collection. The responses to refreshes come from 32 logins that keep
  refreshing. The responses to logins come from one login each, and their codes stay in memory too.

## Where the time goes

Compared with the limit, a request of v05 spends most of its time on three things: the log line, the headers of every response, and the count of
running requests, which lets a program end without cutting one off. Without all three, in a manual test, \`GET /api/me\` reaches about 0.85 of the
limit. The whole flow also renders pages from templates and computes random values and digests. The lab's programs exist to be watched and read,
so they stay well below the limit on purpose.

A login in v05 leaves an access token, a family of refresh tokens, and the used code with its redirect URI and challenge, to check a second use
against. A refresh adds only one access token, which expires: a million refreshes of one login leave one family. At a million tokens a flow is
slower, because Node's garbage collector needs more time for a larger heap. \`npm run diff\` starts Node and npm, and git doesn't.
`
}
