import { basic, type JsonAnswer } from '@oauth-lab/shared/testing/driver.ts'
import { median } from '../bench/lib/load.ts'
import type { Usage } from '../bench/lib/probe.ts'
import type { SoakedPrograms } from './soaked-programs.ts'
import { expectStatus, Visitor } from './visitor.ts'

const MEBIBYTE = 1024 * 1024

/** The result of one part of the soak. */
export interface Outcome {
  done: number
  errors: string[]
  /** Milliseconds. */
  duration: number
}

/** Does something many times, some at once, and continues after an error. */
async function repeat(
  lanes: number,
  isOver: (done: number) => boolean,
  work: () => Promise<unknown>,
): Promise<Outcome> {
  const from = performance.now()
  const outcome: Outcome = { done: 0, errors: [], duration: 0 }
  const run = async () => {
    while (!isOver(outcome.done)) {
      outcome.done += 1
      await work().catch((error: Error) => outcome.errors.push(error.message))
    }
  }
  await Promise.all(Array.from({ length: lanes }, run))
  return { ...outcome, duration: performance.now() - from }
}

function atMost(count: number) {
  return (done: number) => done >= count
}

/** Logs in many users at the same moment. Each must end at a page with the right name. */
export function logInAtOnce({ driver }: SoakedPrograms, count: number): Promise<Outcome> {
  return repeat(count, atMost(count), async () => {
    const visitor = new Visitor(driver)
    await visitor.logIn()
    await visitor.expectLoggedIn()
  })
}

/**
 * A mix of what users and attackers do: complete logins with and without a logout, logins that are never
 * finished or canceled, wrong passwords, wrong states, made-up codes, tokens and consents, missing pages.
 */
export function mixTraffic({ driver }: SoakedPrograms, milliseconds: number): Promise<Outcome> {
  const until = performance.now() + milliseconds
  const wrong = basic('lab-client', 'wrong-secret')
  const kinds: (() => Promise<void>)[] = [
    async () => {
      const visitor = new Visitor(driver)
      await visitor.logIn()
      await visitor.expectLoggedIn()
      await visitor.logOut()
    },
    async () => {
      const visitor = new Visitor(driver)
      await visitor.logIn()
      for (let time = 0; time < 5; time += 1) await visitor.expectLoggedIn()
    },
    async () => {
      const visitor = new Visitor(driver)
      const url = await driver.beginLogin(visitor)
      expectStatus(await visitor.post(url, { username: 'user0', password: 'wrong' }), 401)
      expectStatus(await visitor.open(`${driver.redirectUri}?code=x&state=x`), 400)
    },
    async () => {
      const visitor = new Visitor(driver)
      const url = await driver.beginLogin(visitor)
      const canceled = await visitor.post(url, { decision: 'deny' })
      expectStatus(await visitor.follow(canceled), 400)
      const consent = url.replace('/authorize', '/consent')
      expectStatus(await visitor.post(consent, { consent: 'x', decision: 'allow' }), 400)
    },
    async () => {
      const visitor = new Visitor(driver)
      await visitor.logIn()
      await visitor.logOut()
      // The server still knows the user.
      await visitor.logIn()
      await visitor.expectLoggedIn()
      expectStatus(await visitor.post(`${driver.serverUrl}/logout`, {}), 303)
    },
    async () => {
      expectStatus(await driver.redeem('x', {}, { authorization: wrong }), 401)
      expectStatus(await driver.me(), 401)
      expectStatus(await driver.me('Bearer x'), 401)
      expectStatus(await driver.post('/introspect', { token: 'x' }), 200)
      expectStatus(await new Visitor(driver).open(`${driver.serverUrl}/nothing`), 404)
    },
  ]
  let turn = 0
  const isOver = () => performance.now() >= until
  return repeat(16, isOver, async () => kinds[turn++ % kinds.length]?.())
}

/** Starts logins that are never finished, each in a new browser: a session in the client. */
export function floodClient({ driver }: SoakedPrograms, count: number): Promise<Outcome> {
  return repeat(32, atMost(count), () => driver.beginLogin(new Visitor(driver)))
}

/** Enters passwords for logins whose code is never redeemed: a code in the server. */
export function floodServer({ driver }: SoakedPrograms, count: number): Promise<Outcome> {
  return repeat(32, atMost(count), () => driver.code())
}

/**
 * Refreshes one login many times. Then sends a refresh token that another user, the victim, used before. However many
 * tokens the server has issued since, it must still know that one, and end the victim's login. RFC 9700 section 4.14.2
 */
export async function floodRefreshes({ driver }: SoakedPrograms, count: number): Promise<Outcome> {
  const refresh = async (token: string) => refreshTokenIn(await driver.refresh(token))
  const logIn = async () => refreshTokenIn(await driver.redeem(await driver.code()))
  const from = performance.now()
  const outcome: Outcome = { done: 0, errors: [], duration: 0 }
  try {
    const used = await logIn()
    const current = await refresh(used)
    for (let token = await logIn(); outcome.done < count; outcome.done += 1) {
      token = await refresh(token)
    }
    const newest = await refresh(current)
    expectStatus(await driver.refresh(used), 400)
    expectStatus(await driver.refresh(newest), 400)
  } catch (error) {
    outcome.errors.push((error as Error).message)
  }
  return { ...outcome, duration: performance.now() - from }
}

/** @throws {Error} that says what came instead of tokens */
function refreshTokenIn(answer: JsonAnswer): string {
  return expectStatus(answer, 200).body.refresh_token as string
}

/**
 * The time of a login with an unknown user, divided by the time with a wrong password. At 1, the time
 * doesn't reveal who is a user. Tries the two in turn and compares the medians.
 */
export async function compareLogins({ driver }: SoakedPrograms, times: number): Promise<number> {
  const visitor = new Visitor(driver)
  const url = await driver.beginLogin(visitor)
  const durations = { user0: [] as number[], nobody: [] as number[] }
  for (let time = 0; time < times; time += 1) {
    // Swaps the order each time, so neither is always the one after a pause.
    const names = time % 2 === 0 ? (['user0', 'nobody'] as const) : (['nobody', 'user0'] as const)
    for (const username of names) {
      const from = performance.now()
      expectStatus(await visitor.post(url, { username, password: 'wrong' }), 401)
      durations[username].push(performance.now() - from)
    }
  }
  return median(durations.nobody) / median(durations.user0)
}

/** The usage of both programs, on one line. */
export function tellUsage({ server, client }: { server: Usage; client: Usage }): string {
  const one = (name: string, { heap, rss, descriptors }: Usage) =>
    `${name} heap ${mebibytes(heap)}, rss ${mebibytes(rss)}, ${descriptors} descriptors`
  return `${one('server', server)}; ${one('client', client)}`
}

export function mebibytes(bytes: number): string {
  return `${(bytes / MEBIBYTE).toFixed(1)} MiB`
}
