import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { slug as slugOf } from 'github-slugger'
import type { Version } from '../programs/versions.ts'
import { type Heading, headingsOf } from './markdown.ts'

/** The parts of a lesson, with the titles of their headings. Only the lessons repeat these titles. */
export const TITLES = {
  problem: 'The problem',
  idea: 'The idea',
  changes: 'What changed',
  messages: 'The messages',
  difference: 'Read the difference',
  tryIt: 'Try it',
  attacks: 'The attacks this version blocks',
  exercise: 'Do it yourself',
  questions: 'Check yourself',
  missing: 'Still open',
  teacher: 'For the teacher',
  sources: 'Sources',
} as const

export type PartName = keyof typeof TITLES

/** A heading of a lesson with the text under it. */
export interface Part {
  /** Undefined for a part that only its lesson has. */
  name: PartName | undefined
  /** Its heading, as Markdown. */
  title: string
  /** How long it takes someone who works alone, if the lesson says so. */
  minutes: number | undefined
  /** The title as the end of a URL: `still-open`. */
  slug: string
  /** The anchor of its heading in the whole lesson: `still-open`. */
  anchor: string
  /** Its lines in README.md, counted from 1: that of its heading, and its last. */
  lines: { first: number; last: number }
  /** Its Markdown, without the heading. */
  source: string
  /** The start of its source, up to the first of its parts. */
  introduction: string
  /** The headings in it. Their lines count from the first line of the source. */
  headings: Heading[]
  /** The parts one level below. */
  parts: Part[]
}

/** The README.md of a version, in parts. */
export interface Lesson {
  /** Such as `v02: state`. */
  title: string
  /** Its idea in one line, as Markdown. */
  idea: string
  /** What to try first, as Markdown. */
  tryFirst: string
  /** In the order of the lesson. */
  parts: Part[]
}

const TRY_FIRST = '**Try first:** '
/** The titles of parts, each with its minutes: `The problem 10, The idea 5.` */
const WAY_THROUGH = /^\*\*The way through, in minutes:\*\* ([^.]+)/m
const TOP_LEVEL = 2

const known = new Map<string, { stamp: string; lesson: Lesson }>()

/**
 * Reads the lesson of a version. Reads the file again only if it has changed. A folder without a README.md
 * has a lesson without parts, named after the folder.
 */
export function readLesson({ folder, name }: Version): Lesson {
  const file = join(folder, 'README.md')
  const stats = statSync(file, { throwIfNoEntry: false })
  if (stats === undefined) return { title: name, idea: '', tryFirst: '', parts: [] }
  const stamp = `${stats.mtimeMs} ${stats.size}`
  const before = known.get(file)
  if (before?.stamp === stamp) return before.lesson

  const parsed = parseLesson(readFileSync(file, 'utf8'))
  const lesson = { ...parsed, title: parsed.title || name }
  known.set(file, { stamp, lesson })
  return lesson
}

/** The path of a version's lesson, to show to people: `versions/v02-state/README.md`. */
export function lessonFile(version: string): string {
  return `versions/${version}/README.md`
}

/** Reads a lesson's Markdown. */
export function parseLesson(text: string): Lesson {
  const lines = text.replaceAll('\r\n', '\n').split('\n')
  const headings = headingsOf(lines.join('\n'))
  const found = cut(lines, headings, { level: TOP_LEVEL, first: 1, last: lines.length })
  const top = lines.slice(0, (found[0]?.lines.first ?? lines.length + 1) - 1).join('\n')
  const minutes = minutesIn(top)
  const parts = found.map((part) => ({ ...part, minutes: minutes.get(part.title) }))
  const [title = '', idea = '', tryFirst = ''] = top
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.replace(/\s+/g, ' ').trim())
  return { title: title.replace(/^# /, ''), idea, tryFirst: tryFirst.replace(TRY_FIRST, ''), parts }
}

function minutesIn(top: string): Map<string, number> {
  const [, way = ''] = WAY_THROUGH.exec(top) ?? []
  const steps = way.matchAll(/([^,]+?)\s+(\d+)/g)
  return new Map(Array.from(steps, ([, title = '', minutes]) => [title.trim(), Number(minutes)]))
}

/** The part with this name, wherever it is in the lesson. */
export function partOf({ parts }: { parts: Part[] }, name: PartName): Part | undefined {
  return parts.flatMap((part) => [part, ...part.parts]).find((part) => part.name === name)
}

function cut(
  lines: string[],
  headings: Heading[],
  { level, first, last }: { level: number; first: number; last: number },
): Part[] {
  const heads = headings.filter((heading) => {
    return heading.level === level && heading.line >= first && heading.line <= last
  })
  return heads.map(({ line, anchor }, index) => {
    const end = (heads[index + 1]?.line ?? last + 1) - 1
    const title = (lines[line - 1] ?? '').replace(/^#+ /, '').trim()
    const parts =
      level === TOP_LEVEL ? cut(lines, headings, { level: level + 1, first: line, last: end }) : []
    const inside = headings.filter((other) => other.line > line && other.line <= end)
    return {
      name: nameOf(title),
      title,
      minutes: undefined,
      slug: slugOf(title),
      anchor,
      lines: { first: line, last: end },
      source: lines.slice(line, end).join('\n'),
      introduction: lines.slice(line, (parts[0]?.lines.first ?? end + 1) - 1).join('\n'),
      headings: inside.map((other) => ({ ...other, line: other.line - line })),
      parts,
    }
  })
}

function nameOf(title: string): PartName | undefined {
  const names = Object.keys(TITLES) as PartName[]
  return names.find((name) => TITLES[name] === title)
}
