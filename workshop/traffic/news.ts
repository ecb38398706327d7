import {
  nameOfField,
  nameOfMessage,
  readWireSince,
} from '@oauth-lab/course/differences/wire-since.ts'
import type { Field } from './dissect.ts'
import { type Exchange, type Message, pathOf } from './message.ts'
import { grantTypeOf } from './message-kind.ts'

const since = readWireSince()

/** The headers that dissect.ts takes apart, by the sets of what is in them. */
const HEADERS = new Map([
  ['client authentication', 'Authorization'],
  ['resource request', 'Authorization'],
  ['challenge', 'WWW-Authenticate'],
  ['Basic challenge', 'WWW-Authenticate'],
  ['Bearer challenge', 'WWW-Authenticate'],
])
/** A browser keeps a cookie, and shows it everywhere: it is new where the first one is set. */
const COOKIE = /^cookie: (?:(?:new )?session|ended) cookie$|^cookie attribute:/
const FIRST_COOKIE = Math.min(
  ...[...since].filter(([name]) => name.endsWith(': Set-Cookie')).map(([, number]) => number),
)

/** Whether the version before has no such message at all. */
export function isNewMessage({ kind, exchange }: Message): boolean {
  return since.get(nameOf(exchange, kind)) === newestOf(exchange)
}

/** Whether the version before has that message, but not this part of it. */
export function isNewField({ kind, exchange }: Message, field: Field): boolean {
  return sinceOf(exchange, kind, field) === newestOf(exchange)
}

function sinceOf(exchange: Exchange, kind: Message['kind'], { name, topic }: Field) {
  if (COOKIE.test(topic)) return FIRST_COOKIE
  const field = HEADERS.get(topic.split(':', 1)[0] ?? '') ?? name
  const other: Message['kind'] = kind === 'answer' ? 'request' : 'answer'
  // A refusal gives back what came in, but no session of the wire difference is refused.
  return [kind, other]
    .map((half) => since.get(nameOfField(nameOf(exchange, half), field)))
    .find((number) => number !== undefined)
}

/** In the first version everything would be new, and so nothing is. */
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
