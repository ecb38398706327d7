import { setTimeout as sleep } from 'node:timers/promises'
import { Child } from './child.ts'
import { keepBusy, measure, type Work, wholeFlow } from './load.ts'
import { tokensOf } from './refusals.ts'
import type { Target } from './targets.ts'

const MEBIBYTE = 1024 * 1024
/** The number of simultaneous logins while a server is filled. */
const USERS = 32
/** An hour, so that nothing expires while a server is filled. */
const TTL = 3600
/** How long a server may take until it removes expired entries, in milliseconds. */
export const SWEEP = 11_000

/**
 * Fills a server with token responses, and lets all of them expire.
 *
 * @param by how to get a response: a login or a refresh
 * @param responses how many
 * @returns what is alive on the heap, in MiB: at the start, more for each 100,000 live token responses, and once all
 *   of them have expired
 * @throws if one response is wrong
 */
export async function measureHeap(target: Target, by: Work, responses: number) {
  const child = await startForMemory(target)
  try {
    await fill(target, child, by, 200)
    const atStart = (await child.usage()).heap
    await fill(target, child, by, responses)
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

/** Whole flows and memory, in MiB, of one server, as the number of its live tokens grows. */
export async function measureGrowth(target: Target, steps: number[]) {
  const child = await startForMemory(target)
  const figures: { tokens: number; flowsPerCpuSecond: number; heap: number }[] = []
  const tokensOfLogin = target.refreshes ? 2 : 1
  let filled = 0
  try {
    await measure(target, child, wholeFlow, 2000)
    for (const tokens of steps) {
      await fill(target, child, login, tokens / tokensOfLogin - filled)
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
async function fill(target: Target, child: Child, by: Work, responses: number): Promise<void> {
  let left = responses
  await keepBusy(target, child, by, USERS, async () => () => left-- > 0)
}

/** Logs in for each response. */
export const login: Work = async (user, target) => {
  // oidc-provider accepts no password from a user who hasn't opened its form.
  const formShown = target.endpoints.authorize !== '/authorize'
  return async () => {
    tokensOf(target, await user.redeem(await user.logIn({}, 'password0', formShown)))
  }
}
