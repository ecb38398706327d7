import { readLesson } from '@oauth-lab/course/lessons/lesson.ts'
import { howToRun, programsOf } from '@oauth-lab/course/programs/programs.ts'
import type { FastifyInstance } from 'fastify'
import { type KnownVersion, knownVersion, knownVersions } from '../known-versions.ts'
import { LIFETIMES, readLifetimes, tellLifetimes } from '../lifetimes.ts'
import { PageTrouble } from '../page-trouble.ts'
import type { Slot } from '../runner.ts'
import type { Workshop } from '../workshop.ts'

/** `/run`: the running versions, their logs, and the buttons to change them. */
export async function runPages(app: FastifyInstance, workshop: Workshop): Promise<void> {
  const { runner } = workshop
  app.get('/run', (_request, reply) => {
    return reply.viewAsync('run', { title: 'Run', styles: ['run'], ...whatRuns(workshop) })
  })
  // The parts that are requested again after a change.
  app.get('/run/status', (_request, reply) => reply.viewAsync('status'))
  app.get('/run/slots', (_request, reply) => reply.viewAsync('run-slots', whatRuns(workshop)))
  app.get<{ Params: { slot: string } }>('/run/log/:slot', ({ params }, reply) => {
    return reply.viewAsync('run-log', { slot: slotOf(params.slot) })
  })

  app.post('/run/start', async ({ body }, reply) => {
    const fields = read(body)
    const lifetimes = readLifetimes(fields)
    // Not awaited: the page shows that it is starting, and gets an event when it has started.
    runner.start(slotOf(fields.slot), versionOf(fields.version, workshop), lifetimes)
    return reply.redirect('/run', 303)
  })
  app.post('/run/beside', async ({ body }, reply) => {
    await runner.openBeside(versionOf(read(body).version, workshop))
    return reply.redirect('/run', 303)
  })
  app.post('/run/stop', async ({ body }, reply) => {
    const slot = slotOf(read(body).slot)
    await (slot === runner.main ? runner.stop(slot) : runner.close(slot))
    return reply.redirect('/run', 303)
  })

  function slotOf(id: string | undefined): Slot {
    const slot = id === undefined ? runner.main : runner.slot(id)
    if (slot === undefined)
      throw new PageTrouble(404, "That version isn't running anymore. Start it on the Run page.")
    return slot
  }
}

function versionOf(id: string | undefined, { playground }: Workshop): KnownVersion {
  const version = knownVersion(id ?? '', playground)
  if (version !== undefined) return version
  const names = knownVersions(playground).map((known) => known.id)
  throw new PageTrouble(
    404,
    `There is no version with that name. Choose one of these: ${names.join(', ')}.`,
  )
}

function read(body: unknown): { version?: string; slot?: string } {
  return Object(body)
}

function viewPrograms({ version, addresses }: Slot) {
  const { listening, ending } = programsOf(version)
  return {
    listening,
    ending: ending.map((name) => ({ name, how: howToRun(name, version, addresses) })),
  }
}

function whatRuns({ runner, playground }: Workshop) {
  const known = knownVersions(playground)
  const choices = known.map((version) => {
    const { title, idea } = readLesson(version)
    return { ...version, title, idea }
  })
  const slots = runner.slots.map((slot) => ({
    ...slot,
    ...viewPrograms(slot),
    idea: readLesson(slot.version).idea,
    living: tellLifetimes(slot.lifetimes),
  }))
  return { slots, choices, lifetimes: LIFETIMES }
}
