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

/** How long the programs may take to end, in milliseconds: their slowest request, and a little. */
const LONGEST_END = 15_000
/** For how many milliseconds a signal and what it did may arrive in the wrong order. */
export const SIGNAL_DELAY = 200
/** For how long nothing is read from a program that has just written something, in milliseconds. */
const OUTPUT_PAUSE = 10
const END_WITH_PARENT = new URL('./end-with-parent.mjs', import.meta.url).href

/** What there is to run. */
export interface RunSpec {
  version: Version
  addresses: Addresses
  /** Added to the environment that this process has. */
  settings?: Record<string, string>
  /** Modules that each program loads before its own, as URLs. */
  preload?: string[]
  /** Takes what the programs write. Without it they write to the terminal. */
  onOutput?: (text: string, name: ProgramName) => void
  /** Takes what a preloaded module says with `process.send`. */
  onMessage?: (message: unknown, name: ProgramName) => void
}

/** Programs that were started together. */
export interface RunningPrograms {
  /** Resolves to true when all of them answer, and to false when one ended before. */
  readonly ready: Promise<boolean>
  /** How the first of them ended. The others are left running. */
  readonly firstEnd: Promise<Ended>
  /** Says something to the modules that were preloaded into a program. */
  tell(name: ProgramName, message: object): void
  /** Lets all of them answer what is under way, and end. Nothing is left running when it resolves. */
  stop(): Promise<void>
}

/** How a program ended: with a status, or by a signal, which is the reason where it never began. */
export interface Ended {
  name: ProgramName
  status: number | null
  signal: string | null
}

interface RunningProgram {
  name: ProgramName
  process: ChildProcess
  ended: Promise<Ended>
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
      const { process } = programs.find((program) => program.name === name) ?? {}
      // A program that is just ending can't receive it, and doesn't need it.
      if (process?.connected) process.send(message, () => undefined)
    },
    stop: () => {
      abort.abort()
      return stop(programs)
    },
  }
}

/**
 * Runs the programs of a version until a signal comes, or until one of them dies: then the others
 * are stopped, too. Nothing is left running when it returns.
 *
 * @param onReady called once, when all of them answer
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
  console.error(obituary(dead, await ready))
  return dead.status || 1
}

/**
 * Runs the programs of a version until a signal comes, and starts all of them anew each time that a file of theirs
 * or of `shared/` changes: what one forgets in a restart, the others should not keep. A program that dies is
 * started again with the next change.
 *
 * @param onReady called once, when all of them answer for the first time
 * @returns the exit status, of a signal
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
    console.error(`${obituary(dead, await ready)} Save a file to start them again.`)
  }
  await watchFolders([spec.version.folder, join(ROOT, 'shared')], run, stopSignal())
  return 0
}

function startProgram(name: ProgramName, spec: RunSpec): RunningProgram {
  const { version, addresses, settings, preload = [], onOutput, onMessage } = spec
  const output = onOutput === undefined ? 'inherit' : 'pipe'
  const child = startNode({
    main: `${name}/main.ts`,
    preload: [END_WITH_PARENT, ...preload],
    folder: version.folder,
    settings: { ...settingsOf(addresses), ...settings },
    stdio: ['ignore', output, output, 'ipc'],
  })
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      onOutput?.(text, name)
      // A program that writes without end has to wait: there are others to serve.
      stream.pause()
      setTimeout(() => stream.resume(), OUTPUT_PAUSE)
    })
  }
  // Also when nobody wants to know: Node keeps messages for as long as nobody listens.
  child.on('message', (message) => onMessage?.(message, name))
  const ended = new Promise<Ended>((resolve) => {
    child.once('exit', (status, signal) => resolve({ name, status, signal }))
    // It can't be started at all, as when its folder was deleted the moment before.
    child.on('error', ({ message }) => resolve({ name, status: null, signal: message }))
  })
  return { name, process: child, ended: ended.then((end) => afterLastWords(child, end)) }
}

/** What a program wrote last may be read after the news of its end. */
async function afterLastWords({ stdout, stderr }: ChildProcess, ended: Ended): Promise<Ended> {
  const closed = [stdout, stderr].map((stream) => stream && finished(stream))
  await Promise.race([Promise.allSettled(closed), sleep(SIGNAL_DELAY)])
  return ended
}

/** Resolves to false when it is aborted before. */
async function untilAllAnswer(
  programs: RunningProgram[],
  ports: Record<ProgramName, number>,
  signal: AbortSignal,
): Promise<boolean> {
  for (const { name } of programs) {
    await untilAnswers(ports[name], signal, ({ program }) => program?.endsWith(` ${name}`))
  }
  return !signal.aborted
}

async function stop(programs: RunningProgram[]): Promise<void> {
  for (const { process } of programs) {
    if (process.connected) process.disconnect()
  }
  const force = setTimeout(() => {
    for (const { process } of programs) process.kill('SIGKILL')
  }, LONGEST_END)
  await Promise.all(programs.map((program) => program.ended))
  clearTimeout(force)
}

/** What is said of a program's death. */
export function obituary({ name, status, signal }: Ended, wasReady: boolean): string {
  const how = signal ?? `exit status ${status}`
  const title = titleOfProgram(name)
  if (!wasReady) return `The ${title} didn't start (${how}).`
  return `The ${title} died (${how}), so the other programs were stopped too.`
}
