import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { watchFolders } from '../exercises/watch.ts'
import {
  type Addresses,
  type ProgramName,
  portsOf,
  programsOf,
  settingsOf,
  titleOfProgram,
} from './programs.ts'
import { stopSignal } from './stop-signal.ts'
import { startNode } from './typescript.ts'
import { ROOT, type Version } from './versions.ts'
import { untilAnswers } from './who-answers.ts'

/** How long the programs may take to end, in milliseconds: a bit longer than their slowest request. */
const LONGEST_END = 15_000
/** The same for a program that serves nobody. Its loop may be endless, so that it hears nothing. */
const LONGEST_CLEANUP = 2_000
/** How far apart a signal and its effect may arrive in the wrong order, in milliseconds. */
export const SIGNAL_DELAY = 200
/** How long to wait between two reads of a program's output, in milliseconds. */
const OUTPUT_PAUSE = 10
const END_WITH_PARENT = new URL('./end-with-parent.mjs', import.meta.url).href
const END_BY_ITSELF = new URL('./end-by-itself.mjs', import.meta.url).href

/** What to run. */
export interface RunSpec {
  version: Version
  addresses: Addresses
  /** Added to the environment of this process. */
  settings?: Record<string, string>
  /** The arguments of each program. */
  args?: string[]
  /** Modules that each program loads before its own, as URLs. */
  preload?: string[]
  /** Gets what the programs write. Without it they write to the terminal. */
  onOutput?: (text: string, name: string) => void
  /** Gets what a preloaded module sends with `process.send`. */
  onMessage?: (message: unknown, name: string) => void
}

/** Programs that were started together. */
export interface RunningPrograms {
  /** Resolves to true when all of them respond, or to false if one ended before. */
  readonly ready: Promise<boolean>
  /** How the first of them ended. The others are left running. */
  readonly firstEnd: Promise<Ended>
  /** Sends a message to the modules that were preloaded into a program. */
  tell(name: ProgramName, message: object): void
  /** Ends all of them, after they respond to the current requests. Nothing is left running afterwards. */
  stop(): Promise<void>
}

/** How a program ended: with a status or by a signal. For one that couldn't start, `signal` is the reason. */
export interface Ended {
  name: string
  status: number | null
  signal: string | null
}

interface RunningProgram<Name extends string = string> {
  name: Name
  process: ChildProcess
  ended: Promise<Ended>
}

/** A program that runs and ends. */
export interface EndingProgram {
  readonly ended: Promise<Ended>
  tell(message: object): void
  stop(): Promise<void>
}

/** Starts a program of a version that runs and ends, as a child that ends when this process does at the latest. */
export function startEnding(name: string, spec: RunSpec): EndingProgram {
  const program = startProgram(name, { ...spec, preload: [...(spec.preload ?? []), END_BY_ITSELF] })
  return {
    ended: program.ended,
    tell: (message) => tell(program, message),
    stop: () => stop([program], LONGEST_CLEANUP),
  }
}

/** Starts the programs of a version that listen, as children that end when this process does. */
export function startPrograms(spec: RunSpec): RunningPrograms {
  const programs = programsOf(spec.version).listening.map((name) => startProgram(name, spec))
  const firstEnd = Promise.race(programs.map(({ ended }) => ended))
  const abort = new AbortController()
  firstEnd.then(() => abort.abort())
  return {
    firstEnd,
    ready: untilAllAnswer(programs, portsOf(spec.addresses), abort.signal),
    tell: (name, message) => {
      const program = programs.find((one) => one.name === name)
      if (program !== undefined) tell(program, message)
    },
    stop: () => {
      abort.abort()
      return stop(programs, LONGEST_END)
    },
  }
}

/**
 * Runs the programs of a version until a signal arrives. If one of them dies, it stops the others, too.
 * Nothing is left running when it returns.
 *
 * @param onReady called once, when all of them respond
 * @returns the exit status: 0 after a signal
 */
export async function runPrograms(spec: RunSpec, onReady: () => void): Promise<number> {
  const signal = stopSignal()
  const programs = startPrograms(spec)
  const ready = programs.ready.then((all) => {
    if (all) onReady()
    return all
  })
  // A Ctrl-C ends the programs too, and the news of that may come before the signal does.
  const unlessSignaled = (ended: Ended) => Promise.race([signal, sleep(SIGNAL_DELAY, ended)])
  const dead = await Promise.race([signal, programs.firstEnd.then(unlessSignaled)])
  await programs.stop()

  if (dead === undefined) return 0
  console.error(describeDeath(dead, await ready))
  return dead.status || 1
}

