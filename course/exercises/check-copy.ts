import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { portOf } from '@oauth-lab/shared/config.ts'
import { freePort } from '@oauth-lab/shared/testing/ports.ts'
import type { ProgramName } from '../programs/programs.ts'
import { type Cast, NotYet, Stage, WORKER } from './check-stage.ts'
import { startCli as startCliIn } from './cli-run.ts'
import type { CopyProcess } from './copy-process.ts'
import {
  type ProgramSpec,
  type RunningProgram,
  type StartProgram,
  startProcess,
} from './copy-programs.ts'
import { within } from './patience.ts'
import { type Sentence, stageOf, type VersionChecks } from './sentence.ts'
import { StandInServer } from './stand-in.ts'
import { API } from './token-request-rules.ts'
import { type Trouble, TroubleError } from './trouble.ts'
import { startWorker as startWorkerIn } from './worker-run.ts'

/** The result of one check. */
export type Finding = { sentence: Sentence } & (
  | { status: 'done' }
  /** It fails: what was seen instead, and where to look. */
  | { status: 'open'; seen: string; place: string }
  /** It waits until these pass. */
  | { status: 'waiting'; for: Sentence[] }
)

/** The results of all checks on a copy. */
export type CheckResult =
  | { kind: 'findings'; findings: Finding[] }
  | { kind: 'trouble'; trouble: Trouble }

export interface CheckOptions {
  start?: StartProgram
  /** Aborts the run, whose results are then incomplete. */
  signal?: AbortSignal
}

/** The time limit of a run, in milliseconds, on an idle machine. */
const CHECK_LIMIT = 10_000
/** The same for a version with several APIs, or with a worker or a CLI, whose checks start it ten times and more. */
const LONG_CHECK_LIMIT = 25_000
/** How often to restart a program whose port was taken meanwhile. */
const TRIES = 3
/** Within how many milliseconds of each other failures count as simultaneous. */
const SAME_TIME = 300
const PORT_TAKEN = /EADDRINUSE|already in use/
const API_MAIN = 'api/main.ts'
/** The settings of a copy, all of them, so a .env file changes nothing. */
const SETTINGS = {
  WORKSHOP_URL: '',
  API_URL: '',
  CLIENT_ID: 'lab-client',
  CLIENT_SECRET: 'lab-client-secret',
  WORKER_ID: WORKER.id,
  WORKER_SECRET: WORKER.secret,
  API_ID: API.id,
  API_SECRET: API.secret,
  CODE_TTL: '60',
  ACCESS_TOKEN_TTL: '',
  REFRESH_TOKEN_TTL: '',
  SESSION_TTL: '',
  SESSION_SECRET: '',
}

/**
 * Starts a copy on free ports and runs all checks on it. Nothing is left running. If the copy doesn't
 * start, dies, hangs or takes too long, the result is a trouble in place of findings.
 */
export async function checkCopy(
  folder: string,
  checks: VersionChecks,
  options: CheckOptions = {},
): Promise<CheckResult> {
  const programs = new CheckedPrograms(folder, options)
  const isLong = ['worker', 'cli', 'new api'].some((stage) => runsOn(stage, checks))
  const limit = isLong ? LONG_CHECK_LIMIT : CHECK_LIMIT
  try {
    const findings = await within(limit, tryOutAll(programs, folder, checks))
    if (findings === undefined) throw new TroubleError(programs.explainSlowness())
    return { kind: 'findings', findings }
  } catch (error) {
    if (error instanceof TroubleError) return { kind: 'trouble', trouble: error.trouble }
    throw error
  } finally {
    await programs.stop()
  }
}

async function tryOutAll(
  programs: CheckedPrograms,
  folder: string,
  checks: VersionChecks,
): Promise<Finding[]> {
  const { sentences } = checks
  const { both, ...stages } = await programs.startAll(checks)
  const on = (stage: string) => sentences.filter((sentence) => stageOf(sentence) === stage)
  // One at a time within a lane, because a copy may keep one state for everyone.
  const lanes = await settle(
    Object.entries(stages).map(async ([name, stage]) => tryOut(on(name), stage)),
  )
  const seen = new Map([...lanes.flat(), ...(await tryOut(on('both'), both))])
  return conclude(folder, sentences, seen)
}

function runsOn(stage: string, { sentences }: VersionChecks): boolean {
  return sentences.some((sentence) => stageOf(sentence) === stage)
}

/** The ids of the checks that pass. */
export function doneIn(findings: Finding[]): string[] {
  return findings.filter(({ status }) => status === 'done').map(({ sentence }) => sentence.id)
}

