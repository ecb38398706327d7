import { readLesson } from '@oauth-lab/course/lessons/lesson.ts'
import { howToRun, programsOf, titleOfProgram } from '@oauth-lab/course/programs/programs.ts'
import type { FastifyInstance } from 'fastify'
import { knownVersions, requireVersion } from '../known-versions.ts'
import { codePlaces, linkPaths } from '../lesson/code-places.ts'
import { LIFETIMES, readLifetimes, tellLifetimes } from '../lifetimes.ts'
import { isForPart } from '../local-requests.ts'
import { found } from '../page-trouble.ts'
import type { Slot } from '../runner.ts'
import { viewClock } from '../traffic/living-clock.ts'
import { capital } from '../traffic/message-kind.ts'
import type { Workshop } from '../workshop.ts'

/** The most lines of a log to show. */
const SHOWN_LINES = 100

/** `/run`: the running versions, their logs, and the buttons to change them. */
export async function runPages(app: FastifyInstance, workshop: Workshop): Promise<void> {
  const { runner, playground } = workshop
  app.get('/run', (_request, reply) => {
    const page = { title: 'Run', styles: ['run', 'clock'], scripts: ['clock'] }
    return reply.viewAsync('run', { ...page, ...whatRuns(workshop) })
  })
  // The parts that are requested again after a change.
  app.get('/run/status', (_request, reply) => reply.viewAsync('status'))
  app.get('/run/slots', (_request, reply) => reply.viewAsync('run-slots', whatRuns(workshop)))
  app.get<{ Querystring: { slot?: string } }>('/run/clock', ({ query }, reply) => {
    return reply.viewAsync('clock', viewClock(runner.require(query.slot), workshop.traffic))
  })
  app.get<{ Querystring: { slot?: string } }>('/run/lifetimes', ({ query }, reply) => {
    const slot = runner.require(query.slot)
    return reply.viewAsync('lifetimes', viewLifetimes(slot, workshop.traffic))
  })
  app.get<{ Params: { slot: string } }>('/run/log/:slot', ({ params }, reply) => {
    return reply.viewAsync('run-log', { lines: viewLog(runner.require(params.slot), playground) })
  })

  app.post('/run/start', async ({ body }, reply) => {
    const fields = read(body)
    const lifetimes = readLifetimes(fields)
    // Not awaited: the page shows that it is starting, and gets an event when it has started.
    const version = requireVersion(fields.version ?? '', playground)
    runner.start(runner.require(fields.slot), version, lifetimes)
    return reply.redirect('/run', 303)
  })
  app.post('/run/beside', async ({ body }, reply) => {
    await runner.openBeside(requireVersion(read(body).version ?? '', playground))
    return reply.redirect('/run', 303)
  })
  app.post('/run/program', async (request, reply) => {
    const { slot, program } = read(request.body)
    const running = runner.require(slot)
    const { ending } = programsOf(running.version)
    const name = ending.find((one) => one === program)
    runner.runOnce(running, found(name, 'This version has no such program.'))
    // The log on the page shows what happens, and nothing else changes.
    if (isForPart(request)) return reply.code(204).send()
    return reply.redirect('/run', 303)
  })
  app.post('/run/stop', async ({ body }, reply) => {
    const slot = runner.require(read(body).slot)
    await (slot === runner.main ? runner.stop(slot) : runner.close(slot))
    return reply.redirect('/run', 303)
  })
}

function read(body: unknown): { version?: string; slot?: string; program?: string } {
  return Object(body)
}

function viewPrograms({ version, addresses }: Slot) {
  const { listening, ending } = programsOf(version)
  return {
    listening,
    ending: ending.map((name) => ({
      name,
      called: titleOfProgram(name),
      title: capital(titleOfProgram(name)),
      how: howToRun(name, version, addresses),
    })),
  }
}

/**
 * The last lines of a log. What starts with an address of this slot is a link, as is a file of the lab. Anyone can
 * write the rest.
 */
function viewLog({ log, addresses }: Slot, playground: string) {
  const starts = Object.values(addresses).map((address) => `${address}/`)
  const places = codePlaces(playground)
  return log.slice(-SHOWN_LINES).map(({ program, text }) => ({
    program,
    parts: text.split(/(https?:\/\/\S+)/).flatMap((part) => {
      const isLink = starts.some((start) => part.startsWith(start))
      return isLink ? { text: part, href: part } : linkPaths(part, places)
    }),
  }))
}

/** The form for the lifetimes in a slot, and the clock of what is alive there. */
export function viewLifetimes(slot: Slot, traffic: Workshop['traffic']) {
  return { ...viewClock(slot, traffic), names: LIFETIMES, tellLifetimes }
}

function whatRuns({ runner, playground, traffic }: Workshop) {
  const choices = knownVersions(playground).map((version) => {
    const { title, idea } = readLesson(version)
    return { ...version, title, idea }
  })
  const slots = runner.slots.map((slot) => ({
    ...slot,
    ...viewPrograms(slot),
    lines: viewLog(slot, playground),
    idea: readLesson(slot.version).idea,
    clock: viewLifetimes(slot, traffic),
  }))
  return { slots, choices }
}
