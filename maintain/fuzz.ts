import { listVersions, type Version } from '@oauth-lab/course/programs/versions.ts'
import { wrongUsage } from '@oauth-lab/course/told-error.ts'
import type { Child } from './bench/lib/child.ts'
import type { ProgramName } from './soak/inputs.ts'
import {
  Finding,
  fuzzParsers,
  fuzzProgram,
  type Statuses,
  sendSlowly,
} from './soak/send-hostile-input.ts'
import {
  type SoakedPrograms,
  startPrograms,
  stopPrograms,
  type UsageOfBoth,
  usageAfter,
} from './soak/soaked-programs.ts'

const USUAL_COUNT = 1_000_000
/** The share of inputs that goes directly to the parsers and not over sockets. */
const SHARE_OF_PARSERS = 0.2
/** How much a program's heap may grow, once everything has expired, in bytes. */
const GROWTH = 16 * 1024 * 1024
const WARM_UP = 1_000
/** The programs that keep something. */
const KEEPERS = ['server', 'client'] as const
/** Requests that never end. */
const SLOW = [
  'GET / HTTP/1.1\r\nhost: x\r\nx: ',
  'POST /token HTTP/1.1\r\nhost: x\r\ncontent-length: 9999\r\n\r\n',
]

/** `npm run fuzz [count] [seed]` sends hostile input to the programs of every version. */
export async function main(args: string[]): Promise<number> {
  const [count = USUAL_COUNT, seed = Date.now() % 2 ** 31] = readArguments(args)
  await fuzz(count, seed)
  return 0
}

function readArguments(args: string[]): number[] {
  const numbers = args.map(Number)
  if (args.length > 2 || !numbers.every((number) => Number.isSafeInteger(number) && number > 0)) {
    throw wrongUsage('npm run fuzz needs a count of inputs and a seed: npm run fuzz 10000 42')
  }
  return numbers
}

async function fuzz(count: number, seed: number): Promise<void> {
  console.log(`${count.toLocaleString('en-US')} inputs, seed ${seed}`)
  const ofParsers = Math.ceil(count * SHARE_OF_PARSERS)
  fuzzParsers(ofParsers, seed)
  console.log(`parsers   ${ofParsers} inputs, no findings`)

  const versions = listVersions()
  const each = Math.ceil((count - ofParsers) / versions.length / KEEPERS.length)
  // One after the other: all programs at once would take too long to start.
  for (const [index, version] of versions.entries()) await fuzzVersion(version, each, seed + index)
}

async function fuzzVersion(version: Version, each: number, seed: number): Promise<void> {
  const programs = await startPrograms(version, { CODE_TTL: '60', SESSION_TTL: '60' })
  try {
    const { api } = programs
    for (const name of KEEPERS) await fuzzProgram(programs[name].origin, WARM_UP, seed, name)
    const before = await usageAtRest(programs)
    await Promise.all([
      ...KEEPERS.map((name) => fuzzOne(version, name, programs[name], each, seed)),
      api && fuzzOne(version, 'api', api, each, seed),
    ])
    await refuseGrowth(programs, before)
  } finally {
    await stopPrograms(programs)
  }
}

async function fuzzOne(
  version: Version,
  name: ProgramName,
  { origin }: Child,
  count: number,
  seed: number,
): Promise<void> {
  const [statuses] = await Promise.all([
    fuzzProgram(origin, count, seed + WARM_UP, name),
    ...SLOW.map((head) => sendSlowly(origin, head)),
  ])
  console.log(`${version.name} ${name}  ${count} inputs, no findings  ${summary(statuses)}`)
}

/** The usage of both programs once all their entries have expired. */
const usageAtRest = (programs: SoakedPrograms) => usageAfter(programs, 100_000)

async function refuseGrowth(programs: SoakedPrograms, before: UsageOfBoth): Promise<void> {
  const after = await usageAtRest(programs)
  for (const name of KEEPERS) {
    const growth = after[name].heap - before[name].heap
    if (growth > GROWTH) throw new Finding(`the heap of the ${name} grew by ${growth} bytes`)
  }
}

function summary(statuses: Statuses): string {
  const sorted = [...statuses].toSorted(([one], [other]) => one - other)
  return sorted.map(([status, count]) => `${status}: ${count}`).join('  ')
}
