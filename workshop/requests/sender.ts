import { setTimeout as sleep } from 'node:timers/promises'
import { programsOf, titleOfProgram } from '@oauth-lab/course/programs/programs.ts'
import { driverAt, fillIn, namesIn } from '@oauth-lab/course/requests/fresh-values.ts'
import { valuesFor } from '@oauth-lab/course/requests/lesson-values.ts'
import { type Draft, troubleIn } from '@oauth-lab/course/requests/request-draft.ts'
import { type Answer, sendDraft, type TellPeer } from '@oauth-lab/course/requests/send.ts'
import { ToldError } from '@oauth-lab/course/told-error.ts'
import type { Driver } from '@oauth-lab/shared/testing/driver.ts'
import { titleOf } from '../known-versions.ts'
import { PageTrouble } from '../page-trouble.ts'
import type { Slot } from '../runner.ts'
import type { Message } from '../traffic/message.ts'
import type { Workshop } from '../workshop.ts'

/** How long the report about a response may come after the response, in milliseconds. */
const REPORT_DELAY = 2_000
const REPORT_CHECK = 10

/** How long the logins before a request may take, in milliseconds. */
const LONGEST_LOGIN = 10_000

/**
 * Sends a request to a program that runs in a slot. Names in braces get new values, from logins there. While the
 * messages are held, it waits for the person who holds them.
 *
 * @returns the response, its message in the traffic if the program has reported it, and the names that got new values
 * @throws {PageTrouble} if the version isn't running
 * @throws {ToldError} if the request can't be sent, or gets no response
 */
export async function sendTo(workshop: Workshop, slot: Slot, draft: Draft) {
  const { traffic } = workshop
  const { version, state, addresses } = slot
  if (state !== 'running') {
    const message = `${titleOf(version)} is ${state}, so nothing was sent. Start it on the Run page.`
    throw new PageTrouble(409, message)
  }
  const trouble = troubleIn(draft)
  if (trouble !== undefined) throw new ToldError(trouble)
  // Anything may listen at the address of a program that this version doesn't have.
  if (!programsOf(version).listening.some((name) => name === draft.program)) {
    throw new ToldError(
      `${titleOf(version)} has no ${titleOfProgram(draft.program)}. Choose another program.`,
    )
  }
  const filled = await fillInAt(workshop, slot, draft)
  const patience = traffic.isHolding(slot) ? { patience: Number.POSITIVE_INFINITY } : {}
  const tell: TellPeer = (...connection) => traffic.takeOwn(slot, ...connection)
  const answer = await sendDraft(filled.draft, addresses, { ...patience, tell })
  const message = await reportOf(workshop, slot, draft.program, answer)
  return { answer, message, filledIn: filled.filledIn }
}

/** @throws {PageTrouble} while the messages of a slot are held: the logins before a request would wait */
export function refuseHeld({ traffic }: Workshop, slot: Slot): void {
  if (!traffic.isHolding(slot)) return
  const message = `The traffic of ${titleOf(slot.version)} is on hold, and the logins before this request would wait. Send all on first.`
  throw new PageTrouble(409, message)
}

/**
 * A request with new values from logins at a slot in place of names in braces.
 *
 * @throws as `fromLogins` does
 */
export async function fillInAt(workshop: Workshop, slot: Slot, draft: Draft) {
  if (namesIn(draft).size === 0) return { draft, filledIn: [] }
  const values = await fromLogins(workshop, slot, () => {
    return valuesFor(draft, driverOf(workshop, slot))
  })
  return { draft: fillIn(draft, values), filledIn: Object.keys(values) }
}

/**
 * What logins at a slot give.
 *
 * @throws {PageTrouble} while the messages of the slot are held
 * @throws {ToldError} if one fails, or doesn't end: a learner's copy may do anything
 */
export async function fromLogins<Result>(
  workshop: Workshop,
  slot: Slot,
  logIn: () => Promise<Result>,
): Promise<Result> {
  refuseHeld(workshop, slot)
  const late = sleep(LONGEST_LOGIN, undefined, { ref: false }).then((): never => {
    throw new Error(`it took more than ${LONGEST_LOGIN / 1000} seconds`)
  })
  try {
    return await Promise.race([logIn(), late])
  } catch (error) {
    const why = (error as Error).message
    throw new ToldError(
      `A login at ${titleOf(slot.version)}, for the values of the request, failed: ${why}. Log in at its client by hand to see more.`,
    )
  }
}

/** Plays browsers and clients at a slot. The traffic shows what it sends as the editor's. */
export function driverOf({ traffic }: Workshop, slot: Slot): Driver {
  return driverAt(slot.version, slot.addresses, (...connection) =>
    traffic.takeOwn(slot, ...connection),
  )
}

/** The message of a response, which the program reports over another channel. */
async function reportOf({ traffic }: Workshop, slot: Slot, program: string, { peer }: Answer) {
  const find = () => {
    return traffic.logOf(slot).entries.findLast((entry): entry is Message => {
      if (entry.kind !== 'answer' || entry.waits) return false
      // Two connections to different programs may have the same port on this side.
      return entry.exchange.program === program && entry.exchange.peer === peer
    })
  }
  const end = performance.now() + REPORT_DELAY
  while (find() === undefined && performance.now() < end) await sleep(REPORT_CHECK)
  return find()
}
