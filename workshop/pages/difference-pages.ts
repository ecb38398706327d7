import { NOT_SHOWN } from '@oauth-lab/course/differences/compare.ts'
import { partOf, readLesson } from '@oauth-lab/course/lessons/lesson.ts'
import { listVersions, type Version, versionBefore } from '@oauth-lab/course/programs/versions.ts'
import type { FastifyInstance } from 'fastify'
import { differenceOf } from '../difference/difference-view.ts'
import { WirePlays } from '../difference/wire-plays.ts'
import {
  choicesIn,
  pairName,
  requireVersion,
  titleOf,
  type VersionPair,
} from '../known-versions.ts'
import { hrefOf, openPage } from '../lesson/outline.ts'
import { renderPart, renderSentence } from '../lesson/render.ts'
import { isForPart } from '../local-requests.ts'
import { found } from '../page-trouble.ts'
import { arrowBetween, lanesAmong } from '../traffic/message.ts'
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
  const plays = new WirePlays(jobs)
  const pages = {
    difference: { title: 'The difference', view: viewDifference },
    wire: { title: 'On the wire', view: viewWire },
  }
  for (const [name, { title, view }] of Object.entries(pages)) {
    app.get<InLesson>(`/lessons/:version/${name}`, async (request, reply) => {
      const pair = pairTo(request.params.version)
      const version = pair.newer
      return reply.viewAsync(`${name}-lesson`, {
        title: `${title}, ${pairName(pair)}`,
        outline: openPage(request, version, name, progress),
        version,
        introduction: name === 'difference' ? await introductionOf(version) : undefined,
        ...(await view(pair, hrefOf(version, name), request.query)),
      })
    })
    app.get<{ Querystring: Asked }>(`/${name}`, async ({ query }, reply) => {
      const pair = askedPair(query)
      const asked = { from: pair.older.id, to: pair.newer.id }
      return reply.viewAsync(name, {
        title: `${title}, ${pairName(pair)}`,
        choices: choicesIn(playground),
        action: `/${name}`,
        ...asked,
        ...(await view(pair, `/${name}`, { ...query, ...asked })),
      })
    })
  }
  // The page polls this while a session is being played.
  app.get<{ Querystring: Asked }>('/wire/messages', async ({ query }, reply) => {
    return reply.viewAsync('wire-messages', viewWire(askedPair(query)))
  })

  app.post('/wire/plays', async (request, reply) => {
    const pair = askedPair(Object(request.body))
    plays.play(pair)
    if (isForPart(request)) return reply.viewAsync('wire-messages', viewWire(pair))
    return reply.redirect(`/wire?from=${pair.older.id}&to=${pair.newer.id}`, 303)
  })

  /** @throws {PageTrouble} if there is no such lesson, or none before it */
  function pairTo(name: string): VersionPair {
    const before = found(
      versionBefore(lessonVersion(name)),
      `There is no version before ${name}, so there is nothing to compare.`,
    )
    return pairOf(before.name, name)
  }

  /** The named versions, or else the first step of the course. */
  function askedPair({ from, to }: Asked): VersionPair {
    const [first, second] = listVersions()
    return pairOf(from ?? first?.name, to ?? second?.name)
  }

  function pairOf(from = '', to = ''): VersionPair {
    return { older: requireVersion(from, playground), newer: requireVersion(to, playground) }
  }

  async function viewDifference(pair: VersionPair, path: string, asked: Asked) {
    const tests = asked.tests === '1'
    const view = VIEWS.find((name) => name === asked.view)
    const difference = await differenceOf(pair, tests, runner.main?.addresses)
    const hrefWith = (changes: Asked) => {
      const fields: Asked = { ...asked, view: view ?? '', tests: tests ? '1' : '', ...changes }
      const query = Object.entries(fields).filter(([, value]) => value)
      return query.length === 0 ? path : `${path}?${new URLSearchParams(query)}`
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
        tests: hrefWith({ tests: tests ? '' : '1' }),
      },
      styles: ['code', 'hunks', 'difference'],
      scripts: ['difference', 'lesson'],
      wide: true,
    }
  }

  function viewWire(pair: VersionPair) {
    const wire = plays.differenceOf(pair)
    const messages = wire.acts?.flatMap((act) => act.messages) ?? []
    return {
      pair,
      name: pairName(pair),
      titles: { older: titleOf(pair.older), newer: titleOf(pair.newer) },
      wire,
      arrowBetween,
      lanes: lanesAmong(messages.flatMap(({ from, to }) => [from, to])),
      styles: ['lanes', 'wire'],
      wide: true,
    }
  }
}

/** The lesson's text before its first note. */
async function introductionOf(version: Version): Promise<string> {
  const lesson = readLesson(version)
  const part = partOf(lesson, 'difference')
  if (part === undefined) return renderSentence(version, lesson.idea)
  return renderPart(version, part, part.introduction)
}
