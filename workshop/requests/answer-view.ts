import { STATUS_CODES } from 'node:http'
import type { Answer } from '@oauth-lab/course/requests/send.ts'
import { html } from '@oauth-lab/shared/testing/browser.ts'
import { titleOf } from '../known-versions.ts'
import type { Slot } from '../runner.ts'
import { headerValues, isCutOff, type Message } from '../traffic/message.ts'
import { refusedBy } from './refusal.ts'

/** The headers that say something about this response, and not about all of them. */
const TELLING = /^(allow|content-type|location|retry-after|set-cookie|www-authenticate)$/i

/** The longest text to show in place of a body, in characters. */
const LONGEST_TEXT = 1_000_000

/** A response beside the request, ready to be shown. */
export function viewAnswer(answer: Answer, slot: Slot, message: Message | undefined) {
  const { status, headers, body, cut, took } = answer
  const [type = ''] = headerValues(headers, 'content-type')
  const refused = message && refusedBy(message.exchange)
  return {
    slot,
    version: titleOf(slot.version),
    status: statusWithWords(status),
    isRefusal: refused !== undefined || status >= 400,
    headers: headers.filter(([name]) => TELLING.test(name)),
    otherHeaders: headers.filter(([name]) => !TELLING.test(name)),
    body,
    /** The body as a person reads it, if that differs. */
    readable: readable(body, type),
    cut,
    took: Math.round(took),
    message,
    refused,
  }
}

/** Such as `303 See Other`. */
export function statusWithWords(status: number): string {
  return `${status} ${STATUS_CODES[status] ?? ''}`.trim()
}

function readable(body: string, type: string): string | undefined {
  if (/^text\/html/i.test(type)) {
    const page = html({ body })
    return (page.querySelector('main') ?? page).structuredText.trim()
  }
  if (!/json/i.test(type)) return undefined
  try {
    const text = JSON.stringify(JSON.parse(body), null, 2)
    // Each level of nesting indents all that is in it.
    return text.length > LONGEST_TEXT ? undefined : text
  } catch {
    return undefined
  }
}

/** The response in a message of the traffic, as it was sent. */
export function answerIn({ at, exchange: { answer, peer } }: Message, began: number): Answer {
  const { status = 0, headers = [], body = { text: '', size: 0 } } = answer ?? {}
  return {
    status,
    headers,
    body: body.text,
    cut: isCutOff(body) ? "The rest isn't shown." : undefined,
    took: Math.max(0, at - began),
    peer,
  }
}

type View = ReturnType<typeof viewAnswer>

/** What two versions make of the same request, in one sentence. */
export function compareAnswers(now: View, before: View): string {
  if (/^40[45]/.test(before.status) && before.refused?.message === '') {
    return `${before.version} has nothing like this yet.`
  }
  const said = ({ version, isRefusal, refused }: View, it: string) => {
    const place = refused?.place
    return `${version} ${isRefusal ? 'rejects' : 'accepts'} ${it}${place ? ` at ${place.file}:${place.line}` : ''}`
  }
  return `${said(before, 'this')}. ${said(now, 'it')}.`
}
