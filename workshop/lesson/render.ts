import { join } from 'node:path'
import { type Lesson, type Part, partOf } from '@oauth-lab/course/lessons/lesson.ts'
import { questionsOf } from '@oauth-lab/course/lessons/questions.ts'
import type { Version } from '@oauth-lab/course/programs/versions.ts'
import { hrefInApp } from './links.ts'
import { renderInline, renderMarkdown } from './render-markdown.ts'

/**
 * A piece of a part as HTML. It starts where the part does, or has no headings.
 *
 * @param up how many levels its headings move up
 */
export function renderPart(
  version: Version,
  { headings }: Part,
  source: string,
  up = 0,
): Promise<string> {
  return renderMarkdown(source, {
    hrefOf: (href) => hrefInApp(href, fileOf(version)),
    anchors: new Map(headings.map(({ line, anchor }) => [line, anchor])),
    up,
  })
}

/** The questions of a lesson, with their parts as HTML. */
export async function renderQuestions(version: Version, lesson: Lesson) {
  const part = partOf(lesson, 'questions')
  if (part === undefined) return []
  return Promise.all(
    questionsOf(lesson).map(async ({ number, question, material, answer }) => ({
      number,
      question: renderSentence(version, question),
      material: await renderPart(version, part, material),
      answer: await renderPart(version, part, answer),
    })),
  )
}

/** A sentence of a lesson as HTML. */
export function renderSentence(version: Version, source: string): string {
  return renderInline(source, (href) => hrefInApp(href, fileOf(version)))
}

function fileOf({ folder }: Version): string {
  return join(folder, 'README.md')
}
