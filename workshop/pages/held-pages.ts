import type { Draft } from '@oauth-lab/course/requests/request-draft.ts'
import { ToldError } from '@oauth-lab/course/told-error.ts'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { isForPart } from '../local-requests.ts'
import { PageTrouble } from '../page-trouble.ts'
import { answerChanges, hasWholeBody, heldDraft, requestChanges } from '../requests/held-form.ts'
import { knownValues } from '../requests/known-values.ts'
import { change, isAboutRows, readDraft, viewDraft } from '../requests/request-form.ts'
import type { Slot } from '../runner.ts'
import type { Message } from '../traffic/message.ts'
import { sentenceOf } from '../traffic/row.ts'
import type { Workshop } from '../workshop.ts'

type Fields = Record<string, unknown>

/** A held message, and the path of the lesson beside which it was shown, if there was one. */
interface Held {
  slot: Slot
  message: Message
  from: string | undefined
  /** Of a response, if a person has typed one. */
  status?: string
}

/** `/requests/held`: changes a held message before it is sent on. */
export async function heldPages(app: FastifyInstance, workshop: Workshop): Promise<void> {
  const { runner, traffic } = workshop

  app.get<{ Querystring: Fields }>('/requests/held', ({ query, headers }, reply) => {
    const { slot, message } = find(query)
    const held = { slot, message, from: lessonIn(headers.referer) }
    return showPage(reply, held, heldDraft(message))
  })

  app.post<{ Body: Fields }>('/requests/held', (request, reply) => {
    const fields: Fields = Object(request.body)
    const { slot, message } = find(fields)
    const status = String(fields.status ?? '').trim()
    const held = { slot, message, from: lessonIn(`none:${fields.from}`), status }
    if (isAboutRows(fields)) {
      const draft = change(fields)
      if (!isForPart(request)) return showPage(reply, held, draft)
      return reply.viewAsync('request-held-form', viewHeld(held, draft))
    }
    const draft = readDraft(fields)
    try {
      const isRequest = message.kind === 'request'
      const changes = isRequest
        ? requestChanges(draft, message)
        : answerChanges(status, draft, message)
      traffic.letGo(slot, message, changes)
    } catch (error) {
      if (!(error instanceof ToldError)) throw error
      return showPage(reply, held, draft, error.message)
    }
    return reply.redirect(wayBack(held), 303)
  })

  function find(fields: Fields): { slot: Slot; message: Message } {
    const slot = runner.require(fields.slot)
    const message = traffic.logOf(slot).message(Number(fields.message))
    if (message?.waits !== true) {
      throw new PageTrouble(409, 'This message was already sent on, so nothing can change it.')
    }
    return { slot, message }
  }

  function showPage(reply: FastifyReply, held: Held, draft: Draft, trouble?: string) {
    return reply.code(trouble === undefined ? 200 : 400).viewAsync('request-held', {
      title: 'Change a held message',
      styles: ['request'],
      sentence: sentenceOf(held.message),
      ...viewHeld(held, draft),
      trouble,
    })
  }

  function viewHeld(held: Held, draft: Draft) {
    const { slot, message } = held
    const log = traffic.logOf(slot)
    return {
      status: message.exchange.answer?.status,
      ...held,
      wayBack: wayBack(held),
      hasWholeBody: hasWholeBody(message),
      known: knownValues(log),
      ...viewDraft(draft, (value) => log.values.of(value)?.name),
    }
  }
}

/** The path in an address, if it is that of a lesson. */
function lessonIn(address = ''): string | undefined {
  const path = URL.canParse(address) ? new URL(address).pathname : ''
  return /^\/lessons(\/[\w-]+){1,2}$/.test(path) ? path : undefined
}

function wayBack({ slot, message, from = `/traffic?slot=${slot.id}` }: Held): string {
  return `${from}#message-${message.id}`
}
