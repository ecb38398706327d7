import { setTimeout as sleep } from 'node:timers/promises'
import type { CheckOptions, CheckResult, Finding } from '@oauth-lab/course/exercises/check-copy.ts'
import { tellFileTrouble } from '@oauth-lab/course/exercises/file-trouble.ts'
import type { Place } from '@oauth-lab/course/exercises/playground.ts'
import { INTERVAL, stampOf } from '@oauth-lab/course/exercises/watch.ts'

/**
 * For how long a copy is watched after a page has asked for it, in milliseconds. Pages ask every half minute, and the
 * timers of hidden ones may come a minute late.
 */
const ATTENTION = 150_000

/** A check that came to its end. */
export interface Check {
  at: Date
  /** How long it took, in milliseconds. */
  took: number
  /** Why the copy can't be checked, and the place in it, such as `client/app.ts:12`. */
  trouble: { message: string; place: string | undefined } | undefined
  /** What was found out about each sentence; undefined when there was trouble. */
  findings: Finding[] | undefined
}

/** Tries out each sentence at a copy. */
type CheckPlace = (place: Place, options: CheckOptions) => Promise<CheckResult>

/** Who wants to know what becomes of a copy. */
export interface CheckListener {
  /** Something is to be shown. */
  onNews(): void
  /** A file of the copy was saved, made or deleted. */
  onSave(): void
  onCheck(check: Check): void
}

/**
 * Checks a learner's copy on every save, for as long as a page shows it, and never twice at the same time.
 */
export class ChecksOnSave {
  readonly place: Place
  /** Whether it goes on being watched without a page that shows it. */
  stayAwake = () => false
  checking = false
  /** The latest check. */
  last: Check | undefined
  /** The latest check that could try out the sentences. */
  lastFindings: Check | undefined
  readonly #listener: CheckListener
  readonly #checkPlace: CheckPlace
  #attendedUntil = 0
  #watching = false
  #closed = false
  /** How many are changing the copy's files just now. */
  #changing = 0
  /** The files as they were seen last, and as they were when the latest check began. */
  #seen: string | undefined
  #checked: string | undefined
  #abort = new AbortController()
  #running: Promise<void> = Promise.resolve()

  constructor(place: Place, listener: CheckListener, checkPlace: CheckPlace = checkInProcesses) {
    this.place = place
    this.#listener = listener
    this.#checkPlace = checkPlace
  }

  /** A page shows the copy: from now on it is checked, at once and on every save. */
  attend(): void {
    this.#attendedUntil = performance.now() + ATTENTION
    this.wake()
  }

  /** Watches the copy for as long as somebody cares. */
  wake(): void {
    if (this.#watching) this.#look()
    else this.#watch()
  }

  /** Checks the copy as it is, unless a check is under way. */
  checkNow(): void {
    if (!this.checking) this.#checked = undefined
    this.attend()
  }

  /** Does something to the copy's files while no check has them open. What was found out before counts no more. */
  async change<T>(act: () => T): Promise<T> {
    this.#changing += 1
    try {
      await this.#stopCheck()
      return act()
    } finally {
      this.#changing -= 1
      this.#forget()
      this.attend()
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#stopCheck()
  }

  get #isAttended(): boolean {
    return performance.now() < this.#attendedUntil
  }

  async #watch(): Promise<void> {
    this.#watching = true
    while (!this.#closed && (this.#isAttended || this.stayAwake())) {
      this.#look()
      await sleep(INTERVAL, undefined, { ref: false })
    }
    this.#watching = false
  }

  #look(): void {
    if (this.#changing > 0 || this.#closed) return
    const stamp = stampOf(this.place.folder)
    if (stamp !== this.#seen) this.#notice(stamp)
    if (stamp === '' || stamp === this.#checked || !this.#isAttended) return
    this.#checked = stamp
    this.#check()
  }

  #notice(stamp: string): void {
    const wasSeen = this.#seen !== undefined
    this.#seen = stamp
    if (stamp === '') this.#forget()
    if (wasSeen) this.#listener.onSave()
    this.#listener.onNews()
  }

  /** The copy is gone or another one, and what was found out about it with it. */
  #forget(): void {
    this.#stopCheck()
    this.#checked = undefined
    this.last = undefined
    this.lastFindings = undefined
  }

  #stopCheck(): Promise<void> {
    this.#abort.abort()
    this.checking = false
    return this.#running
  }

  #check(): void {
    this.#abort.abort()
    this.#abort = new AbortController()
    const { signal } = this.#abort
    this.checking = true
    this.#running = this.#running.then(() => this.#run(signal))
    this.#listener.onNews()
  }

  async #run(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const check = await this.#tryOut(signal)
    if (signal.aborted) return
    this.checking = false
    this.last = check
    if (check.findings !== undefined) this.lastFindings = check
    this.#listener.onCheck(check)
    this.#listener.onNews()
  }

  async #tryOut(signal: AbortSignal): Promise<Check> {
    const began = performance.now()
    const end = (result: Pick<Check, 'trouble' | 'findings'>): Check => {
      return { at: new Date(), took: performance.now() - began, ...result }
    }
    try {
      const result = await this.#checkPlace(this.place, { signal })
      if (result.kind === 'trouble') return end({ trouble: result.trouble, findings: undefined })
      return end({ trouble: undefined, findings: result.findings })
    } catch (error) {
      const message =
        tellFileTrouble(error) ?? `The check itself failed: ${(error as Error).message}`
      return end({ trouble: { message, place: undefined }, findings: undefined })
    }
  }
}

const checkInProcesses: CheckPlace = async (place, options) => {
  // Loaded with the first check: the browser and the sentences of five versions are no part of a start.
  const { checkPlace } = await import('@oauth-lab/course/exercises/check-place.ts')
  options.signal?.throwIfAborted()
  return checkPlace(place, options)
}
