import type { Draft } from '@oauth-lab/course/requests/draft.ts'
import { ToldError } from '@oauth-lab/course/told-error.ts'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { isForPart } from '../local-requests.ts'
import { PageTrouble } from '../page-trouble.ts'
import {
  answerChanges,
  type HeldAnswer,
  hasWholeBody,
  heldAnswer,
  requestChanges,
} from '../requests/held-form.ts'
import { knownValues } from '../requests/known-values.ts'
import {
  change,
  isAboutRows,
  readDraft,
  readHeldAnswer,
  viewDraft,
  viewRows,
} from '../requests/request-form.ts'
import type { Slot } from '../runner.ts'
import { wholeDraftOf } from '../traffic/draft.ts'
import type { Message } from '../traffic/message.ts'
import { sentenceOf } from '../traffic/row.ts'
import type { Workshop } from '../workshop.ts'

type Fields = Record<string, unknown>

/** What a person makes of a held message. */
type Edited = { draft: Draft } | HeldAnswer

/** A held message, and the path of the lesson beside which it was shown, if there was one. */
interface Held {
  slot: Slot
  message: Message
  from: string | undefined
}

/** `/requests/held`: changes a held message before it is sent on. */
export async function heldPages(app: FastifyInstance, workshop: Workshop): Promise<void> {
  const { runner, traffic } = workshop

  app.get<{ Querystring: Fields }>('/requests/held', ({ query, headers }, reply) => {
    const { slot, message } = find(query)
    const held = { slot, message, from: lessonIn(headers.referer) }
    const { kind, exchange } = message
    const edited = kind === 'request' ? { draft: wholeDraftOf(exchange) } : heldAnswer(exchange)
    return showPage(reply, held, edited)
  })

  app.post<{ Body: Fields }>('/requests/held', (request, reply) => {
    const fields: Fields = Object(request.body)
    const { slot, message } = find(fields)
    const held = { slot, message, from: lessonIn(`none:${fields.from}`) }
    const isRequest = message.kind === 'request'
    if (isAboutRows(fields)) {
      const draft = change(fields)
      const edited = isRequest ? { draft } : { ...readHeldAnswer(fields), headers: draft.headers }
      if (!isForPart(request)) return showPage(reply, held, edited)
      return reply.viewAsync('request-held-form', viewHeld(held, edited))
    }
    const edited = isRequest ? { draft: readDraft(fields) } : readHeldAnswer(fields)
    try {
      const changes =
        'draft' in edited ? requestChanges(edited.draft, message) : answerChanges(edited, message)
      traffic.letGo(slot, message, changes)
    } catch (error) {
      if (!(error instanceof ToldError)) throw error
      return showPage(reply, held, edited, error.message)
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

  function showPage(reply: FastifyReply, held: Held, edited: Edited, trouble?: string) {
    return reply.code(trouble === undefined ? 200 : 400).viewAsync('request-held', {
      title: 'Change a held message',
      styles: ['request'],
      sentence: sentenceOf(held.message),
      ...viewHeld(held, edited),
      trouble,
    })
  }

  function viewHeld(held: Held, edited: Edited) {
    const { slot, message } = held
    const log = traffic.logOf(slot)
    const nameOf = (value: string) => log.values.of(value)?.name
    const shared = {
      ...held,
      wayBack: wayBack(held),
      trouble: undefined,
      hasWholeBody: hasWholeBody(message),
      known: knownValues(log),
    }
    if (!('draft' in edited)) {
      const { status, headers, text } = edited
      return { ...shared, status, text, sections: [viewRows('header', headers, nameOf)] }
    }
    return { ...shared, ...viewDraft(edited.draft, nameOf) }
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
