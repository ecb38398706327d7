import { dissect, type Field } from './dissect.ts'
import type { TrafficLog } from './log.ts'
import {
  type Channel,
  channelOf,
  type Entry,
  type Exchange,
  laneOf,
  type Message,
  type Note,
  type Party,
  pathOf,
  receiverOf,
  senderOf,
  wordsOf,
} from './message.ts'
import { titleOf } from './message-kind.ts'
import { isNewField, isNewMessage } from './news.ts'
import type { Named, Values } from './values.ts'

/** What a page shows of a message without being asked. */
export interface Row {
  kind: Entry['kind']
  id: number
  /** Rows stand in this order. */
  order: number
  time: string
  /** For a screen reader, and for a search. */
  sentence: string
}

export interface NoteRow extends Row {
  kind: 'note'
}

export interface MessageRow extends Row {
  kind: Message['kind']
  from: string
  to: string
  /** Whether the arrow points to the right, and the lanes that it goes between, from 1 on. */
  toRight: boolean
  lanes: [left: number, right: number]
  channel: Channel
  channelWords: string
  /** `GET /callback`, or the status of an answer. */
  label: string
  isRefusal: boolean
  title: string
  isNew: boolean
  waits: boolean
  trouble: string | undefined
  hints: Hint[]
}

/** A parameter in short. */
export interface Hint {
  name: string
  /** Where it is short and no secret. */
  value: string | undefined
  named: Named | undefined
  isNew: boolean
}

/** What to leave out. */
export interface Filter {
  channel: Channel | undefined
  /** Asked, or asking. */
  program: Party | undefined
  /** Anywhere in the message, in any case. */
  text: string
}

const CHANNEL_WORDS: Record<Channel, string> = {
  front: 'front channel',
  back: 'back channel',
  outside: 'from outside',
}

const LONGEST_HINT = 24
const MOST_HINTS = 20
const LONGEST_PATH = 200

/** The rows of a log that have changed since a revision, and pass a filter. */
export function rowsSince(
  log: TrafficLog,
  revision: number,
  filter: Filter,
): (MessageRow | NoteRow)[] {
  return log.entries
    .filter((entry) => entry.revision > revision && passes(entry, filter))
    .map((entry) => (entry.kind === 'note' ? toNoteRow(entry, log) : toRow(entry, log)))
}

/** Whether a filter lets an entry be seen. Notes belong to no channel, and are seen unless one looks for a text. */
export function passes(entry: Entry, { channel, program, text }: Filter): boolean {
  const words = text.trim().toLowerCase()
  if (entry.kind === 'note') return words === '' || entry.text.toLowerCase().includes(words)
  if (channel !== undefined && channelOf(entry) !== channel) return false
  if (program !== undefined && ![senderOf(entry), receiverOf(entry)].includes(program)) return false
  return words === '' || textOf(entry).includes(words)
}

/** One sentence that says what a message is. */
export function sentenceOf(message: Message): string {
  const { kind, exchange, waits } = message
  const asked = askedOf(exchange)
  const way = `${wordsOf(senderOf(message))} to ${wordsOf(receiverOf(message))}`
  const held = waits ? ', waiting' : ''
  if (kind === 'answer') return `${way}, ${exchange.answer?.status} to ${asked}${held}`
  return `${way}, ${asked}, ${fateOf(message)}`
}

function fateOf({ exchange, waits }: Message): string {
  if (waits) return 'waiting'
  if (exchange.answer !== undefined) return `answered ${exchange.answer.status}`
  return exchange.trouble === undefined ? 'no response yet' : 'never got a response'
}

/** Method and path in short. */
function askedOf(exchange: Exchange): string {
  const path = pathOf(exchange)
  const isLong = path.length > LONGEST_PATH
  return `${exchange.request.method} ${isLong ? `${path.slice(0, LONGEST_PATH)}...` : path}`
}

/** Minutes, seconds and milliseconds since the first entry. */
export function timeOf(at: number, log: TrafficLog): string {
  const passed = Math.max(0, Math.round(at - (log.began ?? at)))
  const seconds = (passed % 60_000) / 1000
  return `${Math.floor(passed / 60_000)}:${seconds.toFixed(3).padStart(6, '0')}`
}

function toNoteRow(note: Note, log: TrafficLog): NoteRow {
  const { id, at, text } = note
  return { kind: 'note', id, order: at, time: timeOf(at, log), sentence: text }
}

function toRow(message: Message, log: TrafficLog): MessageRow {
  const { kind, id, at, exchange, waits } = message
  const [from, to] = [senderOf(message), receiverOf(message)]
  const [begin, end] = [laneOf(from), laneOf(to)]
  const channel = channelOf(message)
  const status = exchange.answer?.status ?? 0
  const gotNone = kind === 'request' && exchange.answer !== undefined
  return {
    kind,
    id,
    order: at,
    time: timeOf(at, log),
    sentence: sentenceOf(message),
    from: wordsOf(from),
    to: wordsOf(to),
    toRight: begin < end,
    lanes: [Math.min(begin, end), Math.max(begin, end)],
    channel,
    channelWords: CHANNEL_WORDS[channel],
    label: kind === 'request' ? askedOf(exchange) : String(status),
    isRefusal: kind === 'answer' && status >= 400,
    title: titleOf(message),
    isNew: isNewMessage(message),
    waits,
    trouble: gotNone ? undefined : exchange.trouble,
    hints: hintsOf(message, log.values),
  }
}

/** What one follows from message to message, and what a version adds. */
function hintsOf(message: Message, values: Values): Hint[] {
  const fields = dissect(message)
    .filter(({ minor }) => !minor)
    .flatMap((section) => section.fields)
  return fields
    .filter((field) => isTelling(field) || (isNewField(message, field) && isParameter(field)))
    .slice(0, MOST_HINTS)
    .map((field) => toHint(message, field, values))
}

function isTelling({ name, kind }: Field): boolean {
  if (kind !== undefined) return kind !== 'client id' && kind !== 'client credentials'
  return ['error', 'grant_type'].includes(name)
}

function isParameter({ topic }: Field): boolean {
  return !topic.startsWith('cookie attribute') && topic !== 'header: location'
}

function toHint(message: Message, field: Field, values: Values): Hint {
  const { name, value, topic, kind } = field
  const named = values.of(value)
  // A value that is followed is a secret, also when it was met too long ago to have a name.
  const isShort = kind === undefined && value.length <= LONGEST_HINT
  return {
    name: topic.endsWith('cookie') ? 'cookie' : name,
    value: isShort ? value : undefined,
    named,
    isNew: isNewField(message, field),
  }
}

function textOf(message: Message): string {
  const { exchange, kind } = message
  const { request, answer } = exchange
  const parts =
    kind === 'request'
      ? [request.method, request.url, ...request.headers.flat(), request.body.text]
      : [answer?.status, answer?.reason, ...(answer?.headers ?? []).flat(), answer?.body.text]
  return [sentenceOf(message), titleOf(message), ...parts].join('\n').toLowerCase()
}
