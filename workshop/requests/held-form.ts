import {
  bodyOf,
  type Draft,
  encodeRows,
  isFromSending,
  type Row,
  targetOf,
  troubleIn,
  troubleInHeader,
} from '@oauth-lab/course/requests/request-draft.ts'
import { ToldError } from '@oauth-lab/course/told-error.ts'
import { wholeDraftOf } from '../traffic/exchange-draft.ts'
import { bodyIn, type Message } from '../traffic/message.ts'
import type { AnswerChanges, RequestChanges } from '../traffic/tap.ts'

/** The longest body that a person can change, in bytes: of a longer one, the traffic has only the start. */
const LONGEST_BODY = 64 * 1024
/** Responses with these statuses have no body. RFC 9110 sections 15.3.5 and 15.4.5 */
const WITHOUT_BODY = [204, 304]

/** A held message with all its headers, except those that the sender sets. A response has only headers and a text. */
export function heldDraft({ kind, exchange }: Message): Draft {
  const draft = wholeDraftOf(exchange)
  if (kind === 'request') return draft
  const { headers = [], body } = exchange.answer ?? {}
  const own = headers.filter(([name]) => !isFromSending(name))
  return { ...draft, query: [], headers: own, body: { text: body?.text ?? '' } }
}

/** Whether the traffic has the whole body of a message, so that it can be changed. */
export function hasWholeBody(message: Message): boolean {
  const { text, size } = bodyIn(message)
  return size <= LONGEST_BODY && Buffer.byteLength(text) === size
}

/**
 * What a person changed in a held request, or undefined if nothing. What they left alone stays as it was, to the byte.
 *
 * @throws {ToldError} if no program could read the result
 */
export function requestChanges(draft: Draft, message: Message): RequestChanges | undefined {
  const trouble = troubleIn(draft)
  if (trouble !== undefined) throw new ToldError(trouble)
  const { request } = message.exchange
  const held = heldDraft(message)
  const isSameTarget =
    draft.path === held.path && encodeRows(draft.query) === encodeRows(held.query)
  const isSameBody = !hasWholeBody(message) || bodyOf(draft) === bodyOf(held)
  const body = isSameBody ? undefined : (bodyOf(draft) ?? '')
  const isSame = isSameTarget && isSameBody && draft.method === held.method
  if (isSame && isSameRows(draft.headers, held.headers)) return undefined
  const url = isSameTarget ? request.url : targetOf(draft)
  const headers = withLengths(draft.headers, request.headers, body).flat()
  if ([url, ...headers, body ?? ''].some((text) => Buffer.byteLength(text) > LONGEST_BODY)) {
    throw new ToldError('The changed request is too long: each part of it has 64 KiB at most.')
  }
  return { method: draft.method, url, headers, body }
}

/**
 * What a person changed in a held response, or undefined if nothing.
 *
 * @throws {ToldError} if no browser could read the result
 */
export function answerChanges(
  status: string,
  draft: Draft,
  message: Message,
): AnswerChanges | undefined {
  if (!/^[2-5]\d\d$/.test(status))
    throw new ToldError('The status must be a number from 200 to 599.')
  const { headers } = draft
  const text = bodyOf(draft) ?? ''
  const trouble = headers.map(troubleInHeader).find((one) => one !== undefined)
  if (trouble !== undefined) throw new ToldError(trouble)
  const { answer } = message.exchange
  const original = answer?.headers ?? []
  const sameLines = (one: string) => one.replaceAll('\r\n', '\n')
  const isSameBody =
    !hasWholeBody(message) || sameLines(text) === sameLines(answer?.body.text ?? '')
  // A status without a body may become one that has one, which then needs a length.
  const hasLength = original.some(isLength)
  const body = isSameBody && hasLength ? undefined : text
  const isSame = isSameBody && Number(status) === answer?.status
  if (isSame && isSameRows(headers, heldDraft(message).headers)) return undefined
  const rows = withLengths(headers, original, body)
  const hasBody = !WITHOUT_BODY.includes(Number(status))
  const sent = rows.filter((row) => hasBody || !isLength(row))
  return { status: Number(status), headers: sent.flat(), body }
}

/** All headers: those of the connection as they were, and the length of another body. */
function withLengths(own: Row[], original: Row[], body: string | undefined): Row[] {
  const ofConnection = original.filter((row) => {
    return isFromSending(row[0]) && (body === undefined || !isLength(row))
  })
  if (body === undefined) return [...ofConnection, ...own]
  return [...ofConnection, ...own, ['content-length', String(Buffer.byteLength(body))]]
}

function isLength([name]: Row): boolean {
  return ['content-length', 'transfer-encoding'].includes(name.toLowerCase())
}

function isSameRows(one: Row[], other: Row[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