/** Why each check fails, or undefined for those that pass. */
type Seen = [id: string, failure: NotYet | undefined]

async function tryOut(sentences: Sentence[], stage: Stage | undefined): Promise<Seen[]> {
  const all: Seen[] = []
  for (const { id, probe } of sentences) {
    if (stage === undefined) {
      all.push([id, new NotYet(`the copy has no API yet: there is no ${API_MAIN}`, API_MAIN)])
      continue
    }
    stage.reset()
    all.push([id, await tryOne(probe, stage)])
  }
  return all
}

async function tryOne(probe: Sentence['probe'], stage: Stage): Promise<NotYet | undefined> {
  try {
    await probe(stage)
    return undefined
  } catch (error) {
    if (error instanceof TroubleError) throw error
    const broken = await stage.explainBroken()
    if (broken !== undefined) return broken
    if (error instanceof NotYet) return error
    return new NotYet(`the response can't be read (${(error as Error).message})`)
  }
}

/**
 * The results of all of them. If several fail at about the same time, it throws the failure of the first
 * in the list: which one was quicker makes no difference, and nothing waits for slow ones.
 */
async function settle<T extends readonly unknown[]>(
  all: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const failures: unknown[] = []
  const watched = all.map((one, index) =>
    Promise.resolve(one).catch((error) => {
      failures[index] = error
    }),
  )
  try {
    return await Promise.all(all)
  } catch {
    await Promise.race([Promise.all(watched), sleep(SAME_TIME)])
    throw failures.find((error) => error !== undefined)
  }
}

function conclude(
  folder: string,
  sentences: Sentence[],
  failures: Map<string, NotYet | undefined>,
): Finding[] {
  const fails = sentences.filter(({ id }) => failures.get(id) !== undefined)
  const waitsFor = (sentence: Sentence, failure: NotYet): Sentence[] => {
    if (sentence.on === 'both') return fails.filter((other) => other !== sentence)
    const first = fails.find(({ id }) => hasSameCause(failures.get(id), failure)) ?? sentence
    if (first !== sentence) return [first]
    const needed = needsOf(sentence, sentences)
    return fails.filter(({ id }) => needed.has(id))
  }
  return sentences.map((sentence): Finding => {
    const failure = failures.get(sentence.id)
    if (failure === undefined) return { sentence, status: 'done' }
    const missing = waitsFor(sentence, failure)
    if (missing.length > 0) return { sentence, status: 'waiting', for: missing }
    const place = describePlace(folder, failure.file ?? sentence.file)
    return { sentence, status: 'open', seen: failure.message, place }
  })
}

/** The ids of what a check needs, and of what that needs in turn. */
function needsOf({ needs = [] }: Sentence, all: Sentence[], found = new Set<string>()) {
  for (const id of needs) {
    const sentence = all.find((one) => one.id === id)
    if (sentence !== undefined && !found.has(id)) needsOf(sentence, all, found.add(id))
  }
  return found
}

/** Whether both failed for the same reason outside of what they check, such as a failed login. */
function hasSameCause(one: NotYet | undefined, other: NotYet): boolean {
  return one?.file !== undefined && one.file === other.file && one.message === other.message
}

function describePlace(folder: string, file: string): string {
  const [path = file] = file.split(/:\d+$/)
  return existsSync(join(folder, path))
    ? file
    : `${file}, a new file, or wherever your copy does this`
}

/** Where the checks of each kind run. Undefined if the copy lacks the program. */
type Stages = Record<string, Stage | undefined>

