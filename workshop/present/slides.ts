import { join } from 'node:path'
import type { Note } from '@oauth-lab/course/differences/compare.ts'
import { predecessorOf, readStep } from '@oauth-lab/course/differences/step.ts'
import { copyName } from '@oauth-lab/course/exercises/exercise-start.ts'
import { listVersions, ROOT, type Version } from '@oauth-lab/course/programs/versions.ts'
import { type Lesson, readLesson, type Section } from '../lesson/lesson.ts'
import { hrefInApp } from '../lesson/links.ts'
import { readQuestions } from '../lesson/questions.ts'
import { renderPart, renderSentence } from '../lesson/render.ts'
import { renderMarkdown } from '../lesson/render-markdown.ts'
import { lessonAt, textAt } from '../lesson/running-addresses.ts'
import type { Slot } from '../runner.ts'
import { hunkLeavesOf } from './hunk-slides.ts'
import { leavesOf } from './leaves.ts'

/** One thing to show to a most. */
export interface Slide {
  /** The part of the lesson that it is from, in small type above it. */
  part: string
  title: string
  html: string
  kind: 'title' | 'text' | 'diagram' | 'hunk' | 'question'
  /** What else of the workshop goes with it. */
  links: SlideLink[]
}

export interface SlideLink {
  href: string
  text: string
}

const READING_THE_DIFFERENCE = 5
const ATTACKS_HEADING = /^The attacks\b/
const LIVE_TRAFFIC = { href: '/traffic', text: 'Live traffic' }

type Addresses = Slot['addresses'] | undefined
type Maker = (version: Version, section: Section, addresses: Addresses) => Promise<Slide[]>

/** What becomes of a section, by its number. A section that is not named here is not for the wall. */
const MAKERS: Record<number, Maker> = {
  1: textSlides,
  2: textSlides,
  3: textSlides,
  4: textSlides,
  5: differenceSlides,
  6: trySlides,
  7: exerciseSlides,
  8: questionSlides,
  9: textSlides,
}

const known = new Map<string, { lesson: Lesson; slides: Promise<Slide[]> }>()

/**
 * A lesson as slides. They are made again when its text has changed.
 *
 * @param addresses of what runs, or undefined to leave the text as it is
 */
export function slidesOf(version: Version, addresses?: Addresses): Promise<Slide[]> {
  const lesson = lessonAt(readLesson(version), addresses)
  const before = known.get(version.folder)
  if (before?.lesson === lesson) return before.slides
  const slides = makeSlides(version, lesson, addresses)
  known.set(version.folder, { lesson, slides })
  return slides
}

