import type { FileChange, Note } from '@oauth-lab/course/differences/compare.ts'
import { highlightFile } from '@oauth-lab/course/differences/highlight.ts'
import { escapeHtml, renderHunk } from '@oauth-lab/course/differences/hunk-html.ts'
import { predecessorOf, readStep } from '@oauth-lab/course/differences/step.ts'
import { type Lesson, type Part, partOf, readLesson } from '@oauth-lab/course/lessons/lesson.ts'
import { questionsOf } from '@oauth-lab/course/lessons/questions.ts'
import type { Version } from '@oauth-lab/course/programs/versions.ts'
import { pageOf } from '../lesson/outline.ts'
import { renderPart, renderSentence } from '../lesson/render.ts'
import { withAnchorsOf } from './anchors.ts'

/** A lesson on paper. */
export interface PaperLesson {
  /** Its anchor: the name of the version. */
  anchor: string
  title: string
  html: string
  /** What its questions are answered with, for the end of the file. */
  answers: string
  /** Its parts, for the contents page. */
  parts: { anchor: string; title: string }[]
}

/** A lesson as it is printed. */
export async function paperLesson(version: Version): Promise<PaperLesson> {
  const lesson = readLesson(version)
  // What is for the teacher alone is not on the learners' paper.
  const parts = lesson.parts.filter(({ name }) => name !== 'teacher')
  const texts: string[] = []
  for (const part of parts) texts.push(await partHtml(version, lesson, part))
  const html = `<section class="lesson" id="${version.name}">
<h1>${renderSentence(version, lesson.title)}</h1>
<p class="idea">${renderSentence(version, lesson.idea)}</p>
<p><strong>Try first:</strong> ${renderSentence(version, lesson.tryFirst)}</p>
${texts.join('\n')}
</section>`
  return {
    anchor: version.name,
    title: lesson.title,
    html: withAnchorsOf(version.name, html),
    answers: await answersOf(version, lesson),
    parts: parts.map((part) => ({
      anchor: anchorOf(version, part),
      title: part.heading,
    })),
  }
}

function anchorOf(version: Version, part: Part): string {
  return `${version.name}-${pageOf(version, part)}`
}

async function partHtml(version: Version, lesson: Lesson, part: Part): Promise<string> {
  return `<section id="${anchorOf(version, part)}">
<h2>${escapeHtml(part.heading)}</h2>
${await bodyOf(version, lesson, part)}
</section>`
}

function bodyOf(version: Version, lesson: Lesson, part: Part): Promise<string> {
  if (part.name === 'questions') return questionsHtml(version, lesson, part)
  const older = part.name === 'difference' ? predecessorOf(version) : undefined
  if (older !== undefined) return differenceHtml(older, version, part)
  return renderPart(version, part, part.source)
}

async function questionsHtml(version: Version, lesson: Lesson, part: Part): Promise<string> {
  const questions = questionsOf(lesson).map(async ({ number, question, material }) => {
    const text = await renderPart(version, part, material)
    return `<div class="question"><p><strong>${number}. ${renderSentence(version, question)}</strong></p>${text}</div>`
  })
  const html = await Promise.all(questions)
  return `${html.join('\n')}\n<p>The answers are <a href="#answers-${version.name}">at the end</a>.</p>`
}

async function answersOf(version: Version, lesson: Lesson): Promise<string> {
  const part = partOf(lesson, 'questions')
  if (part === undefined) return ''
  const answers = questionsOf(lesson).map(async ({ number, answer }) => {
    const text = await renderPart(version, part, answer)
    return `<li value="${number}">${text}</li>`
  })
  return `<ol class="answers">${(await Promise.all(answers)).join('\n')}</ol>`
}

/** What the lesson says first, and then each file with its hunks and their notes. */
async function differenceHtml(older: Version, newer: Version, part: Part): Promise<string> {
  const pieces = [await renderPart(newer, part, part.introduction)]
  for (const file of readStep(older, newer).files) {
    pieces.push(await fileHtml(newer, part, file))
  }
  return pieces.join('\n')
}

async function fileHtml(version: Version, part: Part, file: FileChange): Promise<string> {
  const styled = await highlightFile(file)
  const unanchored = { ...part, headings: [] }
  const notes = new Map<Note, string>()
  for (const note of file.hunks.flatMap((hunk) => hunk.notes)) {
    notes.set(note, await renderPart(version, unanchored, note.text))
  }
  const noteHtml = (note: Note) => notes.get(note) ?? ''
  const hunks = file.hunks.map((hunk) => renderHunk(hunk, { styled, noteHtml }))
  const anchor = part.headings.find(({ text }) => text === file.path)?.anchor
  const id = anchor === undefined ? '' : ` id="${anchor}"`
  return `<div class="file unified">
<h3${id}><code>${escapeHtml(file.path)}</code></h3>
${file.intro === '' ? '' : await renderPart(version, unanchored, file.intro)}
${hunks.join('\n')}
</div>`
}
