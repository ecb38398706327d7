import { copyName } from '@oauth-lab/course/exercises/exercise-start.ts'
import { listVersions, type Version, versionBefore } from '@oauth-lab/course/programs/versions.ts'
import type { FastifyInstance } from 'fastify'
import { factsOf } from '../lesson/facts.ts'
import { readLesson, type Section } from '../lesson/lesson.ts'
import { countRead, hrefOf, OPENING, openPage, pageOf, unreadIn } from '../lesson/outline.ts'
import { readQuestions } from '../lesson/questions.ts'
import { renderPart, renderSentence } from '../lesson/render.ts'
import { lessonAt } from '../lesson/running-addresses.ts'
import { cutAtStarts, viewStart } from '../lesson/starts.ts'
import { whenIdle } from '../lesson/when-idle.ts'
import { lifetimesAmong, lifetimesIn } from '../lifetimes.ts'
import { PageTrouble } from '../page-trouble.ts'
import type { Workshop } from '../workshop.ts'

interface Asked {
  Params: { version: string; section: string }
  Querystring: { question?: string }
}

/** The sections that have more than text on their page, by their numbers. */
const PAGES: Record<number, string> = {
  6: 'lesson-try',
  7: 'lesson-exercise',
  8: 'lesson-questions',
  10: 'lesson-teacher',
}
const TRY_IT = 6
const CHECK_YOURSELF = 8

/** `/lessons/:version`: the text of each lesson, a page a section. */
export async function lessonPages(app: FastifyInstance, workshop: Workshop): Promise<void> {
  const { progress, runner } = workshop
  const lessonHere = (version: Version) => lessonAt(readLesson(version), runner.main?.addresses)
  whenIdle(app, function* () {
    for (const version of listVersions()) {
      for (const section of lessonHere(version).sections) yield () => htmlOf(version, section)
    }
  })

  app.get<Asked>('/lessons/:version', async (request, reply) => {
    const version = lessonVersion(request.params.version)
    const lesson = lessonHere(version)
    const before = versionBefore(version)
    const outline = openPage(request, version, OPENING, progress)
    return reply.viewAsync('lesson', {
      title: lesson.title,
      outline,
      version,
      idea: renderSentence(version, lesson.idea),
      tryFirst: renderSentence(version, lesson.tryFirst),
      start: viewStart({ version, lifetimes: lifetimesIn(lesson.tryFirst) }),
      minutes: factsOf(lesson).minutes,
      hole: renderSentence(version, factsOf(lesson).hole),
      before: before && {
        name: copyName(before),
        hole: renderSentence(before, factsOf(readLesson(before)).hole),
      },
      pages: countRead(version, progress),
      mine: progress.of(version),
      begun: outline.entries.filter(({ isRead }) => isRead).length > 1,
      goOn: unreadIn(version, progress),
      exercise: copyName(version),
      styles: ['code'],
      scripts: ['lesson'],
    })
  })

  app.get<Asked>('/lessons/:version/:section', async (request, reply) => {
    const { params, query } = request
    const version = lessonVersion(params.version)
    const lesson = lessonHere(version)
    const section = lesson.sections.find(({ slug }) => slug === params.section)
    if (section === undefined) throw new PageTrouble(404, 'This lesson has no such page.')
    const slug = pageOf(version, section)
    if (slug !== section.slug) return reply.redirect(hrefOf(version, slug))

    return reply.viewAsync(PAGES[section.number] ?? 'lesson-section', {
      title: `${section.title} - ${lesson.title}`,
      outline: openPage(request, version, slug, progress),
      version,
      section,
      exercise: copyName(version),
      ...(await viewSection(version, section, query.question)),
      styles: ['code'],
      scripts: ['lesson', 'diagrams'],
    })
  })

  // What runs can change while a lesson is open.
  app.get<Asked>('/lessons/:version/running', ({ params, query }, reply) => {
    const start = { version: lessonVersion(params.version), lifetimes: lifetimesAmong(query) }
    return reply.viewAsync('lesson-running', { start: viewStart(start) })
  })

  app.post<{ Params: { version: string; number: string } }>(
    '/lessons/:version/questions/:number',
    async ({ params }, reply) => {
      const version = lessonVersion(params.version)
      const questions = questionsOf(version)
      const question = questions.find(({ number }) => String(number) === params.number)
      if (question === undefined) throw new PageTrouble(404, 'There is no such question.')
      progress.noteOpened(version, question.number)
      return reply.code(204).send()
    },
  )
}

/**
 * The snapshot of this name.
 *
 * @throws {PageTrouble} where there is none
 */
export function lessonVersion(name: string): Version {
  const versions = listVersions()
  const version = versions.find((candidate) => candidate.name === name)
  if (version !== undefined) return version
  const names = versions.map((candidate) => candidate.name).join(', ')
  throw new PageTrouble(404, `There is no lesson of that name. There are: ${names}.`)
}

/** Rendered once for each section; a lesson that was changed has other sections. */
const rendered = new WeakMap<Section, Promise<string>>()

function htmlOf(version: Version, section: Section): Promise<string> {
  const html =
    rendered.get(section) ?? renderPart(version, section, section.source, { topLevel: 2 })
  rendered.set(section, html)
  return html
}

/** What its page needs beside the frame, which differs with the page. */
async function viewSection(version: Version, section: Section, question: string | undefined) {
  if (section.number === CHECK_YOURSELF) return viewQuestions(version, section, question)
  const html = await htmlOf(version, section)
  if (section.number !== TRY_IT) return { html }
  const pieces = cutAtStarts(html)
  return {
    pieces: pieces.map((piece) => ({ ...piece, start: piece.starts && viewStart(piece.starts) })),
  }
}

function questionsOf(version: Version) {
  const section = readLesson(version).sections.find(({ number }) => number === CHECK_YOURSELF)
  return section === undefined ? [] : readQuestions(section)
}

async function viewQuestions(version: Version, section: Section, wanted: string | undefined) {
  const all = readQuestions(section)
  const one = all.find(({ number }) => String(number) === wanted)
  if (wanted !== undefined && one === undefined) {
    throw new PageTrouble(404, `There is no such question. There are ${all.length}.`)
  }
  const shown = one === undefined ? all : [one]
  const questions = await Promise.all(
    shown.map(async ({ number, question, material, answer }) => ({
      number,
      question: renderSentence(version, question),
      material: await renderPart(version, section, material),
      answer: await renderPart(version, section, answer),
    })),
  )
  return { questions, one: one?.number, count: all.length }
}
