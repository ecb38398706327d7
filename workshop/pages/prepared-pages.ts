import { STATUS_CODES } from 'node:http'
import { programsOf } from '@oauth-lab/course/programs/programs.ts'
import { versionBefore } from '@oauth-lab/course/programs/versions.ts'
import { preparedRequests } from '@oauth-lab/course/requests/all-requests.ts'
import { curlOf } from '@oauth-lab/course/requests/curl.ts'
import type { Draft, Expected, PreparedRequest } from '@oauth-lab/course/requests/draft.ts'
import { driverAt, fillIn } from '@oauth-lab/course/requests/fresh-values.ts'
import { valuesFor } from '@oauth-lab/course/requests/lesson-values.ts'
import { isExpected, saidIn } from '@oauth-lab/course/requests/said.ts'
import type { FastifyInstance } from 'fastify'
import { requireVersion } from '../known-versions.ts'
import { found, PageTrouble } from '../page-trouble.ts'
import { refusedBy } from '../requests/refusal.ts'
import { sendTo } from '../requests/sender.ts'
import type { Slot } from '../runner.ts'
import type { Workshop } from '../workshop.ts'
import { lessonVersion } from './lesson-pages.ts'

interface Asked {
  Params: { version: string; id: string }
  Body: { start?: string } | undefined
}

/** `/requests/prepared`: the requests below "Try it". Each response is a part of that page. */
export async function preparedPages(app: FastifyInstance, workshop: Workshop): Promise<void> {
  const { runner, beside, traffic, playground } = workshop

  app.post<Asked>('/requests/prepared/:version/:id', async ({ params, body }, reply) => {
    const { version, prepared } = find(params)
    const known = requireVersion(version.name, playground)
    if (body?.start !== undefined) await runner.start(runner.require(undefined), known, {})
    const slot = beside.find(known)
    if (slot === undefined) return reply.viewAsync('prepared-away', { version, prepared })
    const sent = await sendAt(slot, prepared, prepared.expected)
    return reply.viewAsync('prepared-answer', {
      version,
      prepared,
      before: versionBefore(version),
      ...sent,
    })
  })

  app.post<Asked>('/requests/prepared/:version/:id/before', async ({ params }, reply) => {
    const { version, prepared } = find(params)
    const before = found(versionBefore(version), `No version is before ${version.name}.`)
    const known = requireVersion(before.name, playground)
    const slot = await beside.require(known)
    const sent = await sendAt(slot, prepared, prepared.before)
    return reply.viewAsync('prepared-answer', { version: before, ...sent })
  })

  // The values come from logins, so this is no GET.
  app.post<Asked>('/requests/prepared/:version/:id/curl', async ({ params }, reply) => {
    const { version, prepared } = find(params)
    const slot = beside.find(requireVersion(version.name, playground))
    if (slot === undefined) return reply.viewAsync('prepared-away', { version, prepared })
    const curl = curlOf(await fillInAt(slot, prepared), slot.addresses)
    return reply.viewAsync('prepared-curl', { curl })
  })

  async function sendAt(slot: Slot, prepared: PreparedRequest, expected: Expected | undefined) {
    const { answer, message } = await sendTo(workshop, slot, await fillInAt(slot, prepared))
    return {
      status: `${answer.status} ${STATUS_CODES[answer.status]}`,
      said: saidIn(answer),
      isRight: expected && isExpected(answer, expected),
      refused: message && refusedBy(message.exchange),
    }
  }

  /** The request with values from logins at a slot. */
  async function fillInAt(slot: Slot, { draft }: PreparedRequest): Promise<Draft> {
    const { version, addresses, state, problem } = slot
    if (state !== 'running') throw new PageTrouble(409, problem ?? `${version.name} has stopped.`)
    if (traffic.isHolding(slot)) {
      const message = `The traffic of ${version.name} is on hold, and a login would wait. Send all on, then send this again.`
      throw new PageTrouble(409, message)
    }
    const { listening } = programsOf(version)
    // Before v12, the server is the API, too.
    const program = listening.some((name) => name === draft.program) ? draft.program : 'server'
    const values = await valuesFor(draft, driverAt(version, addresses))
    return fillIn({ ...draft, program }, values)
  }
}

/** @throws {PageTrouble} if there is no such request */
function find({ version: name, id }: Asked['Params']) {
  const version = lessonVersion(name)
  const prepared = preparedRequests(version).find((request) => request.id === id)
  return { version, prepared: found(prepared, 'This lesson has no such request.') }
}
