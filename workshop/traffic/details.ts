import { refusedBy } from '../requests/refusal.ts'
import { dissect, type Field } from './dissect.ts'
import { explanationOf } from './explanations.ts'
import type { TrafficLog } from './log.ts'
import { bodyIn, isCutOff, type Message } from './message.ts'
import { placesOf } from './message-places.ts'
import { isNewField } from './news.ts'

/** Three parts of base64url, and the first starts like a JSON object. */
const JWT = /^eyJ[\w-]+\.[\w-]+\.[\w-]*$/

/** Everything about a message, for a page where someone opened it. */
export function detailsOf(message: Message, { values }: TrafficLog) {
  const { kind, exchange } = message
  const body = bodyIn(message)
  return {
    id: message.id,
    kind,
    sections: dissect(message).map(({ title, minor, fields }) => ({
      title,
      minor,
      fields: fields.map(viewField),
    })),
    status: kind === 'answer' ? explanationOf(`status: ${exchange.answer?.status}`) : undefined,
    trouble: exchange.trouble,
    places: placesOf(message),
    refused: refusedBy(exchange),
    isChanged: message.isChanged,
    /** The message as it was on the wire. */
    raw: values.find(headOf(message)),
    /** The body with its size in bytes, and whether it is shown only in part. */
    body:
      body.size === 0
        ? undefined
        : { text: values.find(body.text), size: body.size, isCut: isCutOff(body) },
  }

  function viewField(field: Field) {
    const { name, value, topic } = field
    const named = values.of(value)
    return {
      name,
      value: named === undefined ? values.find(value) : [{ value, named }],
      /** The value, if the page can take it apart. */
      jwt: JWT.test(value) ? value : undefined,
      isNew: isNewField(message, field),
      explanation: explanationOf(topic),
      error: name === 'error' ? explanationOf(`error code: ${value}`) : undefined,
    }
  }
}

function headOf({ kind, exchange: { request, answer } }: Message): string {
  const { status = 0, reason = '' } = answer ?? {}
  const first =
    kind === 'request'
      ? `${request.method} ${request.url} HTTP/${request.httpVersion}`
      : `HTTP/${request.httpVersion} ${status} ${reason}`.trimEnd()
  const headers = (kind === 'request' ? request : answer)?.headers ?? []
  return [first, ...headers.map((pair) => pair.join(': '))].join('\n')
}
