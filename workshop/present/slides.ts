import { readStep } from '@oauth-lab/course/differences/step.ts'
import { copyName } from '@oauth-lab/course/exercises/exercise-start.ts'
import {
  type Lesson,
  type Part,
  type PartName,
  readLesson,
} from '@oauth-lab/course/lessons/lesson.ts'
import { type Version, versionBefore } from '@oauth-lab/course/programs/versions.ts'
import { renderNote } from '../difference/difference-view.ts'
import { renderPart, renderQuestions, renderSentence } from '../lesson/render.ts'
import { blocksOf, rowsIn } from '../lesson/render-markdown.ts'
import { lessonAt } from '../lesson/running-addresses.ts'
import type { Slot } from '../runner.ts'
import { hunkSlidesOf } from './hunk-slides.ts'
import { type Shown, shownOf } from './shown.ts'

/** One slide: one idea, with one thing to look at. */
export interface Slide {
  /** Its part of the lesson, in small type above it. */
  part: string
  title: string
  html: string
  kind: 'title' | 'text' | 'diagram' | 'hunk' | 'question'
  /** What there is to say, as HTML. */
  notes: string
  /** Related pages of the workshop. */
  links: { href: string; text: string }[]
}

/** The most slides of a lesson. The difference gets what the other parts leave. */
const MOST_SLIDES = 25
/** The most slides of the parts with many sections. Those with something to look at come first. */
const MOST: Partial<Record<PartName, number>> = { idea: 4, messages: 4 }

const LIVE_TRAFFIC = { href: '/traffic', text: 'Live traffic' }

type Addresses = Slot['addresses'] | undefined
type Maker = (version: Version, part: Part, lesson: Lesson) => Promise<Slide[]>

/** How each part becomes slides. The difference comes last, in what is left. */
const MAKERS: Partial<Record<PartName, Maker>> = {
  problem: textSlides,
  idea: textSlides,
  changes: textSlides,
  messages: textSlides,
  tryIt: trySlides,
  exercise: exerciseSlides,
  questions: questionSlides,
  missing: missingSlides,
}

/**
 * A lesson as slides.
 *
 * @param addresses of the running programs, or undefined to leave the text unchanged
 */
export async function slidesOf(version: Version, addresses?: Addresses): Promise<Slide[]> {
  const lesson = lessonAt(readLesson(version), addresses)
  const made = await Promise.all(
    lesson.parts.map(async (part) => {
      return (await (part.name && MAKERS[part.name])?.(version, part, lesson)) ?? []
    }),
  )
  const left = MOST_SLIDES - 1 - made.flat().length
  const at = lesson.parts.findIndex(({ name }) => name === 'difference')
  const difference = lesson.parts[at]
  if (difference !== undefined) {
    made[at] = await differenceSlides(version, difference, left, addresses)
  }
  return [titleSlide(version, lesson), ...made.flat()]
}

function titleSlide(version: Version, { title, idea, tryFirst }: Lesson): Slide {
  const html = `<p class="idea">${renderSentence(version, idea)}</p>`
  const notes = `<p><strong>Try first:</strong> ${renderSentence(version, tryFirst)}</p>`
  return { part: '', title, html, kind: 'title', notes, links: [LIVE_TRAFFIC] }
}

/** The start of a part and its sections, each with its whole text as notes. */
async function textSlides(version: Version, part: Part): Promise<Slide[]> {
  const start = { title: part.title, source: part.introduction }
  // The start of the messages only says how they were recorded.
  const sections = part.name === 'messages' ? part.parts : [start, ...part.parts]
  const all = sections.flatMap(({ title, source }) => {
    return shownOf(source).map((shown) => ({ title, source, ...shown }))
  })
  const chosen = [...all].sort(byFigure).slice(0, (part.name && MOST[part.name]) ?? 1)
  return Promise.all(
    all
      .filter((shown) => chosen.includes(shown))
      .map(async ({ title, source, ...shown }) => ({
        part: part.title,
        title,
        html: await renderShown(version, part, shown),
        kind: shown.isDiagram ? ('diagram' as const) : ('text' as const),
        notes: await render(version, part, source),
        links: part.name === 'messages' ? [LIVE_TRAFFIC] : [],
      })),
  )
}

