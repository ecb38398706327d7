import { copyName } from '@oauth-lab/course/exercises/exercise-start.ts'
import { factsOf } from '@oauth-lab/course/lessons/facts.ts'
import { readLesson } from '@oauth-lab/course/lessons/lesson.ts'
import { listVersions, type Version } from '@oauth-lab/course/programs/versions.ts'
import type { FastifyInstance } from 'fastify'
import { viewMatrix } from '../attacks/matrix-view.ts'
import { countRead, hrefOf, OPENING, outlineOf, type Way } from '../lesson/outline.ts'
import { renderSentence } from '../lesson/render.ts'
import type { Progress } from '../progress.ts'
import type { Workshop } from '../workshop.ts'

/** `GET /`: the course at a glance. */
export async function homePage(app: FastifyInstance, { progress }: Workshop): Promise<void> {
  app.get('/', (_request, reply) => {
    const versions = listVersions()
    const lessons = versions.map((version) => viewLesson(version, progress))
    return reply.viewAsync('home', {
      title: 'The course',
      lessons,
      minutes: lessons.reduce((sum, { minutes }) => sum + minutes, 0),
      place: findPlace(versions, progress),
      matrix: viewMatrix(),
      styles: ['attacks', 'home'],
    })
  })
}

function viewLesson(version: Version, progress: Progress) {
  const lesson = readLesson(version)
  const { minutes, hole } = factsOf(lesson)
  return {
    short: copyName(version),
    href: hrefOf(version, OPENING),
    title: lesson.title.replace(/^v\d+: /, ''),
    idea: renderSentence(version, lesson.idea),
    hole: renderSentence(version, hole),
    minutes,
    pages: countRead(version, progress),
    mine: progress.of(version),
  }
}

/** The page this learner opened last, and the page after it. Undefined before the first page. */
function findPlace(
  versions: Version[],
  { at }: Progress,
): { last: Way; next: Way | undefined } | undefined {
  for (const version of versions) {
    const entry = outlineOf(version, OPENING).entries.find(({ href }) => href === at)
    if (entry === undefined) continue
    const { next } = outlineOf(version, entry.slug)
    const named = (way: Way) => ({ href: way.href, text: `${copyName(version)}, ${way.text}` })
    const staysHere = next?.href.startsWith(`${hrefOf(version, OPENING)}/`)
    return { last: named(entry), next: staysHere && next ? named(next) : next }
  }
  return undefined
}
