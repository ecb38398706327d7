import { setTimeout as sleep } from 'node:timers/promises'
import { Child } from './child.ts'
import { measure, wholeFlow } from './load.ts'
import { tokensOf } from './refusals.ts'
import type { Target } from './targets.ts'
import { User } from './user.ts'

const MEBIBYTE = 1024 * 1024
/** The number of simultaneous logins while a server is filled. */
const USERS = 32
/** An hour, so that nothing expires while a server is filled. */
const TTL = 3600
/** How long a server may take until it removes expired entries, in milliseconds. */
export const SWEEP = 11_000

/** What is alive on the heap, in MiB. */
export interface HeapFigures {
  atStart: number
  /** Per 100,000 live token responses. */
  perResponses: number
  /** Once all of them have expired. */
  afterExpiry: number
}

/** A server's speed and memory at a number of live tokens. */
export interface GrowthFigures {
  tokens: number
  flowsPerCpuSecond: number
  /** In MiB. */
  heap: number
}

/**
 * Fills a server with token responses, and lets all of them expire.
 *
 * @param by how to get a response
 * @param responses how many
 * @throws if one response is wrong
 */
export async function measureHeap(
  target: Target,
  by: Fill,
  responses: number,
): Promise<HeapFigures> {
  const child = await startForMemory(target)
  try {
    await by(target, child, 200)
    const atStart = (await child.usage()).heap
    await by(target, child, responses)
    const full = (await child.usage()).heap
    await child.advance(10 * TTL)
    await sleep(SWEEP)
    const afterExpiry = (await child.usage()).heap
    return {
      atStart: atStart / MEBIBYTE,
      perResponses: ((full - atStart) / MEBIBYTE / responses) * 100_000,
      afterExpiry: afterExpiry / MEBIBYTE,
    }
  } finally {
    await child.stop()
  }
}

/** Whole flows and memory of one server, as the number of its live tokens grows. */
export async function measureGrowth(target: Target, steps: number[]): Promise<GrowthFigures[]> {
  const child = await startForMemory(target)
  const figures: GrowthFigures[] = []
  const tokensOfLogin = target.refreshes ? 2 : 1
  let filled = 0
  try {
    await measure(target, child, wholeFlow, 2000)
    for (const tokens of steps) {
      await byLogins(target, child, tokens / tokensOfLogin - filled)
      filled = tokens / tokensOfLogin
      const heap = (await child.usage()).heap / MEBIBYTE
      const flowsPerCpuSecond = await measure(target, child, wholeFlow, SWEEP)
      figures.push({ tokens, flowsPerCpuSecond, heap })
    }
    return figures
  } finally {
    await child.stop()
  }
}

function startForMemory({ launch }: Target): Promise<Child> {
  const ttl = String(TTL)
  const lifetimes = {
    CODE_TTL: '60',
    ACCESS_TOKEN_TTL: ttl,
    REFRESH_TOKEN_TTL: ttl,
    SESSION_TTL: ttl,
  }
  return Child.start({ ...launch, env: { ...launch.env, ...lifetimes, UNBOUNDED: 'yes' } })
}

/** Makes a number of token responses. */
export type Fill = (target: Target, child: Child, responses: number) => Promise<void>

/** Refreshes again and again, in a few logins. */
export const byRefreshes: Fill = async (target, child, responses) => {
  let left = responses
  const lane = async () => {
    const user = new User(child, target.endpoints)
    let { refresh_token } = tokensOf(target, await user.redeem(await user.logIn()))
    while (left > 0) {
      left -= 1
      refresh_token = tokensOf(target, await user.refresh(refresh_token)).refresh_token
    }
    await user.close()
  }
  await Promise.all(Array.from({ length: USERS }, lane))
}

/** Logs in for each response. */
export const byLogins: Fill = async (target, child, responses) => {
  let left = responses
  const lane = async () => {
    const user = new User(child, target.endpoints)
    // oidc-provider accepts no password from a user who hasn't opened its form.
    const formShown = target.endpoints.authorize !== '/authorize'
    while (left > 0) {
      left -= 1
      tokensOf(target, await user.redeem(await user.logIn({}, 'password0', formShown)))
    }
    await user.close()
  }
  await Promise.all(Array.from({ length: USERS }, lane))
}
