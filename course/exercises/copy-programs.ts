import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type ProgramName, settingOf, titleOfProgram } from '../programs/programs.ts'
import { untilAnswers } from '../programs/who-answers.ts'
import { CopyProcess } from './copy-process.ts'
import { patient } from './patience.ts'
import { explain, placeOfRoute, type Trouble, TroubleError } from './trouble.ts'

/** One program of a copy, and the settings to run it with. */
export interface ProgramSpec {
  program: ProgramName
  /** Absolute. */
  folder: string
  port: number
  settings: Record<string, string>
  /** Whether its clock stands still until a check says that time has passed. */
  stopClock?: boolean
  /** Stops it, even while it is starting. */
  signal: AbortSignal
}

/** A program that responds at its port. */
export interface RunningProgram {
  /** Resolves when the program dies, with the cause. */
  readonly died: Promise<Trouble>
  stderr(): string
  explainSilence(method: string, path: string): Trouble
  /** The message if the time for all requests ran out during this one. */
  explainSlowness(method: string, path: string): Trouble
  /** Makes a program whose clock stands still believe that this many milliseconds have passed. */
  passTime(milliseconds: number): Promise<void>
  stop(): Promise<void>
}

/** Starts a program and waits until it responds. */
export type StartProgram = (spec: ProgramSpec) => Promise<RunningProgram>

/** How long a program may take to respond for the first time, in milliseconds, on an idle machine. */
const START_LIMIT = 8_000
const MAIN_FILES = ['main.ts', 'main.js', 'main.mjs']
const WATCHDOG = new URL('./watchdog.mjs', import.meta.url).href
const CLOCK = new URL('./copy-clock.mjs', import.meta.url).href
/** What a program says about a port that it can't have. */
const PORT_TAKEN = /Port (\d+) is already in use|EADDRINUSE[^\n]*:(\d+)/

/**
 * Runs a program in its own process.
 *
 * @throws {TroubleError} if it doesn't start
 */
export const startProcess: StartProgram = async (spec) => {
  const { program, folder, settings, stopClock, signal } = spec
  const main = MAIN_FILES.map((name) => `${program}/${name}`).find((file) =>
    existsSync(join(folder, file)),
  )
  if (main === undefined) {
    const message = `The ${titleOfProgram(program)} has no main file. Put ${program}/main.ts back.`
    throw new TroubleError({ program, message, place: `${program}/main.ts` })
  }

  const preload = stopClock ? [WATCHDOG, CLOCK] : [WATCHDOG]
  const process = new CopyProcess({ main, preload, folder, settings })
  const running = new ProgramProcess(spec, process)
  signal.addEventListener('abort', () => running.stop())
  try {
    await running.untilReady()
    return running
  } catch (error) {
    await running.stop()
    throw error
  }
}

class ProgramProcess implements RunningProgram {
  readonly died: Promise<Trouble>
  readonly #spec: ProgramSpec
  readonly #process: CopyProcess
  #ready = false
  readonly #ended = new AbortController()

  constructor(spec: ProgramSpec, process: CopyProcess) {
    this.#spec = spec
    this.#process = process
    this.died = process.ended.then(() => {
      this.#ended.abort()
      return this.#explainDeath()
    })
  }

  stderr(): string {
    return this.#process.stderr
  }

  /** @throws {TroubleError} */
  async untilReady(): Promise<void> {
    const limit = patient(START_LIMIT)
    const tooLate = AbortSignal.timeout(limit)
    const signal = AbortSignal.any([tooLate, this.#ended.signal])
    await untilAnswers(this.#spec.port, signal)
    if (this.#ended.signal.aborted) throw new TroubleError(await this.died)
    if (tooLate.aborted) throw new TroubleError(this.#explainNoStart(limit))
    this.#ready = true
  }

  explainSilence(method: string, path: string): Trouble {
    const { program, folder } = this.#spec
    const blocked = this.#blockedAt()
    if (blocked !== undefined) {
      const message = `The ${this.#title} hangs: a loop at ${method} ${path} never ends.`
      return { program, message, place: blocked }
    }
    const message = `The ${this.#title} hangs: ${method} ${path} gets no response. Look for a handler that returns nothing, or an await that never finishes.`
    return { program, message, place: placeOfRoute(folder, program, path) }
  }

  explainSlowness(method: string, path: string): Trouble {
    const { program, folder } = this.#spec
    const message = `The ${this.#title} is too slow: the check timed out during ${method} ${path}.`
    const place = placeOfRoute(folder, program, path)
    return { program, message, place: this.#blockedAt() ?? place }
  }

  passTime(milliseconds: number): Promise<void> {
    return this.#process.passTime(milliseconds)
  }

  stop(): Promise<void> {
    return this.#process.end()
  }

  #explainDeath(): Trouble {
    const { program, folder, port } = this.#spec
    const what = this.#ready ? 'died during a request' : "doesn't start"
    const [, ...taken] = PORT_TAKEN.exec(this.stderr()) ?? []
    const other = taken.find((one) => one !== undefined && Number(one) !== port)
    if (other !== undefined) {
      const message = `The ${this.#title} ${what}: it tries to listen at port ${other}, which another program has. Its own address is ${this.#address}.`
      return { program, message, place: `${program}/main.ts` }
    }
    // The watchdog's lines are no reason: on a crowded machine it may think that a program hangs.
    const said = this.stderr().replace(/^blocked at .+$/gm, '')
    const { message, place } = explain(said, folder) ?? {
      message: `it exited by itself (exit status ${this.#process.child.exitCode})`,
      place: `${program}/main.ts`,
    }
    return { program, message: `The ${this.#title} ${what}: ${endSentence(message)}`, place }
  }

  #explainNoStart(limit: number): Trouble {
    const { program } = this.#spec
    const blocked = this.#blockedAt()
    const message =
      blocked === undefined
        ? `The ${this.#title} doesn't start: after ${Math.round(limit / 1000)} seconds, nothing responds at its address, ${this.#address}.`
        : `The ${this.#title} doesn't start: a loop never ends.`
    return { program, message, place: blocked ?? `${program}/main.ts:1` }
  }

  get #title(): string {
    return titleOfProgram(this.#spec.program)
  }

  /** Where it has to listen, in words. */
  get #address(): string {
    const { program, port } = this.#spec
    return `the setting ${settingOf(program)}, here http://localhost:${port}`
  }

  /** The innermost place in the copy where a loop blocks the program. */
  #blockedAt(): string | undefined {
    const lines = this.stderr().match(/^blocked at .+$/gm)
    return lines === null ? undefined : explain(lines.join('\n'), this.#spec.folder)?.place
  }
}

function endSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}