function byFigure(one: Shown, other: Shown): number {
  return Number(one.figure === '') - Number(other.figure === '')
}

async function renderShown(version: Version, part: Part, { statement, figure }: Shown) {
  const said =
    statement === '' ? '' : `<p class="statement">${renderSentence(version, statement)}</p>`
  return said + (await render(version, part, figure))
}

/** The lines with the longest notes, in the order of the lesson. The first version has no difference, only the text. */
async function differenceSlides(
  version: Version,
  part: Part,
  most: number,
  addresses: Addresses,
): Promise<Slide[]> {
  const older = versionBefore(version)
  if (older === undefined) return textSlides(version, part)
  const links = [{ href: `/lessons/${version.name}/difference`, text: 'The whole difference' }]
  const hunks = await Promise.all(
    readStep(older, version).files.map(async (file) => {
      const drawn = await hunkSlidesOf(file, (note) => renderNote(note, addresses))
      return drawn.map((hunk) => ({ ...hunk, title: `\`${file.path}\`` }))
    }),
  )
  const all = hunks.flat()
  const chosen = [...all].sort((one, other) => other.weight - one.weight).slice(0, most)
  return all
    .filter((hunk) => chosen.includes(hunk))
    .map(({ title, html, notes }) => {
      return { part: part.title, title, html, kind: 'hunk', notes, links }
    })
}

/** The attacks that the version blocks, with links to play them. */
async function trySlides(version: Version, part: Part): Promise<Slide[]> {
  const attacks = part.parts.find(({ name }) => name === 'attacks') ?? part
  const text = await render(version, part, attacks.source)
  const slugs = [...text.matchAll(/href="\/attacks\/([\w-]+)"/g)].map(([, slug = '']) => slug)
  const plays = [...new Set(slugs)].map((slug) => {
    return { href: `/attacks/${slug}`, text: `Play ${slug}` }
  })
  const commands = { href: `/lessons/${version.name}/${part.slug}`, text: 'The commands' }
  const table = blocksOf(attacks.source).find(({ type }) => type === 'table')
  return [
    {
      part: part.title,
      title: attacks.title,
      html: await render(version, part, table?.source ?? ''),
      kind: 'text',
      notes: text,
      links: [commands, LIVE_TRAFFIC, ...plays],
    },
  ]
}

/** What is open, without why it matters. */
async function missingSlides(version: Version, part: Part): Promise<Slide[]> {
  const points = rowsIn(part.source).map(([what = '']) => what)
  return [await listSlide(version, part, points, part.source, [])]
}

async function exerciseSlides(version: Version, part: Part): Promise<Slide[]> {
  const links = [{ href: `/exercises/${copyName(version)}`, text: 'The exercise' }]
  const steps = part.parts.map(({ title }) => title)
  return [await listSlide(version, part, steps, part.introduction, links)]
}

async function listSlide(
  version: Version,
  part: Part,
  points: string[],
  source: string,
  links: Slide['links'],
): Promise<Slide> {
  const items = points.map((point) => `<li>${renderSentence(version, point)}</li>`)
  const html = `<ul>${items.join('')}</ul>`
  const notes = await render(version, part, source)
  return { part: part.title, title: part.title, html, kind: 'text', notes, links }
}

/** Each question, with its answer folded. */
async function questionSlides(version: Version, part: Part, lesson: Lesson): Promise<Slide[]> {
  const questions = await renderQuestions(version, lesson)
  return questions.map(({ number, question, material, answer }) => ({
    part: part.title,
    title: `Question ${number}`,
    html: `<p class="asked">${question}</p>${material}
<details><summary>Answer</summary><div class="callout good">${answer}</div></details>`,
    kind: 'question',
    notes: answer,
    links: [],
  }))
}

/** The text of a slide has no anchors, because two slides may have the same heading. */
function render(version: Version, part: Part, source: string): Promise<string> {
  return renderPart(version, { ...part, headings: [] }, source)
}
