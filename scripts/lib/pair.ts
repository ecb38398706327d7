import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { ROOT, type Version } from './versions.ts'
import { whoAnswers } from './who-answers.ts'

const PROGRAMS = ['server', 'client'] as const
type ProgramName = (typeof PROGRAMS)[number]

/** How long the programs may take to end, in milliseconds: their slowest request, and a little. */
const LONGEST_END = 15_000
/** For how many milliseconds a signal and what it did may arrive in the wrong order. */
const SIGNAL_DELAY = 200
/** How often to see whether npm is still there, in milliseconds. */
const PARENT_CHECK = 250
const LIFELINE = ['--import', pathToFileURL(join(import.meta.dirname, 'lifeline.mjs')).href]

/** What there is to run. */
export interface PairOptions {
  version: Version
  ports: Record<ProgramName, number>
  /** Whether to restart the programs when a file changes. */
  watch: boolean
  /** Called once, when both answer. */
  onReady: () => void
}

interface RunningProgram {
  name: ProgramName
  process: ChildProcess
  ended: Promise<Ended>
}

interface Ended {
  name: ProgramName
  status: number | null
  signal: string | null
}

/**
 * Runs server and client of a version until a signal comes, or until one of them dies: then the other
 * one is stopped too. Nothing is left running when it returns.
 *
 * @returns the exit status: 0 after a signal
 */
export async function runPair(options: PairOptions): Promise<number> {
  const signal = stopSignal()
  const programs = PROGRAMS.map((name) => startProgram(name, options))
  const firstEnd = Promise.race(programs.map(({ ended }) => ended))

  const abort = new AbortController()
  const ready = untilBothAnswer(options.ports, abort).then((both) => {
    if (both) options.onReady()
    return both
  })
  const dead = await Promise.race([signal, firstEnd.then(unlessSignaled)])
  abort.abort()
  const [wasReady] = await Promise.all([ready, stop(programs)])

  if (dead === undefined) return 0
  console.error(obituary(dead, wasReady))
  return dead.status || 1

  /** A Ctrl-C ends the programs too, and the news of that may come before the signal does. */
  async function unlessSignaled(ended: Ended): Promise<Ended | undefined> {
    return Promise.race([signal, sleep(SIGNAL_DELAY, ended)])
  }
}

/** Resolves at the first signal to stop. Further ones are taken without effect: npm hands them on. */
function stopSignal(): Promise<undefined> {
  const { ppid } = process
  return new Promise((resolve) => {
    const stop = () => resolve(undefined)
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
    if (process.env.npm_lifecycle_event === undefined) return
    // npm runs this in a shell, which a SIGTERM ends at once without handing it on.
    setInterval(() => process.ppid !== ppid && stop(), PARENT_CHECK).unref()
  })
}

function startProgram(name: ProgramName, { version, watch }: PairOptions): RunningProgram {
  const child = spawn(process.execPath, watch ? watchArguments(name) : programArguments(name), {
    cwd: version.folder,
    // A copy of a version may stand where its tsconfig.json can't find the one that it extends.
    env: { ...process.env, TSX_TSCONFIG_PATH: join(ROOT, 'tsconfig.base.json') },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const ended = new Promise<Ended>((resolve) => {
    child.once('exit', (status, signal) => resolve({ name, status, signal }))
  })
  return { name, process: child, ended }
}

function programArguments(name: ProgramName): string[] {
  return [...LIFELINE, '--import', import.meta.resolve('tsx'), `${name}/main.ts`]
}

/** Each program watches the files of both: what one forgets in a restart, the other should not keep. */
function watchArguments(name: ProgramName): string[] {
  const shared = join(ROOT, 'shared').replaceAll('\\', '/')
  const files = [
    'protocol.ts',
    '{server,client}/**/*.{ts,eta}',
    `${shared}/*.{ts,css}`,
    `${shared}/views/*.eta`,
  ]
  const watch = ['watch', '--clear-screen=false', ...files.map((file) => `--include=${file}`)]
  const tsx = fileURLToPath(import.meta.resolve('tsx/cli'))
  return [...LIFELINE, tsx, ...watch, ...LIFELINE, `${name}/main.ts`]
}

/** Resolves to false when it is aborted before. */
async function untilBothAnswer(
  ports: PairOptions['ports'],
  { signal }: { signal: AbortSignal },
): Promise<boolean> {
  for (const name of PROGRAMS) {
    while (!(await whoAnswers(ports[name]))?.program?.endsWith(` ${name}`)) {
      if (signal.aborted) return false
      await sleep(20)
    }
  }
  return !signal.aborted
}

async function stop(programs: RunningProgram[]): Promise<void> {
  const ended = Promise.all(programs.map((program) => program.ended))
  // A Ctrl-C has reached the programs already. To be told twice makes `tsx watch` kill its program.
  await Promise.race([ended, sleep(SIGNAL_DELAY)])
  for (const { process } of programs) {
    if (process.connected) process.disconnect()
  }
  const force = setTimeout(() => {
    for (const { process } of programs) process.kill('SIGKILL')
  }, LONGEST_END)
  await ended
  clearTimeout(force)
}

function obituary({ name, status, signal }: Ended, wasReady: boolean): string {
  const how = signal ?? `exit status ${status}`
  if (!wasReady) return `The ${name} did not start (${how}).`
  const other = PROGRAMS.find((program) => program !== name)
  return `The ${name} died (${how}), so the ${other} was stopped, too.`
}
