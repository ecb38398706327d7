import { programsOf, titleOfProgram } from '@oauth-lab/course/programs/programs.ts'
import { shortName, versionBefore } from '@oauth-lab/course/programs/versions.ts'
import { preparedRequests } from '@oauth-lab/course/requests/all-requests.ts'
import { namesIn } from '@oauth-lab/course/requests/fresh-values.ts'
import { type Draft, troubleIn } from '@oauth-lab/course/requests/request-draft.ts'
import { ToldError } from '@oauth-lab/course/told-error.ts'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { type KnownVersion, knownVersions, requireVersion, titleOf } from '../known-versions.ts'
import { isForPart } from '../local-requests.ts'
import { found, PageTrouble } from '../page-trouble.ts'
import { answerIn, compareAnswers, viewAnswer } from '../requests/answer-view.ts'
import { sameAt } from '../requests/at-before.ts'
import { knownValues, withNewest } from '../requests/known-values.ts'
import { readPrinted } from '../requests/printed.ts'
import { change, readDraft, viewDraft } from '../requests/request-form.ts'
import { driverOf, fromLogins, sendTo } from '../requests/sender.ts'
import type { Slot } from '../runner.ts'
import { draftOf } from '../traffic/exchange-draft.ts'
import type { Message } from '../traffic/message.ts'
import { capital } from '../traffic/message-kind.ts'
import type { Workshop } from '../workshop.ts'

type Fields = Record<string, unknown>

/** What the editor opens with if nothing else is asked for. */
const EMPTY: Draft = {
  program: 'server',
  method: 'GET',
  path: '/',
  query: [],
  headers: [],
  body: undefined,
}

