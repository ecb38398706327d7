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

/** How much is measured. */
interface Extent {
  rounds: number
  /** Of one measurement, in milliseconds. */
  duration: number
  /** Of the unmeasured one before, in milliseconds. */
  warmUp: number
  /** Token responses that a heap is filled with. */
  responses: number
  /** The same for oidc-provider, which takes its time. */
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
 * `npm run bench [-- --quick --write]` measures the servers of all versions beside oidc-provider and
 * beside the limit of the framework.
 *
 * @returns the exit status
 * @throws {ToldError} also for a wrong answer of a target
 */
export async function main(args: string[]): Promise<number> {
  const { quick, write } = readOptions(args, OPTIONS, {
    example: 'npm run bench -- --quick',
    hint: 'npm run bench takes --quick and --write.',
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
  const title = "Work for each second of the server's processor time"
  tell(title, await measureSpeeds(targets, extent))
  tell('Heap, in MiB', await measureHeaps(targets, extent))
  tell(`Growth of ${newest.name}`, growthTable(await measureGrowth(newest, extent.growth)))
  tell('Time, in milliseconds', await measureStarts(targets, extent))
  return parts.join('\n\n')
}

/** All targets run at once and are measured in turn, so that a busy moment of the machine meets all. */
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
    return table(['work', 'target', 'a second', 'of the limit', 'of oidc-provider'], rows)
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

/** All at once: what is on a heap does not depend on how busy the machine is. */
async function measureHeaps(targets: Target[], extent: Extent): Promise<string> {
  const kinds: { name: string; by: Fill; targets: Target[] }[] = [
    { name: 'a login each', by: byLogins, targets },
    { name: 'refreshes', by: byRefreshes, targets: targets.filter(({ refreshes }) => refreshes) },
  ]
  const rows = kinds.flatMap(({ name, by, targets }) =>
    targets.map(async (target): Promise<Row> => {
      const isProvider = target === oidcProvider
      const responses = isProvider ? extent.responsesOfProvider : extent.responses
      return heapRow(name, target, await measureHeap(target, by, responses))
    }),
  )
  const head = ['token responses', 'target', 'at the start', 'for each 100,000', 'when expired']
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
  return table(['live tokens', 'whole flows a second', 'heap, MiB'], rows)
}

async function measureStarts(targets: Target[], { starts }: Extent): Promise<string> {
  // Nothing is compared here that runs at the same time, and who types a command has all cores.
  unpinLoad()
  const rows: Row[] = []
  let ofLimit: number | undefined
  for (const target of targets) {
    const time = await measureStart(target, starts)
    if (target === limit) ofLimit = time
    rows.push([`${target.name}: start to first answer`, figure(time), ratio(time, ofLimit)])
  }
  rows.push(['npm start to both answering', figure(await measureNpmStart(starts)), ''])
  rows.push(['the workshop changes the version', figure(await measureSwitch(starts)), ''])
  const { npm, git } = measureDiff(starts)
  rows.push(['git diff --no-index of v04 and v05', figure(git), ''])
  rows.push(['npm run diff v04 v05', figure(npm), `${ratio(npm, git)} git`])
  return table(['what', 'time', 'of the limit'], rows)
}

function resultsPage(report: string): string {
  const pinned = canPin ? 'server and load on a core each' : 'not held on cores'
  return `# What the lab costs

\`npm run bench -- --write\` has written this page; run it to get the figures of your machine, or
\`npm run bench -- --quick\` for a rough look in half a minute.

Run on ${new Date().toISOString().slice(0, 10)}: Node ${process.version}, ${platform()} ${release()}, ${cpus().length} x ${cpus()[0]?.model.trim()}, ${pinned}.

${report}

## How to read it

- **limit** is a bare Fastify with the same routes, which answer constants. It checks nothing and remembers
  nothing. **oidc-provider** is the certified server of that name, version 9, with one confidential client, PKCE
  required, refresh tokens rotated, a login form without script, no consent, and ID tokens signed with
  ES256, the cheapest of its algorithms. All others are the servers of the versions as \`npm start\` runs them, log included.
- 16 users with a connection each work as quickly as they get answers, in turn at every target. The figure is how often
  the work was done for each second of processor time that the server used: it holds on a busy machine too.
- A target is first asked for what it has to refuse: a wrong password, a wrong redirect URI, a wrong secret, a wrong
  verifier (from v03), a code used twice, a made-up token (from v04), a refresh token used twice (v05). One wrong answer
  ends the run without a table. The limit is the one exception: it refuses nothing.
- The whole flow is authorize, log in, redeem, and from v04 on ask the resource. In v01 to v03 it has no last
  step, so their figures stand beside each other, and not beside those of v04 and v05.
- oidc-provider answers at its own userinfo endpoint, and a login takes it four requests where it takes the lab's two.
  For speed it has its own memory adapter, which keeps 1,000 entries; for the heap one without a bound.
- The heap is what is alive after a collection. The responses of refreshes come from 32 logins that go
  on refreshing, and those of logins from a login each, where the code and the login stay in memory too.

## Where the time goes

Beside the limit, what a request of v05 costs most is what it is watched and kept orderly by: the line of the log, the headers of every answer, and
the count of requests under way that lets a program end without cutting one off. Only with all three left out, as was tried by hand, does
\`GET /api/me\` come to about 0.85 of the limit. In the whole flow there are also pages made from templates, random values and digests. All of
this is worth its price in programs that are there to be watched and read; so the limit of the framework is far off on purpose.

A login in v05 leaves a code, an access token and a refresh token, and what they were issued for. A refresh adds two tokens to a login that is
there, which is why it takes less memory. At a million tokens a flow is slower by what Node's garbage collector takes for a larger heap.
\`npm run diff\` starts Node and npm, which git does not.
`
}
