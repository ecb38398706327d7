import {
  nameOfField,
  nameOfMessage,
  readWireSince,
} from '@oauth-lab/course/differences/wire-since.ts'
import type { Field } from './dissect.ts'
import { type Exchange, type Message, pathOf } from './message.ts'
import { grantTypeOf } from './message-kind.ts'

const since = readWireSince()

/** The headers that dissect.ts parses, by the sets of their parts. */
const HEADERS = new Map([
  ['client authentication', 'Authorization'],
  ['resource request', 'Authorization'],
  ['challenge', 'WWW-Authenticate'],
  ['Basic challenge', 'WWW-Authenticate'],
  ['Bearer challenge', 'WWW-Authenticate'],
])
const COOKIE = /^cookie: (?:(?:new )?session|ended) cookie$|^cookie attribute:/

/** Whether the version before has no such message. */
export function isNewMessage({ kind, exchange }: Message): boolean {
  return since.get(nameOf(exchange, kind)) === newestOf(exchange)
}

/** Whether the version before has that message, but not this part of it. */
export function isNewField({ kind, exchange }: Message, { name, topic }: Field): boolean {
  const field = HEADERS.get(topic.split(':', 1)[0] ?? '') ?? name
  const number = COOKIE.test(topic)
    ? firstCookieOf(kind === 'answer' ? exchange.program : '')
    : since.get(nameOfField(nameOf(exchange, kind), field))
  return number === newestOf(exchange)
}

/** A browser sends a cookie everywhere, so it counts as new only where a program first sets one. */
function firstCookieOf(program: string): number {
  const set = [...since].filter(([name]) => {
    return name.startsWith(`answer of ${program}`) && name.endsWith(': Set-Cookie')
  })
  return Math.min(...set.map(([, number]) => number))
}

/** In the first version everything would be new, so nothing is marked. */
function newestOf({ version }: Exchange): number {
  return version.number > 1 ? version.number : Number.NaN
}

function nameOf(exchange: Exchange, kind: Message['kind']): string {
  const { program, request } = exchange
  return nameOfMessage({
    program,
    request: `${request.method} ${pathOf(exchange)}`,
    grantType: grantTypeOf(request.body.text),
    isAnswer: kind === 'answer',
  })
}
