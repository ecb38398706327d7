import { attacks } from '@oauth-lab/course/attacks/stories/index.ts'
import { copyName } from '@oauth-lab/course/exercises/exercise-start.ts'
import { partOf, readLesson } from '@oauth-lab/course/lessons/lesson.ts'
import type { Heading } from '@oauth-lab/course/lessons/markdown.ts'
import { questionsOf } from '@oauth-lab/course/lessons/questions.ts'
import { readSteps } from '@oauth-lab/course/lessons/steps.ts'
import type { Addresses } from '@oauth-lab/course/programs/programs.ts'
import { listVersions, type Version } from '@oauth-lab/course/programs/versions.ts'
import { hrefOf, OPENING, pageOf } from '../lesson/outline.ts'
import { type Doc, listDocs } from '../lesson/reference.ts'
import { textAt } from '../lesson/running-addresses.ts'
import { codeEntries } from './code-entries.ts'
import { listCommands } from './commands.ts'
import type { Entry } from './entry.ts'

const KIND_OF_DOC: Record<string, Entry['kind']> = { glossary: 'Glossary', errors: 'Errors' }
/** Where the errors have their own words: in a quote, or in the first column of a table. */
const QUOTE = /(?:^> .*\n?)+/gm
const ROW = /^\| `(.+?)`[^|]*\| (.*) \|$/gm

/**
 * Everything there is to find.
 *
 * @param addresses of the running programs, or undefined to leave the texts unchanged
 */
export function listEntries(addresses: Addresses | undefined): Required<Entry>[] {
  const versions = listVersions()
  const entries: Entry[] = [
    ...listDocs().flatMap(entriesOfDoc),
    ...codeEntries(),
    ...versions.flatMap(entriesOfLesson),
    ...versions.flatMap(entriesOfExercise),
    ...attacks.map(({ slug, title, rule, remedy = '' }): Entry => {
      const text = `${rule}. ${remedy}`
      return { kind: 'Attacks', title, href: `/attacks/${slug}`, place: slug, text, names: [slug] }
    }),
    ...listCommands().map(({ typed, anchor, help }): Entry => {
      const href = `/reference/commands#${anchor}`
      return { kind: 'Commands', title: typed, href, place: '', text: simplify(help) }
    }),
  ]
  const move = (text: string) => textAt(text, addresses)
  return entries.map((entry) => ({
    ...entry,
    title: move(entry.title),
    text: move(entry.text),
    names: entry.names?.map(move) ?? [],
  }))
}

function entriesOfDoc({ name, title, headings, source }: Doc): Entry[] {
  const kind = KIND_OF_DOC[name] ?? 'Reference'
  return sectionsOf(source, headings).flatMap(({ heading, body }): Entry[] => {
    const place = kind === 'Reference' ? title : ''
    const entry = { kind, href: `/reference/${name}#${heading.anchor}`, place }
    if (kind !== 'Errors') return [{ ...entry, title: heading.text, text: simplify(body) }]
    const names = (body.match(QUOTE) ?? []).map(simplify)
    const rows = [...body.matchAll(ROW)].map(([, words = '', rest = '']) => {
      return {
        ...entry,
        title: words,
        // Scrolls to the row. A hyphen has a meaning there.
        href: `${entry.href}:~:text=${encodeURIComponent(words).replaceAll('-', '%2D')}`,
        place: heading.text,
        text: simplify(rest.replace(' | ', '; ')),
      }
    })
    const text = simplify(body.replaceAll(ROW, ''))
    return [{ ...entry, title: heading.text, text, names }, ...rows]
  })
}

function entriesOfLesson(version: Version): Entry[] {
  const lesson = readLesson(version)
  const { title, idea, tryFirst } = lesson
  const kind = 'Lessons'
  const overview: Entry = {
    kind,
    title,
    href: hrefOf(version, OPENING),
    place: 'Overview',
    text: simplify(`${idea} ${tryFirst}`),
  }
  const parts = lesson.parts.flatMap((part): Entry[] => {
    const href = hrefOf(version, pageOf(version, part))
    if (part.name === 'exercise') return []
    if (part.name === 'questions') {
      return questionsOf(lesson).map(({ number, question, material }) => ({
        kind,
        title: simplify(question),
        href: `${href}?question=${number}`,
        place: title,
        text: simplify(material),
      }))
    }
    const start = { text: part.title, anchor: '', line: 0, level: 0 }
    return sectionsOf(part.source, [start, ...part.headings]).map(({ heading, body }) => ({
      // The notes on the changes of a file have its path as their heading.
      kind: part.name === 'difference' && heading !== start ? 'Code' : kind,
      title: simplify(heading.text),
      href: heading === start ? href : `${href}#${heading.anchor}`,
      place: title,
      text: simplify(body),
    }))
  })
  return [overview, ...parts]
}

function entriesOfExercise(version: Version): Entry[] {
  const lesson = readLesson(version)
  const part = partOf(lesson, 'exercise')
  if (part === undefined) return []
  const entry = { kind: 'Exercises', href: `/exercises/${copyName(version)}` } as const
  const title = `Exercise ${lesson.title}`
  const steps = readSteps(version).map((step) => ({
    ...entry,
    title: `Step ${step.number}: ${simplify(step.title)}`,
    href: `${entry.href}#step-${step.number}`,
    place: title,
    text: simplify(step.task),
  }))
  return [{ ...entry, title, place: '', text: simplify(part.introduction) }, ...steps]
}

/** A text from each of its headings to the next one. */
function sectionsOf(source: string, headings: Heading[]) {
  const lines = source.split('\n')
  return headings.map((heading, index) => {
    const end = (headings[index + 1]?.line ?? Infinity) - 1
    return { heading, body: lines.slice(heading.line, end).join('\n') }
  })
}

/** Markdown as plain words in one line, without what is folded: answers and hints. */
function simplify(text: string): string {
  return text
    .replace(/<details>.*?<\/details>|<!--.*?-->/gs, '')
    .replace(/^\|[-| ]+\|$/gm, '')
    .replace(/\]\([^)]*\)|^> |^```.*|\*\*|[`[\]]/gm, '')
    .replace(/\s+/g, ' ')
    .trim()
}
