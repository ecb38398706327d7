import { Child } from './child.ts'
import { measure, wholeFlow } from './load.ts'
import { tokensOf } from './refusals.ts'
import type { Target } from './targets.ts'
import { User } from './user.ts'

const MEBIBYTE = 1024 * 1024
/** How many log in at once while a server is filled. */
const USERS = 32
/** An hour, so that nothing expires while a server is filled. */
const TTL = 3600
/** How long it may take until a server has looked for what has expired, in milliseconds. */
const SWEEP = 11_000

/** What is alive on the heap, in MiB. */
export interface HeapFigures {
  atStart: number
  /** For each 100,000 token responses that are alive. */
  perResponses: number
  /** When all of them have expired. */
  afterExpiry: number
}

/** What a number of live tokens does to a server. */
export interface GrowthFigures {
  tokens: number
  flowsPerCpuSecond: number
  /** In MiB. */
  heap: number
}

/**
 * Fills a server with token responses, and lets all of them expire.
 *
 * @param by how a response is got
 * @param responses how many
 * @throws when one answer is wrong
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
    await new Promise((resolve) => setTimeout(resolve, SWEEP))
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
  const lifetimes = { CODE_TTL: '60', ACCESS_TOKEN_TTL: ttl, REFRESH_TOKEN_TTL: ttl }
  return Child.start({ ...launch, env: { ...launch.env, ...lifetimes, UNBOUNDED: 'yes' } })
}

/** Makes a number of token responses. */
export type Fill = (target: Target, child: Child, responses: number) => Promise<void>

/** Each refreshes the one before, in a few logins. */
export const byRefreshes: Fill = async (target, child, responses) => {
  let left = responses
  const lane = async () => {
    const user = new User(child.origin, target.endpoints)
    let { refresh_token } = tokensOf(target, await user.redeem(await user.logIn()))
    while (left > 0) {
      left -= 1
      refresh_token = tokensOf(target, await user.refresh(refresh_token)).refresh_token
    }
    await user.close()
  }
  await Promise.all(Array.from({ length: USERS }, lane))
}

/** Each of a login of its own. */
export const byLogins: Fill = async (target, child, responses) => {
  let left = responses
  const lane = async () => {
    const user = new User(child.origin, target.endpoints)
    // oidc-provider takes no password from somebody who has not seen its form.
    const formShown = target.endpoints.authorize !== '/authorize'
    while (left > 0) {
      left -= 1
      tokensOf(target, await user.redeem(await user.logIn({}, 'password0', formShown)))
    }
    await user.close()
  }
  await Promise.all(Array.from({ length: USERS }, lane))
}
