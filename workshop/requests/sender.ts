import type { Draft } from '@oauth-lab/course/requests/draft.ts'
import { type Answer, sendDraft } from '@oauth-lab/course/requests/send.ts'
import { titleOf } from '../known-versions.ts'
import { PageTrouble } from '../page-trouble.ts'
import type { Slot } from '../runner.ts'
import type { Message } from '../traffic/message.ts'
import type { Workshop } from '../workshop.ts'

/** How long the report about a response may come after the response, in milliseconds. */
const REPORT_DELAY = 2_000

/**
 * Sends a request to a program that runs in a slot. While the messages there are held, it waits for the person who
 * holds them.
 *
 * @returns the response, and its message in the traffic, if the program reports it
 * @throws {PageTrouble} if the version isn't running
 * @throws {ToldError} if the request can't be sent, or gets no response
 */
export async function sendTo(
  { traffic, events }: Workshop,
  slot: Slot,
  draft: Draft,
): Promise<{ answer: Answer; message: Message | undefined }> {
  if (slot.state !== 'running') {
    throw new PageTrouble(
      409,
      `${titleOf(slot.version)} is ${slot.state}, so nothing was sent. Start it on the Run page.`,
    )
  }
  const answer = await sendDraft(
    draft,
    slot.addresses,
    traffic.isHolding(slot) ? Number.POSITIVE_INFINITY : undefined,
  )
  const find = () => {
    const { entries } = traffic.logOf(slot)
    const found = entries.findLast((entry) => {
      return entry.kind === 'answer' && !entry.waits && entry.exchange.peer === answer.peer
    })
    return found as Message | undefined
  }
  // The program reports it over another channel.
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(limit)
      stop()
      resolve({ answer, message: find() })
    }
    const limit = setTimeout(end, REPORT_DELAY)
    const stop = events.listen(() => {
      if (find() !== undefined) end()
    })
    if (find() !== undefined) end()
  })
}
