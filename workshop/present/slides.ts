import type { Note } from '@oauth-lab/course/differences/compare.ts'
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
import { lessonAt } from '../lesson/running-addresses.ts'
import type { Slot } from '../runner.ts'
import { hunkSlidesOf } from './hunk-slides.ts'

/** One slide. The page splits it into as many screens as it needs. */
export interface Slide {
  /** Its part of the lesson, in small type above it. */
  part: string
  title: string
  html: string
  kind: 'title' | 'text' | 'hunk' | 'question'
  /** Related pages of the workshop. */
  links: { href: string; text: string }[]
}

const LIVE_TRAFFIC = { href: '/traffic', text: 'Live traffic' }

type Addresses = Slot['addresses'] | undefined
type Maker = (
  version: Version,
  part: Part,
  lesson: Lesson,
  addresses: Addresses,
) => Promise<Slide[]>

/** How each part becomes slides. Other parts have none. */
const MAKERS: Partial<Record<PartName, Maker>> = {
  problem: textSlides,
  idea: textSlides,
  changes: textSlides,
  messages: textSlides,
  difference: differenceSlides,
  tryIt: trySlides,
  exercise: exerciseSlides,
  questions: questionSlides,
  missing: textSlides,
}

/**
 * A lesson as slides.
 *
 * @param addresses of the running programs, or undefined to leave the text unchanged
 */
export async function slidesOf(version: Version, addresses?: Addresses): Promise<Slide[]> {
  const lesson = lessonAt(readLesson(version), addresses)
  const slides = lesson.parts.map((part) => {
    return (part.name && MAKERS[part.name])?.(version, part, lesson, addresses) ?? []
  })
  return [titleSlide(version, lesson), ...(await Promise.all(slides)).flat()]
}

function titleSlide(version: Version, { title, idea, tryFirst }: Lesson): Slide {
  return {
    part: '',
    title,
    html: `<p class="idea">${renderSentence(version, idea)}</p>
<p class="try-first"><strong>Try first:</strong> ${renderSentence(version, tryFirst)}</p>`,
    kind: 'title',
    links: [LIVE_TRAFFIC],
  }
}

/** The start of a part, and each of its sections. */
function textSlides(version: Version, part: Part): Promise<Slide[]> {
  const texts = [{ ...part, source: part.introduction }, ...part.parts]
  return Promise.all(
    texts
      .filter(({ source }) => source.replace(/<!--[\s\S]*?-->/g, '').trim() !== '')
      .map(async ({ title, source }) => ({
        part: part.title,
        title,
        html: await render(version, part, source),
        kind: 'text' as const,
        links: part.name === 'messages' ? [LIVE_TRAFFIC] : [],
      })),
  )
}

/** The first version has no difference, only the text. */
async function differenceSlides(
  version: Version,
  part: Part,
  _lesson: Lesson,
  addresses: Addresses,
): Promise<Slide[]> {
  const older = versionBefore(version)
  if (older === undefined) return textSlides(version, part)
  const slides = await textSlides(version, { ...part, parts: [] })
  const links = [{ href: `/lessons/${version.name}/difference`, text: 'The whole difference' }]
  for (const file of readStep(older, version).files) {
    const noteHtml = (note: Note) => renderNote(note, addresses)
    const asSlide = (html: string): Slide => {
      return { part: part.title, title: `\`${file.path}\``, html, kind: 'hunk', links }
    }
    if (file.intro !== '') {
      const note = { text: file.intro, version: version.name }
      slides.push({ ...asSlide(await renderNote(note, addresses)), kind: 'text' })
    }
    slides.push(...(await hunkSlidesOf(file, noteHtml)).map(asSlide))
  }
  return slides
}

/** The things to try, and the attacks, each with a link to play it. */
async function trySlides(version: Version, part: Part): Promise<Slide[]> {
  const attacks = part.parts.find(({ name }) => name === 'attacks')
  const others = part.parts.filter((other) => other !== attacks)
  const first: Slide = {
    part: part.title,
    title: part.title,
    html: pointsOf(version, others),
    kind: 'text',
    links: [{ href: `/lessons/${version.name}/${part.slug}`, text: 'The commands' }, LIVE_TRAFFIC],
  }
  if (attacks === undefined) return [first]
  const html = await render(version, part, attacks.source)
  const slugs = [...html.matchAll(/href="\/attacks\/([\w-]+)"/g)].map(([, slug = '']) => slug)
  const links = [...new Set(slugs)].map((slug) => {
    return { href: `/attacks/${slug}`, text: `Play ${slug}` }
  })
  return [first, { part: part.title, title: attacks.title, html, kind: 'text', links }]
}

async function exerciseSlides(version: Version, part: Part): Promise<Slide[]> {
  const links = [{ href: `/exercises/${copyName(version)}`, text: 'The exercise' }]
  const html = pointsOf(version, part.parts)
  return [{ part: part.title, title: part.title, html, kind: 'text', links }]
}

function pointsOf(version: Version, parts: Part[]): string {
  const points = parts.map(({ title }) => `<li>${renderSentence(version, title)}</li>`)
  return `<ul class="points">${points.join('')}</ul>`
}

/** Each question twice: by itself, and with its answer. */
async function questionSlides(version: Version, part: Part, lesson: Lesson): Promise<Slide[]> {
  const questions = await renderQuestions(version, lesson)
  return questions.flatMap(({ number, question, material, answer }) => {
    const asked = `<p class="asked">${question}</p>${material}`
    const answered = `<div class="callout good">${answer}</div>`
    const slide = { part: part.title, title: `Question ${number}`, links: [] }
    return [
      { ...slide, html: asked, kind: 'question' as const },
      { ...slide, html: `${asked}${answered}`, kind: 'question' as const },
    ]
  })
}

/** The text of a slide has no anchors, because two slides may have the same heading. */
function render(version: Version, part: Part, source: string): Promise<string> {
  return renderPart(version, { ...part, headings: [] }, source)
}
