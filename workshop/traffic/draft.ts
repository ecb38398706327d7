import { type Draft, isFromSending } from '@oauth-lab/course/requests/draft.ts'
import { splitAddress } from './http.ts'
import { type Exchange, headerValues } from './message.ts'

/** Headers that every browser adds, and no program of the lab reads. */
const FROM_BROWSERS =
  /^(accept(-.*)?|cache-control|pragma|priority|referer|sec-.*|upgrade-.*|user-agent)$/i

/** A request that was seen, to send it again. Undefined if its end was cut off, or it names no path of a program. */
export function draftOf({ program, request }: Exchange): Draft | undefined {
  const { method, url, headers, body } = request
  if (!url.startsWith('/') || Buffer.byteLength(body.text) < body.size) return undefined
  const { base, query } = splitAddress(url)
  const [type = ''] = headerValues(headers, 'content-type')
  const isForm = /^application\/x-www-form-urlencoded/i.test(type) && body.size > 0
  return {
    program,
    method,
    path: base,
    query: [...new URLSearchParams(query)],
    headers: headers.filter(([name]) => {
      const isOfForm = isForm && name.toLowerCase() === 'content-type'
      return !isOfForm && !isFromSending(name) && !FROM_BROWSERS.test(name)
    }),
    body: isForm
      ? { form: [...new URLSearchParams(body.text)] }
      : body.size > 0
        ? { text: body.text }
        : undefined,
  }
}