async function makeSlides(
  version: Version,
  lesson: Lesson,
  addresses: Addresses,
): Promise<Slide[]> {
  const parts = lesson.sections.map((section) => {
    return MAKERS[section.number]?.(version, section, addresses) ?? []
  })
  return [titleSlide(version, lesson), ...(await Promise.all(parts)).flat()]
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

async function textSlides(version: Version, section: Section): Promise<Slide[]> {
  return Promise.all(
    leavesOf(section.source).map(async ({ heading, source }) => ({
      part: partOf(section),
      title: heading === '' ? section.title : heading,
      html: await render(version, section, source),
      kind: source.startsWith('```mermaid') ? ('diagram' as const) : ('text' as const),
      links: section.number === 4 ? [LIVE_TRAFFIC] : [],
    })),
  )
}

/** The first version has no difference: there it is the text alone. */
async function differenceSlides(
  version: Version,
  section: Section,
  addresses: Addresses,
): Promise<Slide[]> {
  const older = predecessorOf(version)
  if (section.number !== READING_THE_DIFFERENCE || older === undefined) {
    return textSlides(version, section)
  }
  const slides = await textSlides(version, upTo(section, /^### /m))
  const links = [{ href: `/lessons/${version.name}/difference`, text: 'The whole difference' }]
  for (const file of readStep(older, version).files) {
    const noteHtml = (note: Note) => renderNote({ ...note, text: textAt(note.text, addresses) })
    const asSlide = (html: string): Slide => {
      return { part: partOf(section), title: `\`${file.path}\``, html, kind: 'hunk', links }
    }
    for (const { source } of leavesOf(textAt(file.intro, addresses))) {
      slides.push({ ...asSlide(await render(version, section, source)), kind: 'text' })
    }
    const leaves = await hunkLeavesOf(file, noteHtml)
    slides.push(...leaves.map(({ html }) => asSlide(html)))
  }
  return slides
}

/** What there is to try, and the attacks, each with its way to the stage. */
async function trySlides(version: Version, section: Section): Promise<Slide[]> {
  const names = section.headings.filter(({ level, text }) => {
    return level === 3 && !ATTACKS_HEADING.test(text)
  })
  const first: Slide = {
    part: partOf(section),
    title: section.title,
    html: `<ul class="points">${names.map(({ text }) => `<li>${renderSentence(version, text)}</li>`).join('')}</ul>`,
    kind: 'text',
    links: [
      { href: `/lessons/${version.name}/${section.slug}`, text: 'The commands' },
      LIVE_TRAFFIC,
    ],
  }
  const attacks = leavesOf(section.source).filter(({ heading, source }) => {
    return ATTACKS_HEADING.test(heading) && source.startsWith('|')
  })
  const slides = await Promise.all(
    attacks.map(async ({ heading, source }): Promise<Slide> => {
      const html = await render(version, section, source)
      const slugs = [...html.matchAll(/href="\/attacks\/([\w-]+)"/g)].map(([, slug = '']) => slug)
      const links = [...new Set(slugs)].map((slug) => {
        return { href: `/attacks/${slug}`, text: `Play ${slug}` }
      })
      return { part: partOf(section), title: heading, html, kind: 'text', links }
    }),
  )
  return [first, ...slides]
}

async function exerciseSlides(version: Version, section: Section): Promise<Slide[]> {
  const steps = section.headings.filter(({ level }) => level === 3)
  const items = steps.map(({ text }) => `<li>${renderSentence(version, text)}</li>`)
  const links = [{ href: `/exercises/${copyName(version)}`, text: 'The exercise' }]
  const html = `<ul class="points">${items.join('')}</ul>`
  return [{ part: partOf(section), title: section.title, html, kind: 'text', links }]
}

/** Each question twice: alone, and with its answer. */
async function questionSlides(version: Version, section: Section): Promise<Slide[]> {
  const pairs = readQuestions(section).map(async ({ number, question, material, answer }) => {
    const asked = `<p class="asked">${renderSentence(version, question)}</p>${await render(version, section, material)}`
    const answered = `<div class="answer">${await render(version, section, answer)}</div>`
    const slide = { part: partOf(section), title: `Question ${number}`, links: [] }
    return [
      { ...slide, html: asked, kind: 'question' as const },
      { ...slide, html: `${asked}${answered}`, kind: 'question' as const },
    ]
  })
  return (await Promise.all(pairs)).flat()
}

function partOf({ number, title }: Section): string {
  return `${number}. ${title}`
}

function upTo(section: Section, end: RegExp): Section {
  return { ...section, source: section.source.split(end, 1)[0] ?? '' }
}

/** The text of a slide has no anchors: two slides may have the same heading. */
function render(version: Version, section: Section, source: string): Promise<string> {
  return renderPart(version, { ...section, headings: [] }, source)
}

/** A note may be of another lesson, where its links start. */
function renderNote({ text, version }: Note): Promise<string> {
  const home = listVersions().find(({ name }) => name === version)?.folder ?? ROOT
  const hrefOf = (href: string) => hrefInApp(href, join(home, 'README.md'))
  return renderMarkdown(text, { hrefOf, anchors: new Map(), up: 0 })
}
