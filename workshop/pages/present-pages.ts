import { factsOf } from '@oauth-lab/course/lessons/facts.ts'
import { partOf, readLesson } from '@oauth-lab/course/lessons/lesson.ts'
import type { Version } from '@oauth-lab/course/programs/versions.ts'
import type { FastifyInstance } from 'fastify'
import { renderPart, renderSentence } from '../lesson/render.ts'
import { lessonAt } from '../lesson/running-addresses.ts'
import { viewStart } from '../lesson/starts.ts'
import { lifetimesIn } from '../lifetimes.ts'
import { found } from '../page-trouble.ts'
import { slidesOf } from '../present/slides.ts'
import type { Workshop } from '../workshop.ts'
import { lessonVersion } from './lesson-pages.ts'

interface Asked {
  Params: { version: string }
  /** The slide to show, counted from 1. Defaults to the first. */
  Querystring: { slide?: string }
}

/** `/present/:version`: a lesson as slides, with notes. */
export async function presentPages(app: FastifyInstance, { runner }: Workshop): Promise<void> {
  app.get<Asked>('/present/:version', async ({ params, query }, reply) => {
    return reply.viewAsync('present', await view(lessonVersion(params.version), query.slide))
  })

  app.get<Asked>('/present/:version/notes', async ({ params, query }, reply) => {
    const version = lessonVersion(params.version)
    const lesson = lessonAt(readLesson(version), runner.main?.addresses)
    const part = partOf(lesson, 'teacher')
    const html = part === undefined ? '' : await renderPart(version, part, part.source)
    const notes = { minutes: factsOf(lesson).minutes, html }
    return reply.viewAsync('present-notes', { ...(await view(version, query.slide)), notes })
  })

  async function view(version: Version, asked: string | undefined) {
    const all = await slidesOf(version, runner.main?.addresses)
    const current = asked === undefined ? 1 : Number(asked)
    found(all[current - 1], `There is no such slide. Choose a number from 1 to ${all.length}.`)
    const slides = all.map((slide, index) => ({
      ...slide,
      number: index + 1,
      titleHtml: renderSentence(version, slide.title),
    }))
    const parts = slides.filter(
      ({ part }, index) => part !== '' && part !== slides[index - 1]?.part,
    )
    const { title, tryFirst } = readLesson(version)
    const start = viewStart({ version, lifetimes: lifetimesIn(tryFirst) })
    return { title, version, start, slides, parts, current, count: all.length }
  }
}