/**
 * Runs the programs of a version until a signal arrives. It restarts all of them each time one of their files
 * or of `shared/` changes: if one loses its memory, the others shouldn't keep theirs. A program that dies
 * starts again with the next change.
 *
 * @param onReady called once, when all of them respond for the first time
 * @returns the exit status after a signal
 */
export async function watchPrograms(spec: RunSpec, onReady: () => void): Promise<number> {
  let isFirst = true
  const run = async (changed: AbortSignal) => {
    const programs = startPrograms(spec)
    const ready = programs.ready.then((all) => {
      if (all && isFirst) onReady()
      else if (all) console.log('A file changed. The programs have restarted.')
      if (all) isFirst = false
      return all
    })
    const dead = await Promise.race([
      programs.firstEnd,
      once(changed, 'abort').then(() => undefined),
    ])
    // A Ctrl-C ends the programs too, and the news of that may come before the signal does.
    if (dead !== undefined) await sleep(SIGNAL_DELAY)
    await programs.stop()
    if (dead === undefined || changed.aborted) return
    console.error(`${describeDeath(dead, await ready)} Save a file to start them again.`)
  }
  await watchFolders([spec.version.folder, join(ROOT, 'shared')], run, stopSignal())
  return 0
}

function startProgram<Name extends string>(name: Name, spec: RunSpec): RunningProgram<Name> {
  const { version, addresses, settings, args, preload = [], onOutput, onMessage } = spec
  const output = onOutput === undefined ? 'inherit' : 'pipe'
  const child = startNode({
    main: `${name}/main.ts`,
    args,
    preload: [END_WITH_PARENT, ...preload],
    folder: version.folder,
    settings: { ...settingsOf(addresses), ...settings },
    stdio: ['ignore', output, output, 'ipc'],
  })
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      onOutput?.(text, name)
      // A program that writes without end has to wait, so the others are served too.
      stream.pause()
      setTimeout(() => stream.resume(), OUTPUT_PAUSE)
    })
  }
  // Even without onMessage: Node keeps messages until something listens.
  child.on('message', (message) => onMessage?.(message, name))
  const ended = new Promise<Ended>((resolve) => {
    child.once('exit', (status, signal) => resolve({ name, status, signal }))
    // It can't start, for example because its folder was deleted a moment ago.
    child.on('error', ({ message }) => resolve({ name, status: null, signal: message }))
  })
  return { name, process: child, ended: ended.then((end) => afterLastOutput(child, end)) }
}

/** Waits for a program's last output, which may arrive after the news of its end. */
async function afterLastOutput({ stdout, stderr }: ChildProcess, ended: Ended): Promise<Ended> {
  const closed = [stdout, stderr].map((stream) => stream && finished(stream))
  await Promise.race([Promise.allSettled(closed), sleep(SIGNAL_DELAY)])
  return ended
}

/** Resolves to false if it is aborted first. */
async function untilAllAnswer(
  programs: RunningProgram<ProgramName>[],
  ports: Record<ProgramName, number>,
  signal: AbortSignal,
): Promise<boolean> {
  for (const { name } of programs) {
    await untilAnswers(ports[name], signal, ({ program }) => program?.endsWith(` ${name}`))
  }
  return !signal.aborted
}

function tell({ process }: RunningProgram, message: object): void {
  // A program that is just ending can't receive it, and doesn't need it.
  if (process.connected) process.send(message, () => undefined)
}

async function stop(programs: RunningProgram[], longest: number): Promise<void> {
  for (const { process } of programs) {
    if (process.connected) process.disconnect()
  }
  const force = setTimeout(() => {
    for (const { process } of programs) process.kill('SIGKILL')
  }, longest)
  await Promise.all(programs.map((program) => program.ended))
  clearTimeout(force)
}

/** The message about a program that died. */
export function describeDeath({ name, status, signal }: Ended, wasReady: boolean): string {
  const how = signal ?? `exit status ${status}`
  const title = titleOfProgram(name)
  if (!wasReady) return `The ${title} didn't start (${how}).`
  return `The ${title} died (${how}), so the other programs were stopped too.`
}
