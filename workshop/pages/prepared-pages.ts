import { partOf, readLesson } from '@oauth-lab/course/lessons/lesson.ts'
import { type Version, versionBefore } from '@oauth-lab/course/programs/versions.ts'
import { preparedRequests } from '@oauth-lab/course/requests/all-requests.ts'
import { curlOf } from '@oauth-lab/course/requests/curl.ts'
import { type Draft, draftAt, type Expected } from '@oauth-lab/course/requests/request-draft.ts'
import { isExpected, saidIn } from '@oauth-lab/course/requests/said.ts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { requireVersion } from '../known-versions.ts'
import { hrefOf, OPENING } from '../lesson/outline.ts'
import { isForPart } from '../local-requests.ts'
import { found } from '../page-trouble.ts'
import { statusWithWords } from '../requests/answer-view.ts'
import { refusedBy } from '../requests/refusal.ts'
import { fillInAt, refuseHeld, sendTo } from '../requests/sender.ts'
import type { Slot } from '../runner.ts'
import type { Workshop } from '../workshop.ts'
import { lessonVersion } from './lesson-pages.ts'

interface Asked {
  Params: { version: string; id: string }
  Body: { start?: string } | undefined
}

/** `/requests/prepared`: the requests below "Try it". Each response is a part of that page. */
export async function preparedPages(app: FastifyInstance, workshop: Workshop): Promise<void> {
  const { runner, beside, playground } = workshop

  app.post<Asked>('/requests/prepared/:version/:id', async (request, reply) => {
    const { version, prepared } = find(request.params)
    const known = snapshot(version)
    if (request.body?.start !== undefined) await runner.start(runner.require(undefined), known, {})
    const slot = beside.find(known)
    if (slot === undefined) return show(request, reply, 'prepared-away')
    const sent = await send(slot, prepared.draft, prepared.expected)
    const before = versionBefore(version)
    return show(request, reply, 'prepared-answer', { before, ...sent })
  })

  app.post<Asked>('/requests/prepared/:version/:id/before', async (request, reply) => {
    const { version, prepared } = find(request.params)
    const before = found(versionBefore(version), `No version is before ${version.name}.`)
    const slot = await beside.require(snapshot(before))
    const sent = await send(slot, prepared.draft, prepared.before)
    return show(request, reply, 'prepared-answer', { version: before, before: undefined, ...sent })
  })

  // The values come from logins, so this is no GET.
  app.post<Asked>('/requests/prepared/:version/:id/curl', async (request, reply) => {
    const { version, prepared } = find(request.params)
    const slot = beside.find(snapshot(version))
    if (slot === undefined) return show(request, reply, 'prepared-away')
    const { draft } = await fillInAt(workshop, slot, prepared.draft)
    const curl = curlOf(draft, slot.addresses)
    return show(request, reply, 'prepared-curl', { id: prepared.id, curl, needsValues: true })
  })

  /** A part of the lesson, or a page of its own without a script. */
  function show(request: FastifyRequest<Asked>, reply: FastifyReply, part: string, more = {}) {
    const { version, prepared } = find(request.params)
    const data = { version, prepared, ...more }
    if (isForPart(request)) return reply.viewAsync(part, data)
    return reply.viewAsync('prepared', {
      ...data,
      title: `${prepared.title} - ${version.name}`,
      styles: ['code', 'lesson'],
      scripts: ['copy'],
      part: `./${part}`,
      lesson: version,
      tryIt: hrefOf(version, partOf(readLesson(version), 'tryIt')?.slug ?? OPENING),
    })
  }

  function snapshot({ name }: Version) {
    return requireVersion(name, playground)
  }

  async function send(slot: Slot, draft: Draft, expected: Expected) {
    refuseHeld(workshop, slot)
    const sent = await sendTo(workshop, slot, draftAt(slot.version, draft))
    const { answer, message } = sent
    return {
      status: statusWithWords(answer.status),
      said: saidIn(answer),
      isRight: isExpected(answer, expected),
      refused: message && refusedBy(message.exchange),
    }
  }
}

/** @throws {PageTrouble} if there is no such request */
function find({ version: name, id }: Asked['Params']) {
  const version = lessonVersion(name)
  const prepared = preparedRequests(version).find((request) => request.id === id)
  return { version, prepared: found(prepared, 'This lesson has no such request.') }
}
