import { programsOf } from '@oauth-lab/course/programs/programs.ts'
import { curlOf } from '@oauth-lab/course/requests/curl.ts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isForPart } from '../local-requests.ts'
import type { Slot } from '../runner.ts'
import { detailsOf } from '../traffic/details.ts'
import { draftOf } from '../traffic/exchange-draft.ts'
import { tokenFields } from '../traffic/explanations.ts'
import { toHar } from '../traffic/har.ts'
import type { TrafficLog } from '../traffic/log.ts'
import { maskExchange } from '../traffic/masked.ts'
import { lanesAmong, partiesOf, wordsOf } from '../traffic/message.ts'
import { capital, kindOf } from '../traffic/message-kind.ts'
import {
  CHANNEL_WORDS,
  type Filter,
  listSince,
  NO_FILTER,
  passing,
  sentenceOf,
  viewLogin,
} from '../traffic/row.ts'
import { now } from '../traffic/traffic.ts'
import type { Workshop } from '../workshop.ts'
import { viewLifetimes } from './run-pages.ts'

type Fields = Record<string, unknown>

/** `/traffic`: each message between browser and programs as it is sent, and the buttons to hold it. */
export async function trafficPages(
  app: FastifyInstance,
  { runner, traffic }: Workshop,
): Promise<void> {
  app.get<{ Querystring: Fields }>('/traffic', ({ query }, reply) => {
    const slot = runner.require(query.slot)
    const filter = readFilter(query)
    return reply.viewAsync('traffic', {
      title: 'Traffic',
      tokenFields,
      styles: ['lanes', 'traffic', 'token', 'clock'],
      scripts: ['traffic', 'clock'],
      wide: true,
      slots: runner.slots,
      query: new URLSearchParams({ slot: slot.id, ...filter }).toString(),
      ...rowsOf(slot, filter, undefined),
      ...choicesOf(slot, filter),
      ...whatWaits(slot),
      ...viewLifetimes(slot, traffic),
    })
  })

  // The same beside a lesson.
  app.get('/traffic/beside', (_request, reply) => {
    const slot = runner.main
    if (slot === undefined) return reply.viewAsync('split-rows')
    const rows = rowsOf(slot, NO_FILTER, undefined)
    return reply.viewAsync('split-rows', { tokenFields, ...rows, ...whatWaits(slot) })
  })

  // The parts that are requested again after a change.
  app.get<{ Querystring: Fields }>('/traffic/rows', ({ query }, reply) => {
    const slot = runner.require(query.slot)
    const filter = readFilter(query)
    const rows = rowsOf(slot, filter, query.after)
    return reply.viewAsync('traffic-changes', { ...rows, ...choicesOf(slot, filter) })
  })
  app.get<{ Querystring: Fields }>('/traffic/waiting', ({ query }, reply) => {
    return reply.viewAsync('traffic-waiting', whatWaits(runner.require(query.slot)))
  })
  app.get<{ Querystring: Fields }>('/traffic/message', ({ query }, reply) => {
    const slot = runner.require(query.slot)
    const message = traffic.require(slot, query.id)
    const draft = draftOf(message.exchange)
    return reply.viewAsync('traffic-message', {
      ...detailsOf(message, traffic.logOf(slot)),
      slot,
      link: `/traffic?slot=${slot.id}#message-${message.id}`,
      curl: draft && draft.program in slot.ports ? curlOf(draft, slot.addresses) : undefined,
    })
  })

  app.post<{ Body: Fields }>('/traffic/clear', (request, reply) => {
    traffic.clear(runner.require(read(request).slot))
    return back(request, reply)
  })
  app.post<{ Body: Fields }>('/traffic/hold', (request, reply) => {
    traffic.hold(runner.require(read(request).slot), read(request).on === 'true')
    return back(request, reply)
  })
  app.post<{ Body: Fields }>('/traffic/next', (request, reply) => {
    const { message } = read(request)
    const slot = runner.require(read(request).slot)
    traffic.letGo(slot, message === undefined ? undefined : traffic.require(slot, message))
    return back(request, reply)
  })

  app.get<{ Querystring: Fields }>('/traffic/har', ({ query }, reply) => {
    const slot = runner.require(query.slot)
    const log = traffic.logOf(slot)
    const offset = Date.now() - now()
    const filter = readFilter(query)
    const har = toHar(passing(log, filter), {
      addresses: slot.addresses,
      toDate: (at) => new Date(at + offset),
      show: (exchange) => (query.secrets === '1' ? exchange : maskExchange(exchange, log.values)),
    })
    const name = `${slot.version.id}.har`
    reply.header('content-disposition', `attachment; filename="${name}"`)
    return reply.type('application/json').send(`${JSON.stringify(har, null, 2)}\n`)
  })

  /** The rows that a page needs after a mark, or all rows if the mark is from another list. */
  function rowsOf(slot: Slot, filter: Filter, after: unknown) {
    const log = traffic.logOf(slot)
    const lanes = lanesOf(slot, log)
    // With another lane, all rows look different.
    const list = `${traffic.instance} ${log.epoch} ${lanes.join('-')}`
    const [instance, epoch, shown, revision] = String(after ?? '').split(' ')
    const isWhole = `${instance} ${epoch} ${shown}` !== list
    const changes = listSince(log, isWhole ? 0 : Number(revision), filter, lanes)
    return {
      slot,
      lanes: lanes.map((name) => ({ name, title: capital(wordsOf(name)) })),
      ...changes,
      // Read last: to find the logins changes it.
      mark: `${list} ${log.revision}`,
    }
  }

  /** What the messages can be filtered by. What is chosen stays a choice, even if the log has no such message anymore. */
  function choicesOf(slot: Slot, filter: Filter) {
    const log = traffic.logOf(slot)
    const kinds = log.entries.flatMap((entry) => (entry.kind === 'note' ? [] : [kindOf(entry)]))
    const choices = {
      channel: Object.entries(CHANNEL_WORDS),
      program: lanesOf(slot, log).map((name) => [name, wordsOf(name)]),
      kind: [...new Set(kinds)].sort().map((kind) => [kind, kind]),
      login: log.logins.all.map((login) => {
        const { id, time, who, fate } = viewLogin(login, log)
        return [String(id), `${time} ${who}: ${fate}`]
      }),
    }
    return { filter, choices }
  }

  function whatWaits(slot: Slot) {
    const waiting = traffic.logOf(slot).waiting.map((message) => sentenceOf(message))
    return { slot, waiting, isHolding: traffic.isHolding(slot) }
  }

  /** Without script a form redirects to the page. With script the page gets an event. */
  async function back(request: FastifyRequest<{ Body: Fields }>, reply: FastifyReply) {
    const slot = runner.require(read(request).slot)
    if (!isForPart(request)) {
      return reply.redirect(`/traffic?slot=${slot.id}`, 303)
    }
    return reply.viewAsync('traffic-waiting', whatWaits(slot))
  }
}

/** The lanes of the running programs, and of all that appear in the log. */
function lanesOf({ version }: Slot, { entries }: TrafficLog): string[] {
  const { listening, ending } = programsOf(version)
  return lanesAmong([...listening, ...ending, ...partiesOf(entries)])
}

function readFilter(fields: Fields): Filter {
  const given = Object.entries(fields).filter(([name, value]) => {
    return Object.hasOwn(NO_FILTER, name) && typeof value === 'string'
  })
  return { ...NO_FILTER, ...Object.fromEntries(given) }
}

function read({ body }: FastifyRequest<{ Body: Fields }>): Fields {
  return Object(body)
}
