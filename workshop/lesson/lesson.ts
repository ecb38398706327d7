import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Heading, parsePage } from '@oauth-lab/course/lessons/markdown.ts'
import { readIntroduction, type Version } from '@oauth-lab/course/programs/versions.ts'
import { slug as slugOf } from 'github-slugger'

/** One of the numbered sections of a lesson. */
export interface Section {
  /** As in `9. What is still missing`. */
  number: number
  title: string
  /** What its address ends with: `what-is-still-missing`. */
  slug: string
  /** Its Markdown, without the heading. */
  source: string
  /** The headings in it, with the anchors that they have in the whole lesson. Lines count from the source's first. */
  headings: Heading[]
  /** The anchor of its own heading in the whole lesson: `9-what-is-still-missing`. */
  anchor: string
}

/** The text of a version, cut into its sections. */
export interface Lesson {
  version: Version
  /** Such as `v02: state`. */
  title: string
  /** Its idea in one line, as Markdown. */
  idea: string
  /** What to try first, as Markdown. */
  tryFirst: string
  sections: Section[]
}

const NUMBERED = /^(\d+)\. (.+)$/

const known = new Map<string, { stamp: string; lesson: Lesson }>()

/** Reads the lesson of a version. It is read again when its file has changed. */
export function readLesson(version: Version): Lesson {
  const file = join(version.folder, 'README.md')
  const { mtimeMs, size } = statSync(file)
  const stamp = `${mtimeMs} ${size}`
  const before = known.get(file)
  if (before?.stamp === stamp) return before.lesson

  const source = readFileSync(file, 'utf8').replaceAll('\r\n', '\n')
  const lesson = { version, ...readIntroduction(version), sections: cutSections(source) }
  known.set(file, { stamp, lesson })
  return lesson
}

function cutSections(source: string): Section[] {
  const lines = source.split('\n')
  const { headings } = parsePage(source)
  const heads = headings.filter(({ level, text }) => level === 2 && NUMBERED.test(text))
  return heads.map((head, index) => {
    const end = (heads[index + 1]?.line ?? lines.length + 1) - 1
    const [, number = '', title = ''] = NUMBERED.exec(head.text) ?? []
    const inside = headings.filter(({ line }) => line > head.line && line <= end)
    return {
      number: Number(number),
      title,
      slug: slugOf(title),
      source: lines.slice(head.line, end).join('\n'),
      headings: inside.map((heading) => ({ ...heading, line: heading.line - head.line })),
      anchor: head.anchor,
    }
  })
}
