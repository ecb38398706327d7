import { copyName } from '@oauth-lab/course/exercises/exercise-start.ts'
import { factsOf } from '@oauth-lab/course/lessons/facts.ts'
import {
  type Lesson,
  type Part,
  type PartName,
  readLesson,
} from '@oauth-lab/course/lessons/lesson.ts'
import { type Addresses, addressesOf } from '@oauth-lab/course/programs/programs.ts'
import { listVersions, type Version, versionBefore } from '@oauth-lab/course/programs/versions.ts'
import { readConfig } from '@oauth-lab/shared/config.ts'
import type { FastifyInstance } from 'fastify'
import { linkMessages } from '../lesson/message-links.ts'
import { countRead, hrefOf, OPENING, openPage, pageOf, unreadIn } from '../lesson/outline.ts'
import { renderPart, renderQuestions, renderSentence } from '../lesson/render.ts'
import { lessonAt } from '../lesson/running-addresses.ts'
import { cutAtStarts, viewStart } from '../lesson/starts.ts'
import { cutAtSections } from '../lesson/try-requests.ts'
import { lifetimesAmong, lifetimesIn } from '../lifetimes.ts'
import { found, foundByName } from '../page-trouble.ts'
import { withSendLinks } from '../requests/printed.ts'
import type { Workshop } from '../workshop.ts'

interface Asked {
  Params: { version: string; part: string }
  Querystring: { question?: string }
}

/** The parts whose pages have more than text. */
const PAGES: Partial<Record<PartName, string>> = {
  tryIt: 'lesson-try',
  questions: 'lesson-questions',
}

/** `/lessons/:version`: the text of each lesson, one page per part. */
export async function lessonPages(app: FastifyInstance, workshop: Workshop): Promise<void> {
  const { progress, runner } = workshop
  const lessonHere = (version: Version) => lessonAt(readLesson(version), runner.main?.addresses)
  const addressesHere = () => runner.main?.addresses ?? addressesOf(readConfig({}))
  app.get<Asked>('/lessons/:version', async (request, reply) => {
    const version = lessonVersion(request.params.version)
    const lesson = lessonHere(version)
    const before = versionBefore(version)
    const facts = factsOf(lesson)
    const outline = openPage(request, version, OPENING, progress)
    return reply.viewAsync('lesson', {
      title: lesson.title,
      outline,
      version,
      idea: renderSentence(version, lesson.idea),
      tryFirst: renderSentence(version, lesson.tryFirst),
      start: viewStart({ version, lifetimes: lifetimesIn(lesson.tryFirst) }),
      facts,
      hole: renderSentence(version, facts.hole),
      before: before && {
        name: copyName(before),
        hole: renderSentence(before, factsOf(readLesson(before)).hole),
      },
      pages: countRead(version, progress),
      mine: progress.of(version),
      begun: outline.entries.filter(({ isRead }) => isRead).length > 1,
      goOn: unreadIn(version, progress),
      exercise: copyName(version),
      hasTraffic: true,
      styles: ['code'],
      scripts: ['lesson'],
    })
  })

  app.get<Asked>('/lessons/:version/:part', async (request, reply) => {
    const { params, query } = request
    const version = lessonVersion(params.version)
    const lesson = lessonHere(version)
    const part = found(
      lesson.parts.find(({ slug }) => slug === params.part),
      'This lesson has no such page. Choose one from its contents.',
    )
    const slug = pageOf(version, part)
    if (slug !== part.slug) return reply.redirect(hrefOf(version, slug))

    return reply.viewAsync((part.name && PAGES[part.name]) ?? 'lesson-part', {
      title: `${part.title} - ${lesson.title}`,
      outline: openPage(request, version, slug, progress),
      version,
      part,
      exercise: copyName(version),
      ...(await viewPart(version, lesson, part, query.question, addressesHere())),
      hasTraffic: true,
      styles: ['code'],
      scripts: ['lesson', 'diagrams'],
    })
  })

  // The running version can change while a lesson is open.
  app.get<Asked>('/lessons/:version/running', ({ params, query }, reply) => {
    const start = { version: lessonVersion(params.version), lifetimes: lifetimesAmong(query) }
    return reply.viewAsync('lesson-running', { start: viewStart(start) })
  })
  app.get<Asked>('/lessons/:version/beside', ({ params }, reply) => {
    return reply.viewAsync('split-head', { version: lessonVersion(params.version) })
  })
}

/**
 * The snapshot with this name.
 *
 * @throws {PageTrouble} if there is none
 */
export function lessonVersion(name: string): Version {
  return foundByName(listVersions(), (version) => version.name, name, 'lesson')
}

/** The data of a page, besides the frame. */
async function viewPart(
  version: Version,
  lesson: Lesson,
  part: Part,
  question: string | undefined,
  addresses: Addresses,
) {
  if (part.name === 'questions') return viewQuestions(version, lesson, question)
  const text = linkMessages(await renderPart(version, part, part.source, 1))
  const html = withSendLinks(text, addresses)
  if (part.name !== 'tryIt') return { html }
  return {
    sections: cutAtSections(html, version, addresses).map(({ html, requests }) => ({
      pieces: cutAtStarts(html).map(({ html, starts }) => ({
        html,
        start: starts && viewStart(starts),
      })),
      requests,
    })),
  }
}

async function viewQuestions(version: Version, lesson: Lesson, wanted: string | undefined) {
  const all = (await renderQuestions(version, lesson)).map((view) => ({
    ...view,
    material: linkMessages(view.material),
    answer: linkMessages(view.answer),
  }))
  if (wanted === undefined) return { questions: all, count: all.length }
  const one = found(
    all.find(({ number }) => String(number) === wanted),
    `There is no such question. Choose a number from 1 to ${all.length}.`,
  )
  return { questions: [one], one: one.number, count: all.length }
}