/** `/requests`: an editor that sends a request to a running program of the lab, and shows the response beside it. */
export async function requestPages(app: FastifyInstance, workshop: Workshop): Promise<void> {
  const { runner, traffic } = workshop

  app.get<{ Querystring: Fields }>('/requests/edit', ({ query }, reply) => {
    const slot = runner.require(query.slot)
    if (typeof query.prepared === 'string') return showPrepared(reply, slot, query.prepared)
    const { draft, filledIn } = askedFor(slot, query)
    const named = [...namesIn(draft)]
    return showPage(reply, slot, draft, filledIn && { filledIn, named })
  })

  // Other rows, without sending anything.
  app.post<{ Body: Fields }>('/requests/edit', (request, reply) => {
    const slot = runner.require(Object(request.body).slot)
    const draft = change(Object(request.body))
    if (!isForPart(request)) return showPage(reply, slot, draft)
    return reply.viewAsync('request-form', viewForm(slot, draft))
  })

  app.post<{ Body: Fields }>('/requests/send', async (request, reply) => {
    const slot = runner.require(Object(request.body).slot)
    const draft = readDraft(Object(request.body))
    const sent = await inWords(() => send(slot, draft))
    if (isForPart(request)) return reply.viewAsync('request-answers', { ...sent, isPart: true })
    return showPage(reply, slot, draft, sent)
  })

  // The same request, which is in the traffic, for the version before.
  app.post<{ Body: Fields }>('/requests/before', async (request, reply) => {
    const slot = runner.require(Object(request.body).slot)
    const message = traffic.require(slot, Object(request.body).message)
    const draft = draftIn(message)
    const sent = await inWords(() => compare(slot, message, draft))
    if (isForPart(request)) return reply.viewAsync('request-answers', { ...sent, isPart: true })
    return showPage(reply, slot, draft, sent)
  })

  async function send(slot: Slot, draft: Draft) {
    const { answer, message, filledIn } = await sendTo(workshop, slot, draft)
    return { answers: [viewAnswer(answer, slot, message)], fresh: filledIn, before: beforeOf(slot) }
  }

  async function compare(slot: Slot, message: Message, draft: Draft) {
    const older = found(beforeOf(slot), 'No version is before this one.')
    const { entries } = traffic.logOf(slot)
    const request = entries.find((entry): entry is Message => {
      return entry.kind === 'request' && entry.exchange === message.exchange
    })
    const began = request?.at ?? message.at
    const earlier = entries.filter(({ at }) => at < began)
    const now = viewAnswer(answerIn(message, began), slot, message)
    const other = await workshop.beside.require(older)
    const same = await fromLogins(workshop, other, () =>
      sameAt(draft, earlier, slot, other, driverOf(workshop, other)),
    )
    const sent = await sendTo(workshop, other, same.draft)
    const then = viewAnswer(sent.answer, other, sent.message)
    const { values } = traffic.logOf(slot)
    const replaced = same.replaced.map(({ value, what }) => ({
      name: values.of(value)?.name ?? 'cookies',
      what,
    }))
    return { answers: [now, then], verdict: compareAnswers(now, then), replaced, other }
  }

  /** The version that comes before the one in a slot. */
  function beforeOf({ version }: Slot): KnownVersion | undefined {
    const before = versionBefore(version.leadsTo ?? version)
    return before && requireVersion(before.name, workshop.playground)
  }

  /** What a person is told instead of a response is part of the page. */
  async function inWords<Data>(act: () => Promise<Data>) {
    try {
      return await act()
    } catch (error) {
      if (!(error instanceof ToldError || error instanceof PageTrouble)) throw error
      return { trouble: error.message }
    }
  }

  /** A prepared request of a lesson: `v02/no-state`. Its values come from logins, so only sending it fills them in. */
  function showPrepared(reply: FastifyReply, main: Slot, name: string) {
    const [version = '', id] = name.split('/')
    const known = knownVersions().find(
      (one) => one.leadsTo === undefined && shortName(one) === version,
    )
    const prepared = known && preparedRequests(known).find((request) => request.id === id)
    const { draft, first, expected } = found(
      prepared,
      'There is no prepared request with that name.',
    )
    const slot = workshop.beside.find(known as KnownVersion)
    return showPage(reply, slot ?? main, draft, {
      prepared: { first, expected, isAway: slot === undefined, version: known },
    })
  }

  function showPage(reply: FastifyReply, slot: Slot, draft: Draft, sent = {}) {
    return reply.viewAsync('request', {
      title: 'Change and send',
      styles: ['code', 'request'],
      wide: true,
      slots: runner.slots,
      ...viewForm(slot, draft),
      ...sent,
    })
  }

  function viewForm(slot: Slot, draft: Draft) {
    const log = traffic.logOf(slot)
    return {
      slot,
      version: titleOf(slot.version),
      isHolding: traffic.isHolding(slot),
      programs: programsOf(slot.version).listening.map((name) => ({
        name,
        title: capital(titleOfProgram(name)),
        address: slot.addresses[name],
      })),
      ...viewDraft(draft, (value) => log.values.of(value)?.name),
      known: knownValues(log),
    }
  }

  /** The request that the address of the page asks for. */
  function askedFor(slot: Slot, { message: id, http, curl }: Fields) {
    const block = curl ?? http
    if (typeof block === 'string') {
      const words = 'This is no whole request to a program that runs here.'
      const printed = found(readPrinted(block, slot.addresses), words)
      // A command sends some values on purpose, such as a made-up code.
      if (curl !== undefined) return { draft: printed, filledIn: [] }
      const { draft, names } = withNewest(printed, traffic.logOf(slot))
      return { draft, filledIn: names }
    }
    if (id === undefined) return { draft: EMPTY, filledIn: undefined }
    return { draft: draftIn(traffic.require(slot, id)), filledIn: undefined }
  }
}

/** @throws {PageTrouble} if the editor can't show the request, or the log has only its start */
function draftIn({ exchange }: Message): Draft {
  const draft = draftOf(exchange)
  if (draft === undefined || troubleIn(draft) !== undefined) {
    throw new PageTrouble(409, 'This request is too unusual or too long for the editor.')
  }
  return draft
}
