import { type Lesson, type Part, readLesson } from '@oauth-lab/course/lessons/lesson.ts'
import { listVersions, type Version, versionBefore } from '@oauth-lab/course/programs/versions.ts'
import type { FastifyRequest } from 'fastify'
import { isLedFromElsewhere } from '../local-requests.ts'
import type { Progress } from '../progress.ts'

/** A link to a page of a lesson. */
export interface Way {
  href: string
  text: string
}

interface Page {
  /** The end of its address, or empty for the first page. */
  slug: string
  text: string
  /** How long the part takes, if the lesson says so. */
  minutes?: number | undefined
}

/** The first page of a lesson, with its idea and its contents. */
export const OPENING = ''

/**
 * The pages of a lesson in order, for the side bar of `lesson-frame.eta`, and the links to the neighboring pages: before
 * the first one and after the last one, those of other lessons.
 *
 * @param current the slug of the current page: `the-idea`, `difference`, `wire`, `attacks`, or `OPENING`
 * @param progress tells which pages were read. Without it, none was
 */
export function outlineOf(version: Version, current: string, progress?: Progress) {
  const lesson = readLesson(version)
  const read = new Set(progress?.of(version).read)
  const entries = pagesOf(version, lesson).map((page) => ({
    ...page,
    href: hrefOf(version, page.slug),
    isCurrent: page.slug === current,
    isRead: read.has(page.slug),
  }))
  const at = entries.findIndex(({ isCurrent }) => isCurrent)
  return {
    title: lesson.title,
    entries,
    current: entries[at],
    before: at > 0 ? entries[at - 1] : lastPageOf(versionBefore(version)),
    next: entries[at + 1] ?? wayInto(versionAfter(version)),
  }
}

/** The outline of a requested page. The page counts as read, unless the link came from another site. */
export function openPage(
  request: FastifyRequest,
  version: Version,
  slug: string,
  progress: Progress,
) {
  if (!isLedFromElsewhere(request)) progress.noteRead(version, slug, hrefOf(version, slug))
  return outlineOf(version, slug, progress)
}

/** The address of a page of a lesson. */
export function hrefOf({ name }: Version, slug: string): string {
  return slug === OPENING ? `/lessons/${name}` : `/lessons/${name}/${slug}`
}

/** The first unread page of a lesson, or else the next lesson. */
export function unreadIn(version: Version, progress: Progress): Way | undefined {
  const { entries } = outlineOf(version, OPENING, progress)
  return entries.find(({ isRead }) => !isRead) ?? wayInto(versionAfter(version))
}

/** The number of a lesson's pages, and how many of them the learner has read. */
export function countRead(version: Version, progress: Progress) {
  const { entries } = outlineOf(version, OPENING, progress)
  return { read: entries.filter(({ isRead }) => isRead).length, all: entries.length }
}

/**
 * The parts of the lesson. In the app the difference is an interactive page, and the wire and the attacks, which the text only links to, have their own pages.
 */
function pagesOf(version: Version, { parts }: Lesson): Page[] {
  const pages = parts.flatMap((part): Page[] => {
    const page = { slug: pageOf(version, part), text: part.title, minutes: part.minutes }
    if (part.name !== 'difference') return [page]
    // After the exercise, because the attacks name the lines that block them.
    return page.slug === DIFFERENCE ? [page, WIRE, ATTACKS] : [page, ATTACKS]
  })
  return [{ slug: OPENING, text: 'Overview' }, ...pages]
}

/** The page of a step. */
export const DIFFERENCE = 'difference'
const WIRE = { slug: 'wire', text: 'On the wire' }
const ATTACKS = { slug: 'attacks', text: 'The attacks' }

/** The slug of the page with a part of a lesson. */
export function pageOf(version: Version, { name, slug }: Part): string {
  const isDifference = name === 'difference' && versionBefore(version) !== undefined
  return isDifference ? DIFFERENCE : slug
}

/** The way to the first page of a lesson. */
export function wayInto(version: Version | undefined): Way | undefined {
  if (version === undefined) return undefined
  return { href: hrefOf(version, OPENING), text: readLesson(version).title }
}

function lastPageOf(version: Version | undefined): Way | undefined {
  if (version === undefined) return undefined
  const lesson = readLesson(version)
  const last = pagesOf(version, lesson).at(-1)
  return last && { href: hrefOf(version, last.slug), text: `${lesson.title}, ${last.text}` }
}

function versionAfter({ number }: Version): Version | undefined {
  return listVersions().find((version) => version.number > number)
}
