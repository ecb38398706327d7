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

/** A message in the list, before it is opened. */
export interface Row {
  kind: Entry['kind']
  id: number
  /** The position among the rows. */
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
  /** Whether the arrow points to the right, and the lanes it connects, counted from 1. */
  toRight: boolean
  lanes: [left: number, right: number]
  channel: Channel
  channelWords: string
  /** `GET /callback`, or the status of a response. */
  label: string
  isRefusal: boolean
  title: string
  isNew: boolean
  waits: boolean
  trouble: string | undefined
  hints: Hint[]
}

/** A shortened parameter. */
export interface Hint {
  name: string
  /** If it is short and not secret. */
  value: string | undefined
  named: Named | undefined
  isNew: boolean
}

/** Which messages to show. */
export interface Filter {
  channel: Channel | undefined
  /** The sender or the receiver. */
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

/** The rows of a log that changed since a revision and pass a filter. */
export function rowsSince(
  log: TrafficLog,
  revision: number,
  filter: Filter,
): (MessageRow | NoteRow)[] {
  return log.entries
    .filter((entry) => entry.revision > revision && passes(entry, filter))
    .map((entry) => (entry.kind === 'note' ? toNoteRow(entry, log) : toRow(entry, log)))
}

/** Whether an entry passes a filter. Notes belong to no channel, so only a search for text hides them. */
export function passes(entry: Entry, { channel, program, text }: Filter): boolean {
  const words = text.trim().toLowerCase()
  if (entry.kind === 'note') return words === '' || entry.text.toLowerCase().includes(words)
  if (channel !== undefined && channelOf(entry) !== channel) return false
  if (program !== undefined && ![senderOf(entry), receiverOf(entry)].includes(program)) return false
  return words === '' || textOf(entry).includes(words)
}

/** A message in one sentence. */
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

/** Method and path, shortened. */
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

/** The values to follow from message to message, and what a version adds. */
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
  // A value to follow is a secret, even if it was seen too long ago to have a name.
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
