import { dissect, type Field } from './dissect.ts'
import type { TrafficLog } from './log.ts'
import type { Login } from './login.ts'
import {
  arrowBetween,
  type Channel,
  channelOf,
  type Entry,
  type Exchange,
  type Message,
  pathOf,
  receiverOf,
  senderOf,
  wordsOf,
} from './message.ts'
import { kindOf, titleOf } from './message-kind.ts'
import { isNewField, isNewMessage } from './news.ts'
import type { Values } from './values.ts'

/** Which messages to show: all. */
export const NO_FILTER = {
  channel: '',
  /** Anywhere in the message, in any case. */
  text: '',
  /** The sender or the receiver. */
  program: '',
  kind: '',
  /** The id of a login. */
  login: '',
}
export type Filter = typeof NO_FILTER

export const CHANNEL_WORDS: Record<Channel, string> = {
  front: 'front channel',
  back: 'back channel',
  editor: 'from the request editor',
  outside: 'from outside',
}

const LONGEST_HINT = 24
const MOST_HINTS = 20
const LONGEST_PATH = 200

/** The rows of a log that changed since a revision and pass a filter, in a diagram with these lanes. */
export function rowsSince(log: TrafficLog, revision: number, filter: Filter, lanes: string[]) {
  return passing(log, filter)
    .filter((entry) => entry.revision > revision)
    .map((entry) => viewRow(entry, log, lanes))
}

/**
 * The rows that changed since a revision, those of a login below its heading. Only the rows of messages that pass the
 * filter remain, and every heading above one of these is written again.
 */
export function listSince(log: TrafficLog, revision: number, filter: Filter, lanes: string[]) {
  const entries = passing(log, filter)
  const rows = rowsSince(log, revision, filter, lanes)
  const shown = new Set(entries.map((entry) => loginOf(log, entry)))
  const logins = log.logins.all
    .filter((login) => shown.has(login))
    .map((login) => ({
      ...viewLogin(login, log),
      kind: 'login' as const,
      rows: rows.filter((row) => row.login === login.id),
    }))
  const others = rows.filter((row) => row.login === undefined)
  return {
    items: [...logins, ...others].sort((one, other) => one.order - other.order),
    ids: entries.map(({ id }) => id),
  }
}

/** The entries that pass a filter. */
export function passing(log: TrafficLog, filter: Filter): Entry[] {
  return log.entries.filter((entry) => passes(entry, filter, loginOf(log, entry)))
}

/** Notes belong to no channel, program or kind, so only a search for text and the choice of a login hide them. */
function passes(entry: Entry, filter: Filter, login: Login | undefined): boolean {
  const words = filter.text.trim().toLowerCase()
  if (filter.login !== '' && String(login?.id) !== filter.login) return false
  if (entry.kind === 'note') return words === '' || entry.text.toLowerCase().includes(words)
  const isChannel = Object.hasOwn(CHANNEL_WORDS, filter.channel)
  if (isChannel && channelOf(entry) !== filter.channel) return false
  const parties = [senderOf(entry), receiverOf(entry)]
  if (filter.program !== '' && !parties.includes(filter.program)) return false
  if (filter.kind !== '' && kindOf(entry) !== filter.kind) return false
  return words === '' || textOf(entry).includes(words)
}

/** The heading of a login: who, which client, and how it ended. */
export function viewLogin(login: Login, log: TrafficLog) {
  const { id, at, who, fate, tone } = login
  return { id, order: at, time: timeOf(at, log), who, fate, tone }
}

function loginOf(log: TrafficLog, entry: Entry): Login | undefined {
  return entry.kind === 'note' ? undefined : log.logins.of(entry)
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
  if (exchange.answer !== undefined) return `response ${exchange.answer.status}`
  return exchange.trouble === undefined ? 'no response yet' : 'never got a response'
}

/** Method and path, shortened. */
function askedOf(exchange: Exchange): string {
  const path = pathOf(exchange)
  const isLong = path.length > LONGEST_PATH
  return `${exchange.request.method} ${isLong ? `${path.slice(0, LONGEST_PATH)}...` : path}`
}

/** Minutes, seconds and milliseconds since the first entry. */
function timeOf(at: number, log: TrafficLog): string {
  const passed = Math.max(0, Math.round(at - (log.began ?? at)))
  const seconds = (passed % 60_000) / 1000
  return `${Math.floor(passed / 60_000)}:${seconds.toFixed(3).padStart(6, '0')}`
}

/** The data of a row before someone opens it. */
function viewRow(entry: Entry, log: TrafficLog, lanes: string[]) {
  const { kind, id, at } = entry
  const time = timeOf(at, log)
  const login = loginOf(log, entry)?.id
  if (kind === 'note') return { kind, id, login, order: at, time, sentence: entry.text }
  const { exchange, waits } = entry
  const [from, to] = [senderOf(entry), receiverOf(entry)]
  const channel = channelOf(entry)
  const status = exchange.answer?.status ?? 0
  const gotNone = kind === 'request' && exchange.answer !== undefined
  return {
    kind,
    id,
    login,
    /** The page sorts its rows by this. */
    order: at,
    time,
    /** For a screen reader. */
    sentence: sentenceOf(entry),
    from: wordsOf(from),
    to: wordsOf(to),
    arrow: arrowBetween(from, to, lanes),
    channel,
    channelWords: CHANNEL_WORDS[channel],
    label: kind === 'request' ? askedOf(exchange) : String(status),
    isRefusal: kind === 'answer' && status >= 400,
    title: titleOf(entry),
    isNew: isNewMessage(entry),
    isChanged: entry.isChanged,
    waits,
    trouble: gotNone ? undefined : exchange.trouble,
    hints: hintsOf(entry, log.values),
  }
}

/** In short, the values to follow from message to message, and what a version adds. */
function hintsOf(message: Message, values: Values) {
  const fields = dissect(message)
    .filter(({ minor }) => !minor)
    .flatMap((section) => section.fields)
  const told = fields.filter((field) => {
    return isTelling(field) || (isNewField(message, field) && isParameter(field))
  })
  // A bearer error is in the header and in the JSON.
  const keys = new Set<string>()
  return told
    .filter(({ name, value }) => keys.size < keys.add(`${name} ${value}`).size)
    .slice(0, MOST_HINTS)
    .map((field) => {
      const { name, value, topic, kind } = field
      // A value to follow is a secret, even if it is too old to still have a name.
      const isShort = kind === undefined && value.length <= LONGEST_HINT
      return {
        name: topic.endsWith('cookie') ? 'cookie' : name,
        value: isShort ? value : undefined,
        named: values.of(value),
        isNew: isNewField(message, field),
      }
    })
}

function isTelling({ name, kind }: Field): boolean {
  if (kind !== undefined) return kind !== 'client id' && kind !== 'client credentials'
  return ['error', 'grant_type', 'scope', 'decision'].includes(name)
}

function isParameter({ topic }: Field): boolean {
  return !topic.startsWith('cookie attribute') && topic !== 'header: location'
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
