import { STATUS_CODES } from 'node:http'
import { programsOf } from '@oauth-lab/course/programs/programs.ts'
import { versionBefore } from '@oauth-lab/course/programs/versions.ts'
import { preparedRequests } from '@oauth-lab/course/requests/all-requests.ts'
import { curlOf } from '@oauth-lab/course/requests/curl.ts'
import type { PreparedRequest } from '@oauth-lab/course/requests/draft.ts'
import { driverAt, fillIn } from '@oauth-lab/course/requests/fresh-values.ts'
import { valuesFor } from '@oauth-lab/course/requests/lesson-values.ts'
import { isExpected, saidIn } from '@oauth-lab/course/requests/said.ts'
import { sendDraft } from '@oauth-lab/course/requests/send.ts'
import type { FastifyInstance } from 'fastify'
import { requireVersion } from '../known-versions.ts'
import { found, PageTrouble } from '../page-trouble.ts'
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
    const slot = beside.find(requireVersion(version.name, playground))
    if (slot === undefined) return reply.viewAsync('prepared-away', { version, prepared })
    const before = versionBefore(version)
    return reply.viewAsync('prepared-answer', {
      version,
      prepared,
      before,
      ...(await sendAt(slot, prepared, prepared.expected)),
    })
  })

  app.post<Asked>('/requests/prepared/:version/:id/before', async ({ params }, reply) => {
    const { version, prepared } = find(params)
    const before = found(versionBefore(version), `No version is before ${version.name}.`)
    const known = requireVersion(before.name, playground)
    const slot = await beside.require(known)
    return reply.viewAsync('prepared-answer', {
      version: before,
      prepared,
      ...(await sendAt(slot, prepared, prepared.before)),
    })
  })

  // The values come from logins, so this is no GET.
  app.post<Asked>('/requests/prepared/:version/:id/curl', async ({ params }, reply) => {
    const { version, prepared } = find(params)
    const slot = beside.find(requireVersion(version.name, playground))
    if (slot === undefined) return reply.viewAsync('prepared-away', { version, prepared })
    const { draft, addresses } = await fillInAt(slot, prepared)
    return reply.viewAsync('prepared-curl', { curl: curlOf(draft, addresses) })
  })

  async function sendAt(slot: Slot, prepared: PreparedRequest, expected = prepared.expected) {
    const { draft, addresses } = await fillInAt(slot, prepared)
    const answer = await sendDraft(draft, addresses)
    return {
      status: `${answer.status} ${STATUS_CODES[answer.status]}`,
      said: saidIn(answer),
      isRight: isExpected(answer, expected),
    }
  }

  /** The request with values from logins at a slot, and the addresses there. */
  async function fillInAt(slot: Slot, { draft }: PreparedRequest) {
    const { version } = slot
    if (slot.state !== 'running') throw new PageTrouble(409, slot.problem ?? 'It has stopped.')
    if (traffic.isHolding(slot)) {
      const message = `The traffic of ${version.name} is on hold, and the login before this request would wait. Send all on first.`
      throw new PageTrouble(409, message)
    }
    const hasApi = programsOf(version).listening.includes('api')
    const addresses = { ...slot.addresses, ...(!hasApi && { api: slot.addresses.server }) }
    const values = await valuesFor(draft, driverAt(version, addresses))
    return { draft: fillIn(draft, values), addresses }
  }
}

/** @throws {PageTrouble} if there is no such request */
function find({ version: name, id }: Asked['Params']) {
  const version = lessonVersion(name)
  const prepared = preparedRequests(version).find((request) => request.id === id)
  return { version, prepared: found(prepared, 'This lesson has no such request.') }
}
