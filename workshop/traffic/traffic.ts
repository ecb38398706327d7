import { randomUUID } from 'node:crypto'
import type { Events } from '../events.ts'
import { found } from '../page-trouble.ts'
import type { Runner, Slot } from '../runner.ts'
import { TrafficLog } from './log.ts'
import type { Message } from './message.ts'
import { sentenceOf } from './row.ts'
import { type AnswerChanges, isTapMessage, type RequestChanges } from './tap.ts'

/** The messages between browsers and the programs of all slots, and the means to hold them. */
export class Traffic {
  /** New with each start of the workshop, so a page notices that its content is from an earlier one. */
  readonly instance = randomUUID()
  readonly #runner: Runner
  readonly #events: Events
  readonly #address: string
  readonly #logs = new Map<string, TrafficLog>()
  readonly #holding = new Set<string>()
  /** The last noted state of each slot. */
  readonly #states = new Map<string, string>()

  /** @param address of the page that shows it */
  constructor(runner: Runner, events: Events, address: string) {
    this.#runner = runner
    this.#events = events
    this.#address = address
    runner.on('message', (slot, program, message) => {
      if (isTapMessage(message))
        this.#change(slot, (log) => log.take(message, program, slot.version))
    })
    runner.on('change', (slot) => this.#follow(slot))
    // It must be as patient as the programs whose messages wait.
    runner.on('ending', (slot, program) => {
      if (this.isHolding(slot)) this.#runner.tell(slot, { tap: 'hold', on: true }, program)
    })
  }

  logOf(slot: Slot): TrafficLog {
    const known = this.#logs.get(slot.id) ?? new TrafficLog()
    this.#logs.set(slot.id, known)
    return known
  }

  /**
   * The message with this id in the log of a slot. The id may come from anywhere.
   *
   * @throws {PageTrouble} if there is none
   */
  require(slot: Slot, id: unknown): Message {
    const message = this.logOf(slot).message(Number(id))
    return found(message, 'That message is gone: the log keeps only the latest ones.')
  }

  /** Notes when a connection of the editor of requests opens or ends, by its own address and port. */
  takeOwn(slot: Slot, address: string, isOpen: boolean): void {
    this.#logs.get(slot.id)?.takeOwn(address, isOpen, now())
  }

  clear(slot: Slot): void {
    this.#change(slot, (log) => log.clear())
  }

  /** The slots whose messages are held, and how many wait in each. */
  get held(): { slot: Slot; waiting: number }[] {
    const slots = this.#runner.slots.filter((slot) => this.isHolding(slot))
    return slots.map((slot) => ({ slot, waiting: this.logOf(slot).waiting.length }))
  }

  isHolding(slot: Slot): boolean {
    return this.#holding.has(slot.id)
  }

  /** Holds each message of a slot from now on, or sends all on and holds no more. */
  hold(slot: Slot, on: boolean): void {
    if (on && slot.state !== 'running') return
    if (on) this.#holding.add(slot.id)
    else this.#holding.delete(slot.id)
    this.#runner.tell(slot, { tap: 'hold', on })
    this.#events.publish('traffic')
    this.#events.publish('status')
  }

  /** Sends one message on, perhaps changed: the oldest held one unless it is named. */
  letGo(
    slot: Slot,
    message: Message | undefined = this.logOf(slot).waiting[0],
    changes?: RequestChanges | AnswerChanges,
  ): void {
    if (message === undefined) return
    const { exchange, kind: half } = message
    this.#runner.tell(slot, { tap: 'let go', id: exchange.id, half, changes }, exchange.program)
  }

  /** Notes what happens to the programs, and closes their exchanges when they end. */
  #follow(slot: Slot): void {
    if (!this.#runner.slots.includes(slot)) {
      this.#logs.delete(slot.id)
      this.#states.delete(slot.id)
      this.#holding.delete(slot.id)
      return
    }
    const state = `${slot.version.id} ${slot.state}`
    if (this.#states.get(slot.id) === state) return
    this.#states.set(slot.id, state)
    if (slot.state === 'running') {
      this.#note(slot, `${describe(slot)} is running.`)
      return
    }
    this.#holding.delete(slot.id)
    this.#change(slot, (log) => log.end())
    if (slot.state === 'stopped') this.#note(slot, `${describe(slot)} was stopped.`)
    if (slot.state === 'failed') this.#note(slot, slot.problem ?? 'It failed.')
  }

  #note(slot: Slot, text: string): void {
    this.#change(slot, (log) => log.note(text, now()))
  }

  #change(slot: Slot, change: (log: TrafficLog) => void): void {
    const log = this.logOf(slot)
    const waitedBefore = log.waiting.length
    change(log)
    this.#events.publish('traffic')
    const [message] = log.waiting
    if (log.waiting.length === waitedBefore) return
    this.#events.publish('status')
    // On any other page a user sees only a client that hangs.
    if (message === undefined || waitedBefore > 0) return
    const { program } = message.exchange
    const text = `${sentenceOf(message)}. Send it on at ${this.#address}?slot=${slot.id}`
    this.#runner.note(slot, { program, text })
  }
}

/** Milliseconds of the clock that the taps also read. */
export function now(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000
}

function describe({ version }: Slot): string {
  return version.leadsTo === undefined ? version.name : `Your copy in playground/${version.name}`
}
