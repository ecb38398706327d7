import { EventEmitter, once } from 'node:events'
import { existsSync } from 'node:fs'
import { isFree } from '@oauth-lab/course/programs/free-addresses.ts'
import {
  type Addresses,
  addressesFrom,
  PROGRAM_NAMES,
  portsOf,
  programsOf,
} from '@oauth-lab/course/programs/programs.ts'
import {
  describeDeath,
  type EndingProgram,
  type RunningPrograms,
  type RunSpec,
  startEnding,
  startPrograms,
} from '@oauth-lab/course/programs/run.ts'
import { whoAnswers } from '@oauth-lab/course/programs/who-answers.ts'
import type { KnownVersion } from './known-versions.ts'
import { type Lifetimes, lifetimesAmong, settingsOf } from './lifetimes.ts'
import { found } from './page-trouble.ts'
import { TAP, type TapOrder } from './traffic/tap.ts'

/** A line written by a program, or about it. */
export interface LogLine {
  program: string
  text: string
}

/** A place where a version can run: a port for each program, and the current version. */
export interface Slot {
  /** Its server's port, as text. */
  id: string
  ports: ReturnType<typeof portsOf>
  /** The ports of each program, even those that the version lacks, and of the workshop. */
  addresses: Addresses
  version: KnownVersion
  /** The lifetimes there that aren't defaults. */
  lifetimes: Lifetimes
  state: 'starting' | 'running' | 'stopped' | 'failed'
  /** Why it failed. */
  problem: string | undefined
  log: LogLine[]
}

interface RunnerEvents {
  change: [Slot]
  line: [Slot, LogLine]
  /** A message from the tap in a program, or from the program itself. */
  message: [Slot, string, unknown]
  /** A program that ends by itself has started. */
  ending: [Slot, string]
}

/** The most lines of a log to keep, and to add at once. */
const LONGEST_LOG = 500
/** The most characters to show of a line of the log. Anyone who sends a request writes a line. */
const LONGEST_LINE = 2_000
/** How far above the first version's ports another one starts to look for free ports. */
const FIRST_STEP = 1_000
/** The distance between further ones, which leaves room for the workshop of another `npm start`. */
const PORT_STEP = 100
/** The first port of all, when those above the first version's could be too high. */
const LOW_PORT = 26_000
const HIGH_PORT = 60_000

/**
 * Starts and stops the programs of versions as child processes. It ends only programs that it started:
 * it reports a port that another program holds, and leaves that program alone.
 */
export class Runner extends EventEmitter<RunnerEvents> {
  readonly #slots = new Map<string, Slot>()
  readonly #running = new Map<Slot, RunningPrograms>()
  /** The running programs of each slot that end by themselves, by their names. */
  readonly #ending = new WeakMap<Slot, Map<string, EndingProgram>>()
  readonly #queues = new Map<Slot, Promise<unknown>>()
  readonly #restarts = new Set<Slot>()

  constructor() {
    super()
    this.setMaxListeners(0)
  }

