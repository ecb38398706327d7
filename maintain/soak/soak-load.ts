import { basic } from '@oauth-lab/shared/testing/lab.ts'
import type { Usage } from '../bench/lib/probe.ts'
import type { Pair } from './soaked-pair.ts'
import { expectStatus, Visitor } from './visitor.ts'

const MEBIBYTE = 1024 * 1024

/** What a part of the soak did. */
export interface Outcome {
  done: number
  errors: string[]
  /** Milliseconds. */
  duration: number
}

/** Does something many times, some at once, and goes on after an error. */
export async function repeat(
  lanes: number,
  isOver: (done: number) => boolean,
  work: (lane: number) => Promise<void>,
): Promise<Outcome> {
  const from = performance.now()
  const outcome: Outcome = { done: 0, errors: [], duration: 0 }
  const run = async (lane: number) => {
    while (!isOver(outcome.done)) {
      outcome.done += 1
      await work(lane).catch((error: Error) => outcome.errors.push(error.message))
    }
  }
  await Promise.all(Array.from({ length: lanes }, (_, lane) => run(lane)))
  return { ...outcome, duration: performance.now() - from }
}

/** Everybody logs in at the same moment, and each ends at a page with the right name. */
export function logInAtOnce({ client }: Pair, count: number): Promise<Outcome> {
  return repeat(
    count,
    (done) => done >= count,
    async () => {
      const visitor = new Visitor()
      expectStatus(await visitor.logIn(client.origin), 200)
      await visitor.expectLoggedIn(client.origin)
    },
  )
}

/**
 * What people and attackers do all day, in turn: whole logins with a logout and without, logins that
 * are never ended, wrong passwords, wrong states, made-up codes and tokens, pages that are not there.
 */
export function mixTraffic({ server, client }: Pair, milliseconds: number): Promise<Outcome> {
  const until = performance.now() + milliseconds
  const wrong = basic('lab-client', 'wrong-secret')
  const kinds: (() => Promise<void>)[] = [
    async () => {
      const visitor = new Visitor()
      await visitor.logIn(client.origin)
      await visitor.expectLoggedIn(client.origin)
      await visitor.logOut(client.origin)
    },
    async () => {
      const visitor = new Visitor()
      await visitor.logIn(client.origin)
      for (let time = 0; time < 5; time += 1) await visitor.expectLoggedIn(client.origin)
    },
    async () => {
      const visitor = new Visitor()
      const { location = '' } = await visitor.open(`${client.origin}/login`)
      const form = { username: 'user0', password: 'wrong' }
      expectStatus(await visitor.open(location, form), 401)
      expectStatus(await visitor.open(`${client.origin}/callback?code=x&state=x`), 400)
    },
    async () => {
      const visitor = new Visitor()
      const form = { grant_type: 'authorization_code', code: 'x', authorization: wrong }
      expectStatus(await visitor.open(`${server.origin}/token`, form), 401)
      expectStatus(await visitor.open(`${server.origin}/api/me`), 401)
      expectStatus(await visitor.open(`${server.origin}/nothing`), 404)
    },
  ]
  let turn = 0
  return repeat(
    16,
    () => performance.now() >= until,
    () => {
      turn += 1
      return kinds[turn % kinds.length]?.() ?? Promise.resolve()
    },
  )
}

/** Begins logins that nobody ends, each in a browser of its own: a session in the client. */
export function floodClient({ client }: Pair, count: number): Promise<Outcome> {
  return repeat(
    32,
    (done) => done >= count,
    async () => {
      expectStatus(await new Visitor().open(`${client.origin}/login`), 302)
    },
  )
}

/** Enters passwords for logins whose code nobody redeems: a code in the server. */
export function floodServer({ server, client }: Pair, count: number): Promise<Outcome> {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: 'lab-client',
    redirect_uri: `${client.origin}/callback`,
    state: 'x',
    code_challenge: 'x'.repeat(43),
    code_challenge_method: 'S256',
  })
  const url = `${server.origin}/authorize?${query}`
  const form = { username: 'user0', password: 'password0' }
  return repeat(
    32,
    (done) => done >= count,
    async () => {
      expectStatus(await new Visitor().open(url, form), 303)
    },
  )
}

/**
 * How long a login takes with a user whom nobody knows, for each time that it takes with a wrong
 * password: 1 tells nothing of who is a user. The two are tried in turn, and the medians compared.
 */
export async function compareLogins(pair: Pair, times: number): Promise<number> {
  const { location = '' } = await new Visitor().open(`${pair.client.origin}/login`)
  const visitor = new Visitor()
  const durations = { user0: [] as number[], nobody: [] as number[] }
  for (let time = 0; time < times; time += 1) {
    // In turn the first and the second, so that neither is always the one after a pause.
    const names = time % 2 === 0 ? (['user0', 'nobody'] as const) : (['nobody', 'user0'] as const)
    for (const username of names) {
      const from = performance.now()
      expectStatus(await visitor.open(location, { username, password: 'wrong' }), 401)
      durations[username].push(performance.now() - from)
    }
  }
  return median(durations.nobody) / median(durations.user0)
}

/** What both programs use, on one line. */
export function tellUsage({ server, client }: { server: Usage; client: Usage }): string {
  const one = (name: string, { heap, rss, descriptors }: Usage) =>
    `${name} heap ${mebibytes(heap)}, rss ${mebibytes(rss)}, ${descriptors} descriptors`
  return `${one('server', server)}; ${one('client', client)}`
}

export function mebibytes(bytes: number): string {
  return `${(bytes / MEBIBYTE).toFixed(1)} MiB`
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
