import { setTimeout as sleep } from 'node:timers/promises'
import { readOptions } from '@oauth-lab/course/command-line.ts'
import { listVersions } from '@oauth-lab/course/programs/versions.ts'
import { ToldError } from '@oauth-lab/course/told-error.ts'
import type { Usage } from './bench/lib/probe.ts'
import {
  compareLogins,
  floodClient,
  floodRefreshes,
  floodServer,
  logInAtOnce,
  mebibytes,
  mixTraffic,
  type Outcome,
  tellUsage,
} from './soak/soak-load.ts'
import {
  type SoakedPrograms,
  startPrograms,
  stopPrograms,
  type UsageOfBoth,
  usageAfter,
  usageOf,
} from './soak/soaked-programs.ts'
import { Visitor } from './soak/visitor.ts'

/** So short that most entries expire during the traffic. A login outlasts all floods, which take hours on a busy machine. */
const SETTINGS = {
  CODE_TTL: '20',
  ACCESS_TOKEN_TTL: '10',
  REFRESH_TOKEN_TTL: '86400',
  SESSION_TTL: '60',
}
/** How much a program's heap may grow from start to end, once everything has expired, in bytes. */
const GROWTH = 8 * 1024 * 1024
/** The largest heap allowed during a flood, in bytes. */
const MOST = 512 * 1024 * 1024
/** The allowed deviation of the login times' ratio from 1. */
const TIMING = 0.1
const LOGINS_AT_ONCE = 200

/**
 * `npm run soak [-- --quick]` puts the newest version under load and looks for errors and growth.
 *
 * @returns the exit status: 1 for any error, and for growth
 */
export async function main(args: string[]): Promise<number> {
  const { quick } = readOptions(args, { quick: { type: 'boolean' } } as const, {
    example: 'npm run soak -- --quick',
    hint: 'npm run soak accepts --quick.',
  })
  return quick ? soak(0.25, 20_000) : soak(10, 1_000_000)
}

async function soak(minutes: number, flood: number): Promise<number> {
  const version = listVersions().at(-1)
  if (version === undefined) throw new ToldError('There is no version in versions/.')
  const programs = await startPrograms(version, SETTINGS)
  const problems: string[] = []
  try {
    // A first run, so that code is compiled before the measurements.
    await logInAtOnce(programs, 500)
    const start = await afterExpiry(programs)
    console.log(`start: ${tellUsage(start)}`)

    tell(`${LOGINS_AT_ONCE} logins at once`, await logInAtOnce(programs, LOGINS_AT_ONCE), problems)
    tell('mixed traffic', await mixTraffic(programs, minutes * 60_000), problems)
    console.log(`then:  ${tellUsage(await usageOf(programs))}`)
    await floodPrograms(programs, flood, problems)
    await compareTiming(programs, problems)

    const end = await afterExpiry(programs)
    console.log(`end:   ${tellUsage(end)}`)
    problems.push(...growth('server', start.server, end.server))
    problems.push(...growth('client', start.client, end.client))
  } finally {
    await stopPrograms(programs)
  }
  for (const problem of problems.slice(0, 20)) console.error(problem)
  console.log(`${problems.length} problems`)
  return problems.length === 0 ? 0 : 1
}

/** Floods the programs in each way, one after the other, while a logged-in user keeps working. */
async function floodPrograms(
  programs: SoakedPrograms,
  count: number,
  problems: string[],
): Promise<void> {
  const worker = new Visitor(programs.driver)
  await worker.logIn()
  for (const [name, flood] of [
    ['half-finished logins at the client', floodClient],
    ['codes that are never redeemed', floodServer],
    ['refreshes of one login', floodRefreshes],
  ] as const) {
    const state = { over: false, done: 0, slowest: 0, most: 0 }
    const flooding = flood(programs, count).finally(() => {
      state.over = true
    })
    while (!state.over) {
      const from = performance.now()
      await worker.expectLoggedIn().catch((error: Error) => {
        problems.push(`during the flood of ${name}: ${error.message}`)
      })
      state.slowest = Math.max(state.slowest, performance.now() - from)
      state.done += 1
      const { server, client } = await usageOf(programs)
      state.most = Math.max(state.most, server.heap, client.heap)
      await sleep(500)
    }
    tell(name, await flooding, problems)
    const slowest = `${state.slowest.toFixed(0)} ms`
    console.log(
      `  meanwhile ${state.done} pages for another user, the slowest in ${slowest}, largest heap ${mebibytes(state.most)}`,
    )
    if (state.most > MOST)
      problems.push(`during the flood of ${name} the heap reached ${mebibytes(state.most)}`)
  }
}

async function compareTiming(programs: SoakedPrograms, problems: string[]): Promise<void> {
  const ratio = await compareLogins(programs, 2_000)
  console.log(`an unknown user takes ${ratio.toFixed(3)} times as long as a wrong password`)
  if (Math.abs(ratio - 1) > TIMING)
    problems.push(
      'a login with an unknown user takes a different time than one with a wrong password',
    )
}

function tell(name: string, { done, errors, duration }: Outcome, problems: string[]): void {
  const rate = `${((done / duration) * 1000).toFixed(0)} a second`
  console.log(`${name}: ${done.toLocaleString('en-US')} done, ${rate}, ${errors.length} errors`)
  problems.push(...errors.map((error) => `${name}: ${error}`))
}

/** The usage of both programs once all their entries have expired. Moves their clocks instead of waiting. */
function afterExpiry(programs: SoakedPrograms): Promise<UsageOfBoth> {
  return usageAfter(programs, Math.max(...Object.values(SETTINGS).map(Number)))
}

function growth(name: string, start: Usage, end: Usage): string[] {
  const problems: string[] = []
  if (end.heap - start.heap > GROWTH) {
    problems.push(`the heap of the ${name} grew by ${mebibytes(end.heap - start.heap)}`)
  }
  if (end.descriptors > start.descriptors) {
    problems.push(
      `the ${name} has ${end.descriptors - start.descriptors} more open descriptors than at the start`,
    )
  }
  return problems
}
