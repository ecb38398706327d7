import { copyName } from '@oauth-lab/course/exercises/exercise-start.ts'
import { factsOf } from '@oauth-lab/course/lessons/facts.ts'
import { readLesson } from '@oauth-lab/course/lessons/lesson.ts'
import { listVersions, type Version } from '@oauth-lab/course/programs/versions.ts'
import type { FastifyInstance } from 'fastify'
import { viewMatrix } from '../attacks/matrix-view.ts'
import { countRead, hrefOf, OPENING, outlineOf, type Way, wayInto } from '../lesson/outline.ts'
import { renderSentence } from '../lesson/render.ts'
import type { Progress } from '../progress.ts'
import type { Workshop } from '../workshop.ts'

/** The halves of the course, each with the number of its first version. */
const HALVES = [
  { id: 'login', title: 'The login', from: 1 },
  { id: 'beyond', title: 'Permissions, ending access, machines, APIs, apps', from: 6 },
]

/** `GET /`: OAuth in a picture, and the course at a glance. */
export async function homePage(app: FastifyInstance, { progress }: Workshop): Promise<void> {
  app.get('/', (_request, reply) => {
    const versions = listVersions()
    return reply.viewAsync('home', {
      title: 'The course',
      halves: halvesOf(versions).map((half) => {
        const lessons = half.versions.map((version) => viewLesson(version, progress))
        return { ...half, lessons, minutes: lessons.reduce((sum, { minutes }) => sum + minutes, 0) }
      }),
      first: wayInto(versions[0]),
      place: findPlace(versions, progress),
      matrix: viewMatrix(),
      styles: ['lanes', 'attacks', 'home'],
      scripts: ['home'],
    })
  })
}

/** The halves of the course that have versions, each with its versions. */
export function halvesOf(versions: Version[]) {
  return HALVES.map(({ id, title, from }, index) => {
    const end = HALVES[index + 1]?.from ?? Number.POSITIVE_INFINITY
    const own = versions.filter(({ number }) => number >= from && number < end)
    return { id, title, versions: own }
  }).filter(({ versions: own }) => own.length > 0)
}

function viewLesson(version: Version, progress: Progress) {
  const lesson = readLesson(version)
  const { minutesAlone, hole } = factsOf(lesson)
  return {
    short: copyName(version),
    href: hrefOf(version, OPENING),
    title: lesson.title.replace(/^v\d+: /, ''),
    idea: renderSentence(version, lesson.idea),
    hole: renderSentence(version, hole),
    minutes: minutesAlone,
    pages: countRead(version, progress),
    mine: progress.of(version),
  }
}

/** The page this learner opened last, and the page after it. Undefined before the first page. */
function findPlace(versions: Version[], { at }: Progress) {
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
