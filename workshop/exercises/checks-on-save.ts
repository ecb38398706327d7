import { setTimeout as sleep } from 'node:timers/promises'
import type { CheckOptions, CheckResult, Finding } from '@oauth-lab/course/exercises/check-copy.ts'
import { tellFileTrouble } from '@oauth-lab/course/exercises/file-trouble.ts'
import type { Place } from '@oauth-lab/course/exercises/playground.ts'
import { INTERVAL, stampOf } from '@oauth-lab/course/exercises/watch.ts'

/**
 * How long to watch a copy after a page requested it, in milliseconds. Pages send a request every half minute, and the
 * timers of hidden pages may be a minute late.
 */
const ATTENTION = 150_000

/** A finished check. */
export interface Check {
  at: Date
  /** How long it took, in milliseconds. */
  took: number
  /** Why the copy can't be checked, and the place in it, such as `client/app.ts:12`. */
  trouble: { message: string; place: string | undefined } | undefined
  /** The result of each check, or undefined if the copy couldn't be checked. */
  findings: Finding[] | undefined
}

type CheckPlace = (place: Place, options: CheckOptions) => Promise<CheckResult>

/** Callbacks for changes of a copy. */
export interface CheckListener {
  /** Something new can be shown. */
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
  /** Whether to keep watching it when no page shows it. */
  stayAwake = () => false
  checking = false
  last: Check | undefined
  /** The latest check with results. */
  lastFindings: Check | undefined
  readonly #listener: CheckListener
  readonly #checkPlace: CheckPlace
  #attendedUntil = 0
  #watching = false
  #closed = false
  /** How many operations are changing the copy's files now. */
  #changing = 0
  /** The files as last seen, and as they were when the latest check started. */
  #seen: string | undefined
  #checked: string | undefined
  #abort = new AbortController()
  #running: Promise<void> = Promise.resolve()

  constructor(place: Place, listener: CheckListener, checkPlace: CheckPlace = checkInProcesses) {
    this.place = place
    this.#listener = listener
    this.#checkPlace = checkPlace
  }

  /** A page shows the copy: checks it now and on every save. */
  attend(): void {
    this.#attendedUntil = performance.now() + ATTENTION
    this.wake()
  }

  /** Watches the copy for as long as a page or a program needs it. */
  wake(): void {
    if (this.#watching) this.#look()
    else this.#watch()
  }

  /** Checks the copy now, unless a check is already running. */
  checkNow(): void {
    if (!this.checking) this.#checked = undefined
    this.attend()
  }

  /** Changes the copy's files while no check reads them. Earlier results no longer count. */
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

  /** The copy is gone or replaced: forgets its results. */
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
  // Loaded with the first check, so the browser and the checks of all versions don't slow down the start.
  const { checkPlace } = await import('@oauth-lab/course/exercises/check-place.ts')
  options.signal?.throwIfAborted()
  return checkPlace(place, options)
}