  /** In the order in which they were made. The first is the one of `npm start`. */
  get slots(): Slot[] {
    return [...this.#slots.values()]
  }

  /**
   * The slot with this id, which may come from anywhere. Without an id, the main one.
   *
   * @throws {PageTrouble} if there is none
   */
  require(id: unknown): Slot {
    const slot = typeof id === 'string' ? this.#slots.get(id) : this.main
    return found(slot, "That version isn't running anymore. Start it on the Run page.")
  }

  /** The slot of `npm start`, once there is one. */
  get main(): Slot | undefined {
    return this.slots[0]
  }

  /** Makes a slot at these addresses, and starts a version there. */
  open(version: KnownVersion, addresses: Addresses): Slot {
    const ports = portsOf(addresses)
    const slot: Slot = {
      id: String(ports.server),
      ports,
      addresses,
      version,
      lifetimes: lifetimesAmong(process.env),
      state: 'starting',
      problem: undefined,
      log: [],
    }
    this.#slots.set(slot.id, slot)
    this.start(slot, version)
    return slot
  }

  /** Starts a version on its own ports, beside the running ones. */
  async openBeside(version: KnownVersion): Promise<Slot> {
    const first = this.main?.ports.server ?? HIGH_PORT
    const start = first < HIGH_PORT ? first + FIRST_STEP : LOW_PORT
    const addresses = addressesFrom(await this.#freePort(start))
    const workshop = this.main?.addresses.workshop ?? addresses.workshop
    return this.open(version, { ...addresses, workshop })
  }

  /**
   * Runs a version in a slot, in place of the one there. Resolves when its programs respond, or when the
   * slot says why they don't. Each call for a slot waits for the one before.
   *
   * @param lifetimes that differ from the defaults. Without them the slot keeps its own
   */
  start(slot: Slot, version: KnownVersion, lifetimes?: Lifetimes): Promise<void> {
    return this.#inTurn(slot, async () => {
      // The slot may have been closed meanwhile, and nothing could stop a program started there now.
      if (this.#slots.get(slot.id) !== slot) return
      await this.#end(slot)
      this.#set(slot, { lifetimes: lifetimes ?? slot.lifetimes })
      await this.#begin(slot, version)
    })
  }

  /** Resolves once the programs in a slot respond, or don't start. */
  async untilStarted(slot: Slot): Promise<void> {
    while (slot.state === 'starting') await once(this, 'change')
  }

  /**
   * Restarts the programs in a slot, with the files saved by then. Several calls cause one restart, and none if the
   * slot meanwhile got another version or was stopped.
   */
  async restart(slot: Slot): Promise<void> {
    if (this.#restarts.has(slot)) return
    this.#restarts.add(slot)
    const { version } = slot
    await this.#inTurn(slot, async () => {
      this.#restarts.delete(slot)
      const goesOn = slot.version === version && slot.state !== 'stopped'
      if (!goesOn || !existsSync(version.folder)) return
      await this.#end(slot)
      await this.#begin(slot, version)
    })
  }

