import { dissect, type Field } from './dissect.ts'
import {
  type Explanation,
  explainError,
  explainStatus,
  explanationOf,
  type Source,
} from './explanations.ts'
import type { TrafficLog } from './log.ts'
import type { Header, Message } from './message.ts'
import { type Place, placesOf } from './message-places.ts'
import { isNewField } from './news.ts'
import type { Piece, Values } from './values.ts'

/** Everything about a message. */
export interface Details {
  id: number
  sections: SectionView[]
  /** The meaning of the status, if it isn't obvious. */
  status: { what: string; source: Source } | undefined
  trouble: string | undefined
  places: Place[]
  /** The message as it was on the wire. */
  raw: Piece[]
  /** The size of the body in bytes, and how many aren't shown. */
  body: { text: Piece[]; size: number; isCut: boolean } | undefined
}

export interface SectionView {
  title: string
  minor: boolean
  fields: FieldView[]
}

export interface FieldView {
  name: string
  value: Piece[]
  isNew: boolean
  explanation: Explanation | undefined
  /** The meaning of the value, if it is an error code. */
  error: { what: string; source: Source } | undefined
}

/** An opened message, as a page shows it. */
export function detailsOf(message: Message, log: TrafficLog): Details {
  const { kind, exchange } = message
  const { values } = log
  const { text = '', size = 0 } =
    (kind === 'request' ? exchange.request : exchange.answer)?.body ?? {}
  return {
    id: message.id,
    sections: dissect(message).map(({ title, minor, fields }) => ({
      title,
      minor,
      fields: fields.map((field) => toFieldView(message, field, values)),
    })),
    status: kind === 'answer' ? explainStatus(exchange.answer?.status ?? 0) : undefined,
    trouble: exchange.trouble,
    places: placesOf(message),
    raw: values.find(headOf(message)),
    body:
      size === 0
        ? undefined
        : { text: values.find(text), size, isCut: Buffer.byteLength(text) < size },
  }
}

function toFieldView(message: Message, field: Field, values: Values): FieldView {
  const { name, value, topic } = field
  const named = values.of(value)
  return {
    name,
    value: named === undefined ? values.find(value) : [{ value, named }],
    isNew: isNewField(message, field),
    explanation: explanationOf(topic),
    error: name === 'error' ? explainError(value) : undefined,
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
