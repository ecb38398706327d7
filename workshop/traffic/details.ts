import { refusedBy } from '../requests/refusal.ts'
import { dissect, type Field } from './dissect.ts'
import { explanationOf } from './explanations.ts'
import type { TrafficLog } from './log.ts'
import { bodyIn, type Header, isCutOff, type Message } from './message.ts'
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

function headOf({ kind, exchange }: Message): string {
  const { method, url, httpVersion, headers } = exchange.request
  if (kind === 'request') return write(`${method} ${url} HTTP/${httpVersion}`, headers)
  const { status = 0, reason = '', headers: answered = [] } = exchange.answer ?? {}
  return write(`HTTP/${httpVersion} ${status} ${reason}`.trimEnd(), answered)
}

function write(first: string, headers: Header[]): string {
  return [first, ...headers.map(([name, value]) => `${name}: ${value}`)].join('\n')
}