  /** Stops the programs in a slot. */
  stop(slot: Slot): Promise<void> {
    return this.#inTurn(slot, async () => {
      await this.#end(slot)
      this.#set(slot, { state: 'stopped', problem: undefined })
    })
  }

  /** Stops the programs in a slot other than the first, and removes the slot. */
  async close(slot: Slot): Promise<void> {
    await this.stop(slot)
    this.#slots.delete(slot.id)
    this.emit('change', slot)
  }

  /** Stops everything. */
  async closeAll(): Promise<void> {
    await Promise.all(this.slots.map((slot) => this.stop(slot)))
  }

  /**
   * Runs a program that ends by itself, of the version in a slot. What it writes, and how it ends, is in the log.
   * It runs once at a time.
   */
  runOnce(slot: Slot, name: string): void {
    const running = this.#ending.get(slot) ?? new Map<string, EndingProgram>()
    this.#ending.set(slot, running)
    const note = (text: string) => this.note(slot, { program: name, text: `${name}  ${text}` })
    if (running.has(name)) {
      note('is still running')
      return
    }
    const program = startEnding(name, {
      ...this.#specOf(slot, slot.version),
      // Its reader already has a browser: the log shows an address to open as a link.
      args: ['--no-open'],
      onOutput: (text) => linesOf(text).forEach(note),
    })
    running.set(name, program)
    program.ended.then(({ status, signal }) => {
      running.delete(name)
      note(`ended with ${signal ?? `exit status ${status}`}`)
    })
    this.emit('ending', slot, name)
  }

  /** Sends a message to the tap in each program of a slot, or in one of them. */
  tell(slot: Slot, message: TapOrder, only?: string): void {
    const isMeant = (name: string) => only === undefined || name === only
    for (const name of PROGRAM_NAMES.filter(isMeant)) this.#running.get(slot)?.tell(name, message)
    for (const [name, program] of this.#ending.get(slot) ?? []) {
      if (isMeant(name)) program.tell(message)
    }
  }

  /** Adds a line to the log of a slot. */
  note(slot: Slot, line: LogLine): void {
    slot.log.push(line)
    if (slot.log.length > LONGEST_LOG) slot.log.shift()
    this.emit('line', slot, line)
  }

  #inTurn(slot: Slot, act: () => Promise<void>): Promise<void> {
    const turn = (this.#queues.get(slot) ?? Promise.resolve()).then(act).catch(({ message }) => {
      // For example, a copy that was replaced by a file. The next start in the queue may succeed.
      this.#set(slot, { state: 'failed', problem: `It can't start: ${message}.` })
    })
    this.#queues.set(slot, turn)
    return turn
  }

  async #begin(slot: Slot, version: KnownVersion): Promise<void> {
    this.#set(slot, { version, state: 'starting', problem: undefined })
    const taken = await describeTaken(slot)
    if (taken !== undefined) return this.#set(slot, { state: 'failed', problem: taken })

    const programs = startPrograms(this.#specOf(slot, version))
    this.#running.set(slot, programs)
    this.#watch(slot, programs)
    const ready = await programs.ready
    // If they didn't start, one has died, and #watch reports it.
    if (!ready || this.#running.get(slot) !== programs) return
    this.#set(slot, { state: 'running' })
  }

  /** When one program dies, the others go with it. */
  #watch(slot: Slot, programs: RunningPrograms): void {
    programs.firstEnd.then(async (ended) => {
      if (this.#running.get(slot) !== programs) return
      this.#running.delete(slot)
      const wasReady = slot.state === 'running'
      this.#set(slot, { state: 'failed', problem: describeDeath(ended, wasReady) })
      await this.#inTurn(slot, () => programs.stop())
    })
  }

  async #end(slot: Slot): Promise<void> {
    const programs = this.#running.get(slot)
    // First, so its end isn't reported.
    this.#running.delete(slot)
    const ending = [...(this.#ending.get(slot)?.values() ?? [])]
    await Promise.all([programs, ...ending].map((program) => program?.stop()))
  }

  #set(slot: Slot, changes: Partial<Slot>): void {
    Object.assign(slot, changes)
    this.emit('change', slot)
  }

  #specOf(slot: Slot, version: KnownVersion): RunSpec {
    return {
      version,
      addresses: slot.addresses,
      settings: settingsOf(slot.lifetimes),
      preload: [TAP],
      onOutput: (output, program) => {
        for (const text of linesOf(output)) this.note(slot, { program, text })
      },
      onMessage: (message, program) => this.emit('message', slot, program, message),
    }
  }

  async #freePort(port: number): Promise<number> {
    const ports = Object.values(portsOf(addressesFrom(port)))
    const isUnused = (await Promise.all(ports.map(isFree))).every(Boolean)
    // Checked last: another program may have taken the port meanwhile.
    return isUnused && !this.#slots.has(String(port)) ? port : this.#freePort(port + PORT_STEP)
  }
}

/** The last lines of an output, each of them shortened. */
function linesOf(output: string): string[] {
  const lines = output.split('\n').filter((line) => line.trim() !== '')
  return lines.slice(-LONGEST_LOG).map((line) => {
    return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}...` : line
  })
}

/** A message about the ports that other programs hold, or undefined if all are free. */
async function describeTaken({ ports, version }: Slot): Promise<string | undefined> {
  const taken = await Promise.all(
    programsOf(version).listening.map(async (name) => {
      const port = ports[name]
      if (await isFree(port)) return undefined
      const { program } = (await whoAnswers(port)) ?? {}
      return `Port ${port} is already in use by ${program ?? 'another program'}, which this app didn't start.`
    }),
  )
  const found = taken.filter((text) => text !== undefined)
  return found.length === 0 ? undefined : `${found.join(' ')} Stop that program, then start again.`
}
