import { NOT_SHOWN } from '@oauth-lab/course/differences/compare.ts'
import { partOf, readLesson } from '@oauth-lab/course/lessons/lesson.ts'
import { listVersions, type Version, versionBefore } from '@oauth-lab/course/programs/versions.ts'
import type { FastifyInstance } from 'fastify'
import { pairName, pairOf, titleOf, type VersionPair } from '../difference/chosen-versions.ts'
import { differenceOf } from '../difference/difference-view.ts'
import { WirePlays } from '../difference/wire-plays.ts'
import { knownVersions } from '../known-versions.ts'
import { hrefOf, openPage } from '../lesson/outline.ts'
import { renderPart, renderSentence } from '../lesson/render.ts'
import { whenIdle } from '../lesson/when-idle.ts'
import { PageTrouble } from '../page-trouble.ts'
import type { Slot } from '../runner.ts'
import { lanesAmong } from '../traffic/message.ts'
import type { Workshop } from '../workshop.ts'
import { lessonVersion } from './lesson-pages.ts'

interface InLesson {
  Params: { version: string }
  Querystring: Asked
}

/** The query of these pages. */
interface Asked {
  from?: string
  to?: string
  /** The layout: `unified` or `side-by-side`. Any other value lets the width of the page decide. */
  view?: string
  /** `1` to include the test files. */
  tests?: string
}

const VIEWS = ['side-by-side', 'unified']

/** `/lessons/:version/difference` and `/lessons/:version/wire`, and both for any two versions. */
export async function differencePages(app: FastifyInstance, workshop: Workshop): Promise<void> {
  const { playground, progress, jobs, runner } = workshop
  const addresses = () => runner.main?.addresses
  const plays = new WirePlays(jobs)
  whenIdle(app, function* () {
    for (const version of listVersions()) {
      if (versionBefore(version) !== undefined)
        yield () => differenceOf(pairTo(version), false, addresses())
    }
  })

  app.get<InLesson>('/lessons/:version/difference', async (request, reply) => {
    const { params, query } = request
    const version = laterVersion(params.version)
    const pair = pairTo(version)
    return reply.viewAsync('difference-lesson', {
      title: `The difference, ${pairName(pair)}`,
      outline: openPage(request, version, 'difference', progress),
      version,
      introduction: await introductionOf(version),
      ...(await viewDifference(pair, hrefOf(version, 'difference'), query, addresses())),
    })
  })

  app.get<{ Querystring: Asked }>('/difference', async ({ query }, reply) => {
    const pair = askedPair(query)
    const asked = { ...query, from: pair.older.id, to: pair.newer.id }
    return reply.viewAsync('difference', {
      choices: choicesIn(playground),
      action: '/difference',
      from: asked.from,
      to: asked.to,
      title: `The difference, ${pairName(pair)}`,
      ...(await viewDifference(pair, '/difference', asked, addresses())),
    })
  })

  app.get<InLesson>('/lessons/:version/wire', async (request, reply) => {
    const version = laterVersion(request.params.version)
    const pair = pairTo(version)
    return reply.viewAsync('wire-lesson', {
      title: `On the wire, ${pairName(pair)}`,
      outline: openPage(request, version, 'wire', progress),
      version,
      ...viewWire(pair),
    })
  })

  app.get<{ Querystring: Asked }>('/wire', async ({ query }, reply) => {
    const pair = askedPair(query)
    return reply.viewAsync('wire', {
      title: `On the wire, ${pairName(pair)}`,
      choices: choicesIn(playground),
      action: '/wire',
      from: pair.older.id,
      to: pair.newer.id,
      ...viewWire(pair),
    })
  })
  // The page polls this while a session is being played.
  app.get<{ Querystring: Asked }>('/wire/messages', async ({ query }, reply) => {
    return reply.viewAsync('wire-messages', viewWire(askedPair(query)))
  })

  app.post('/wire/plays', async ({ body, headers }, reply) => {
    const pair = askedPair(Object(body))
    plays.play(pair)
    if (headers['hx-request'] === 'true') return reply.viewAsync('wire-messages', viewWire(pair))
    return reply.redirect(`/wire?from=${pair.older.id}&to=${pair.newer.id}`, 303)
  })

  function pairTo(version: Version): VersionPair {
    const before = versionBefore(version)
    if (before === undefined)
      throw new PageTrouble(404, `There is no version before ${version.name}.`)
    return pairOf(before.name, version.name, playground)
  }

  function askedPair({ from, to }: Asked): VersionPair {
    const first = firstChoice()
    return pairOf(from ?? first.from, to ?? first.to, playground)
  }

  function viewWire(pair: VersionPair) {
    const wire = plays.differenceOf(pair)
    const messages = wire.acts?.flatMap((act) => act.messages) ?? []
    return {
      pair,
      name: pairName(pair),
      titles: { older: titleOf(pair.older), newer: titleOf(pair.newer) },
      wire,
      lanes: lanesAmong(messages.flatMap(({ from, to }) => [from, to])),
      styles: ['lanes', 'wire'],
      wide: true,
    }
  }
}

async function viewDifference(
  pair: VersionPair,
  path: string,
  asked: Asked,
  addresses: Slot['addresses'] | undefined,
) {
  const tests = asked.tests === '1'
  const view = VIEWS.find((name) => name === asked.view)
  const difference = await differenceOf(pair, tests, addresses)
  const given = { from: asked.from, to: asked.to, view, tests: tests ? '1' : undefined }
  const hrefWith = (changes: Partial<typeof given>) => {
    const fields = Object.entries({ ...given, ...changes })
    const named = fields.filter((field): field is [string, string] => field[1] !== undefined)
    const query = new URLSearchParams(named).toString()
    return query === '' ? path : `${path}?${query}`
  }
  return {
    difference,
    notShown: NOT_SHOWN,
    name: pairName(pair),
    pair,
    view,
    tests,
    hrefs: {
      sideBySide: hrefWith({ view: 'side-by-side' }),
      unified: hrefWith({ view: 'unified' }),
      tests: hrefWith({ tests: tests ? undefined : '1' }),
    },
    styles: ['code', 'hunks', 'difference'],
    scripts: ['difference'],
    wide: true,
  }
}

/** The lesson's text before its first note. */
async function introductionOf(version: Version): Promise<string> {
  const lesson = readLesson(version)
  const part = partOf(lesson, 'difference')
  if (part === undefined) return renderSentence(version, lesson.idea)
  return renderPart(version, part, part.introduction)
}

/**
 * The snapshot with this name, if it isn't the first.
 *
 * @throws {PageTrouble} if there is none
 */
function laterVersion(name: string): Version {
  const version = lessonVersion(name)
  if (versionBefore(version) !== undefined) return version
  throw new PageTrouble(404, `There is no version before ${name}, so there is nothing to compare.`)
}

function choicesIn(playground: string) {
  return knownVersions(playground).map((version) => ({ id: version.id, title: titleOf(version) }))
}

/** The first step of the course. */
function firstChoice(): { from: string; to: string } {
  const [first, second = first] = listVersions()
  return { from: first?.name ?? '', to: second?.name ?? '' }
}
