import { ToldError } from '@oauth-lab/course/told-error.ts'
import type { Child } from './child.ts'
import { askWhoIsThere, logInWhole, revoke, tokensOf } from './refusals.ts'
import type { Target } from './targets.ts'
import { User } from './user.ts'

/** A kind of work: returns a function that does it once, for one user. */
export type Work = (user: User, target: Target) => Promise<() => Promise<void>>

/** The number of simultaneous users. Each waits for its response before the next request. */
const USERS = 16

/** The whole flow: authorize, log in, redeem the code, and request the resource if there is one. */
export const wholeFlow: Work = async (user, target) => async () => {
  await logInWhole(user, target)
}

/** One refresh, with the refresh token of the last response. */
export const refresh: Work = async (user, target) => {
  let { refresh_token } = await logInWhole(user, target)
  return async () => {
    const before = refresh_token
    refresh_token = tokensOf(target, await user.refresh(before)).refresh_token
    if (!target.isLimit && refresh_token === before)
      throw new ToldError(`${target.name} returned the same token`)
  }
}

/** The whole flow, and the end of the login that it started. RFC 7009 */
export const flowAndRevocation: Work = async (user, target) => async () => {
  await revoke(user, target, await logInWhole(user, target))
}

/** One request to the protected resource. */
export const resource: Work = async (user, target) => {
  const { access_token } = await logInWhole(user, target)
  return () => askWhoIsThere(user, target, access_token)
}

/**
 * Has some users do one kind of work at the same time, each as fast as it can.
 *
 * @param start called when all are ready. What it returns says whether to go on
 * @returns how often it was done
 * @throws if one response is wrong
 */
export async function keepBusy(
  target: Target,
  child: Child,
  work: Work,
  count: number,
  start: () => Promise<() => boolean>,
): Promise<number> {
  const users = Array.from({ length: count }, () => new User(child, target.endpoints))
  try {
    const steps = await Promise.all(users.map((user) => work(user, target)))
    const goesOn = await start()
    let done = 0
    const loop = async (step: () => Promise<void>) => {
      for (; goesOn(); done += 1) await step()
    }
    await Promise.all(steps.map(loop))
    return done
  } finally {
    await Promise.all(users.map((user) => user.close()))
  }
}

/**
 * Has 16 users do one kind of work for some time.
 *
 * @param duration milliseconds
 * @returns how often it was done per second of the program's processor time
 * @throws if one response is wrong
 */
export async function measure(
  target: Target,
  child: Child,
  work: Work,
  duration: number,
): Promise<number> {
  let cpuBefore = 0
  const done = await keepBusy(target, child, work, USERS, async () => {
    cpuBefore = await child.cpuTime()
    const until = performance.now() + duration
    return () => performance.now() < until
  })
  return done / ((await child.cpuTime()) - cpuBefore)
}

/** The value in the middle. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
