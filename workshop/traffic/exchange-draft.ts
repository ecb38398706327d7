import { type Draft, decodeRows, isFromSending } from '@oauth-lab/course/requests/request-draft.ts'
import { isForm, splitAddress } from './http.ts'
import { type Exchange, isCutOff } from './message.ts'

/** Headers that every browser adds, and no program of the lab reads. */
const FROM_BROWSERS =
  /^(accept(-.*)?|cache-control|pragma|priority|referer|sec-.*|upgrade-.*|user-agent)$/i

/** A request that was seen, with all its headers but for those that the sender sets. */
export function wholeDraftOf({ program, request }: Exchange): Draft {
  const { method, url, headers, body } = request
  const { base, query } = splitAddress(url)
  const sent = isForm(headers) ? { form: decodeRows(body.text) } : { text: body.text }
  return {
    program,
    method,
    path: base,
    query: decodeRows(query),
    headers: headers.filter(([name]) => !isFromSending(name)),
    body: body.size > 0 ? sent : undefined,
  }
}

/** A request that was seen, to send it again. Undefined if its end was cut off, or it names no path of a program. */
export function draftOf(exchange: Exchange): Draft | undefined {
  const { url, body } = exchange.request
  if (!url.startsWith('/') || isCutOff(body)) return undefined
  const draft = wholeDraftOf(exchange)
  const sendsForm = draft.body !== undefined && 'form' in draft.body
  const headers = draft.headers.filter(([name]) => {
    return !(sendsForm && name.toLowerCase() === 'content-type') && !FROM_BROWSERS.test(name)
  })
  return { ...draft, headers }
}