class CheckedPrograms {
  readonly #folder: string
  readonly #start: StartProgram
  readonly #ends: (() => Promise<void>)[] = []
  #abort = new AbortController()
  #stopped = false
  #explainSlowness: () => Trouble = () => {
    return {
      program: 'server',
      message: 'The check took too long. Look for a loop or an await that never ends.',
      place: undefined,
    }
  }

  constructor(folder: string, { start = startProcess, signal }: CheckOptions) {
    this.#folder = folder
    this.#start = start
    if (signal?.aborted) this.#stopped = true
    signal?.addEventListener('abort', () => this.stop())
  }

  /** @throws {TroubleError} if a program doesn't start */
  async startAll(checks: VersionChecks, tries = TRIES): Promise<Stages> {
    try {
      return await this.#startOnce(checks)
    } catch (error) {
      const portTaken = PORT_TAKEN.test((error as Error).message)
      if (!portTaken || tries === 1) throw error
      await this.#endAll()
      return this.startAll(checks, tries - 1)
    }
  }

  explainSlowness(): Trouble {
    return this.#explainSlowness()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#endAll()
  }

  async #endAll(): Promise<void> {
    // Ends those that are still starting, too.
    this.#abort.abort()
    this.#abort = new AbortController()
    await Promise.all(this.#ends.splice(0).map((end) => end()))
  }

  async #startOnce(checks: VersionChecks): Promise<Stages> {
    const { short, scopes } = checks.settings ?? {}
    const at = async () => `http://localhost:${await freePort()}`
    const [serverUrl, shortUrl, clientUrl] = [await at(), await at(), await at()]
    const [apiUrl, testedUrl, newUrl] = [await at(), await at(), await at()]
    const redirectUri = `${clientUrl}/callback`
    const startStandIn = async (settings?: Parameters<typeof StandInServer.start>[1]) => {
      const started = await StandInServer.start(redirectUri, settings)
      this.#ends.push(() => started.close())
      return started
    }
    // In a version with an API, the client of an unfinished copy may still ask the server.
    const clientStandIn = await startStandIn({ scopes, hasApi: runsOn('api', checks) })
    const [apiStandIn, newStandIn] = [await startStandIn(), await startStandIn()]
    // The run may have been stopped meanwhile, and nothing would end what starts now.
    if (this.#stopped) await this.#endAll()

    const folder = this.#folder
    const urls = { AUTH_SERVER_URL: serverUrl, CLIENT_URL: clientUrl, API_URL: apiUrl }
    const run = (
      program: ProgramName,
      url: string,
      changes: Record<string, string> = {},
      stopClock = false,
    ) => {
      const settings = { ...SETTINGS, ...urls, ...changes }
      return this.#run({ program, folder, port: portOf(url), settings, stopClock })
    }
    const { standIn } = clientStandIn
    const [mainServer, mainClient, shortServer] = await settle([
      run('server', serverUrl),
      run('client', clientUrl, { AUTH_SERVER_URL: standIn.url, API_URL: standIn.apiUrl }),
      short && run('server', shortUrl, { ...short, AUTH_SERVER_URL: shortUrl }),
    ] as const)
    // An API that takes the port of another program fails only if that one is there before it.
    const hasApi = existsSync(join(folder, API_MAIN))
    const runApi = (stage: string, url: string, { standIn }: StandInServer) =>
      hasApi && runsOn(stage, checks)
        ? run('api', url, { AUTH_SERVER_URL: standIn.url, API_URL: url }, true)
        : undefined
    const [mainApi, testedApi, newApi] = await settle([
      hasApi ? run('api', apiUrl) : undefined,
      runApi('api', testedUrl, apiStandIn),
      runApi('new api', newUrl, newStandIn),
    ] as const)

    const startWorker: Cast['startWorker'] = (url, changes) =>
      this.#keep(startWorkerIn(folder, { ...SETTINGS, AUTH_SERVER_URL: url, ...changes }))
    const startCli: Cast['startCli'] = (args, changes) =>
      this.#keep(startCliIn(folder, args, { ...SETTINGS, ...changes }))
    const onRequest = (explainSlowness: () => Trouble) => {
      this.#explainSlowness = explainSlowness
    }
    const server = { url: serverUrl, running: mainServer }
    const [client, api] = [{ url: clientUrl }, { url: apiUrl }]
    const stage = (and: Partial<Cast> = {}) =>
      new Stage({ folder, server, client, api, startWorker, startCli, onRequest, ...and })
    const clientStage = stage({
      client: { ...client, running: mainClient },
      api: { url: apiUrl, running: mainApi },
      standIn: clientStandIn,
    })
    const ending = stage()
    return {
      server: stage(),
      'short server':
        shortServer &&
        stage({ server: { url: shortUrl, running: shortServer }, otherServerUrl: serverUrl }),
      client: clientStage,
      worker: ending,
      cli: ending,
      api: testedApi && stage({ api: { url: testedUrl, running: testedApi }, standIn: apiStandIn }),
      'new api': newApi && stage({ api: { url: newUrl, running: newApi }, standIn: newStandIn }),
      both: clientStage,
    }
  }

  /** Ends the process with all others. */
  #keep(process: CopyProcess): CopyProcess {
    this.#ends.push(() => process.end())
    if (this.#stopped) process.end()
    return process
  }

  async #run(spec: Omit<ProgramSpec, 'signal'>): Promise<RunningProgram> {
    if (this.#stopped) {
      const { program } = spec
      throw new TroubleError({ program, message: 'The check was stopped.', place: undefined })
    }
    const starting = this.#start({ ...spec, signal: this.#abort.signal })
    this.#ends.push(async () => {
      const running = await starting.catch(() => undefined)
      await running?.stop()
    })
    return starting
  }
}
