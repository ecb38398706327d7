import { programsOf, titleOfProgram } from '@oauth-lab/course/programs/programs.ts'
import { type Draft, METHODS, troubleIn } from '@oauth-lab/course/requests/draft.ts'
import { ToldError } from '@oauth-lab/course/told-error.ts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { titleOf } from '../known-versions.ts'
import { isForPart } from '../local-requests.ts'
import { found, PageTrouble } from '../page-trouble.ts'
import { viewAnswer } from '../requests/answer-view.ts'
import { knownValues, withNewest } from '../requests/known-values.ts'
import { readPrinted } from '../requests/printed.ts'
import { change, readDraft, SECTIONS } from '../requests/request-form.ts'
import { sendTo } from '../requests/sender.ts'
import type { Slot } from '../runner.ts'
import { draftOf } from '../traffic/draft.ts'
import { capital } from '../traffic/message-kind.ts'
import type { Workshop } from '../workshop.ts'

type Fields = Record<string, unknown>
type Asked = FastifyRequest<{ Querystring: Fields; Body: Fields }>

/** What the editor opens with if nothing else is asked for. */
const EMPTY: Draft = {
  program: 'server',
  method: 'GET',
  path: '/',
  query: [],
  headers: [],
  body: undefined,
}
/** How many empty rows each section has at its end. */
const EMPTY_ROWS = 1

/** `/requests`: an editor that sends a request to a running program of the lab, and shows the response beside it. */
export async function requestPages(app: FastifyInstance, workshop: Workshop): Promise<void> {
  const { runner, traffic } = workshop

  app.get<{ Querystring: Fields }>('/requests/edit', ({ query }, reply) => {
    const slot = slotOf(query)
    if (slot === undefined) return reply.viewAsync('request-none', { title: 'Change and send' })
    const { draft, ...note } = askedFor(slot, query)
    return showPage(reply, slot, draft, note)
  })

  // Other rows, without sending anything.
  app.post<{ Body: Fields }>('/requests/edit', (request, reply) => {
    const slot = required(request as Asked)
    const draft = change(Object(request.body))
    if (!isForPart(request)) return showPage(reply, slot, draft)
    return reply.viewAsync('request-form', viewForm(slot, draft))
  })

  app.post<{ Body: Fields }>('/requests/send', async (request, reply) => {
    const slot = required(request as Asked)
    const draft = readDraft(Object(request.body))
    const sent = await trySending(slot, draft)
    if (isForPart(request)) return reply.viewAsync('request-answers', sent)
    return showPage(reply, slot, draft, sent)
  })

  async function trySending(slot: Slot, draft: Draft) {
    try {
      const { answer, message } = await sendTo(workshop, slot, draft)
      return { answers: [viewAnswer(answer, slot, message)] }
    } catch (error) {
      if (!(error instanceof ToldError || error instanceof PageTrouble)) throw error
      return { trouble: error.message }
    }
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
    const { body } = draft
    const rows = {
      query: draft.query,
      header: draft.headers,
      form: body !== undefined && 'form' in body ? body.form : [],
    }
    return {
      slot,
      version: titleOf(slot.version),
      isHolding: traffic.isHolding(slot),
      draft,
      trouble: undefined,
      answers: [],
      methods: METHODS,
      programs: programsOf(slot.version).listening.map((name) => ({
        name,
        title: capital(titleOfProgram(name)),
        address: slot.addresses[name],
      })),
      bodyKind: body === undefined ? 'none' : 'form' in body ? 'form' : 'text',
      text: body !== undefined && 'text' in body ? body.text : '',
      sections: Object.entries(SECTIONS).map(([section, title]) => {
        const own = rows[section as keyof typeof rows]
        return {
          section,
          title,
          values: section === 'header' ? 'header-values' : 'parameter-values',
          rows: [...own, ...Array(EMPTY_ROWS).fill(['', ''])].map(([name, value]) => ({
            name,
            value,
            known: log.values.of(value)?.name,
          })),
        }
      }),
      known: knownValues(log),
    }
  }

  /** The request that the address of the page asks for. */
  function askedFor(slot: Slot, { message: id, http }: Fields) {
    if (typeof http === 'string') {
      const printed = readPrinted(http, slot.addresses)
      const words = 'This is no whole request to a program that runs here.'
      const { draft, names } = withNewest(found(printed, words), traffic.logOf(slot))
      return { draft, filledIn: names }
    }
    if (id === undefined) return { draft: EMPTY }
    const message = traffic.logOf(slot).message(Number(id))
    const { exchange } = found(message, 'That message is gone: the log keeps only the latest ones.')
    const draft = draftOf(exchange)
    const trouble = draft && troubleIn(draft)
    if (draft === undefined || (trouble !== undefined && !METHODS.includes(draft.method))) {
      throw new PageTrouble(409, 'This request is too unusual or too long for the editor.')
    }
    return { draft }
  }

  function required({ body }: Asked): Slot {
    const slot = slotOf(Object(body))
    return found(slot, 'Nothing is running yet. Start a version on the Run page.')
  }

  function slotOf({ slot }: Fields): Slot | undefined {
    return slot === undefined ? runner.main : runner.require(slot)
  }
}
