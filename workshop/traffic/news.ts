import type { Field } from './dissect.ts'
import { explanationOf } from './explanations.ts'
import { type Exchange, type Message, pathOf } from './message.ts'
import { setOfForm } from './message-kind.ts'

/** Messages that are not there from the first version on. */
const SINCE: Record<string, number> = {
  'client GET /profile': 4,
  'client POST /logout': 4,
  'server GET /api/me': 4,
}

/** Parts that some messages have later than others: `/callback` answers with a page up to v03. */
const PARTS_SINCE: Record<string, number> = {
  'client GET /callback header: location': 4,
}

/** Whether the version before has no such message at all. */
export function isNewMessage({ exchange }: Message): boolean {
  const isRefresh = setOfForm(exchange) === 'refresh request'
  return (isRefresh ? 5 : (SINCE[nameOf(exchange)] ?? 1)) === newestOf(exchange)
}

/** Whether the version before has that message, but not this part of it. */
export function isNewField({ kind, exchange }: Message, { topic }: Field): boolean {
  const later = kind === 'answer' ? PARTS_SINCE[`${nameOf(exchange)} ${topic}`] : undefined
  return (later ?? explanationOf(topic)?.since) === newestOf(exchange)
}

/** In the first version everything would be new, and so nothing is. */
function newestOf({ version }: Exchange): number | undefined {
  return version.number > 1 ? version.number : undefined
}

function nameOf(exchange: Exchange): string {
  return `${exchange.program} ${exchange.request.method} ${pathOf(exchange)}`
}
