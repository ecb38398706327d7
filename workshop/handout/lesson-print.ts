import type { FileChange, Note } from '@oauth-lab/course/differences/compare.ts'
import { highlightFile } from '@oauth-lab/course/differences/highlight.ts'
import { escapeHtml, renderHunk } from '@oauth-lab/course/differences/hunk-html.ts'
import { predecessorOf, readStep } from '@oauth-lab/course/differences/step.ts'
import type { Version } from '@oauth-lab/course/programs/versions.ts'
import { type Lesson, readLesson, type Section } from '../lesson/lesson.ts'
import { pageOf } from '../lesson/outline.ts'
import { readQuestions } from '../lesson/questions.ts'
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
  /** Its sections, for the contents page. */
  sections: { anchor: string; title: string }[]
}

const DIFFERENCE = 5
const QUESTIONS = 8
/** What is for the teacher alone is not on the learners' paper. */
const TEACHER = 10

/** A lesson as it is printed. */
export async function paperLesson(version: Version): Promise<PaperLesson> {
  const lesson = readLesson(version)
  const sections = lesson.sections.filter(({ number }) => number !== TEACHER)
  const texts: string[] = []
  for (const section of sections) texts.push(await sectionHtml(version, section))
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
    sections: sections.map((section) => ({
      anchor: anchorOf(version, section),
      title: `${section.number}. ${section.title}`,
    })),
  }
}

function anchorOf(version: Version, section: Section): string {
  return `${version.name}-${pageOf(version, section)}`
}

async function sectionHtml(version: Version, section: Section): Promise<string> {
  return `<section id="${anchorOf(version, section)}">
<h2>${section.number}. ${escapeHtml(section.title)}</h2>
${await bodyOf(version, section)}
</section>`
}

function bodyOf(version: Version, section: Section): Promise<string> {
  if (section.number === QUESTIONS) return questionsHtml(version, section)
  const older = section.number === DIFFERENCE ? predecessorOf(version) : undefined
  if (older !== undefined) return differenceHtml(older, version, section)
  return renderPart(version, section, section.source)
}

async function questionsHtml(version: Version, section: Section): Promise<string> {
  const questions = readQuestions(section).map(async ({ number, question, material }) => {
    const text = await renderPart(version, section, material)
    return `<div class="question"><p><strong>${number}. ${renderSentence(version, question)}</strong></p>${text}</div>`
  })
  const html = await Promise.all(questions)
  return `${html.join('\n')}\n<p>The answers are <a href="#answers-${version.name}">at the end</a>.</p>`
}

async function answersOf(version: Version, { sections }: Lesson): Promise<string> {
  const section = sections.find(({ number }) => number === QUESTIONS)
  const questions = section === undefined ? [] : readQuestions(section)
  const answers = questions.map(async ({ number, answer }) => {
    const text = section === undefined ? '' : await renderPart(version, section, answer)
    return `<li value="${number}">${text}</li>`
  })
  return `<ol class="answers">${(await Promise.all(answers)).join('\n')}</ol>`
}

/** What the lesson says first, and then each file with its hunks and their notes. */
async function differenceHtml(older: Version, newer: Version, section: Section): Promise<string> {
  const [introduction = ''] = section.source.split(/^### /m, 1)
  const parts = [await renderPart(newer, section, introduction)]
  for (const file of readStep(older, newer).files) {
    parts.push(await fileHtml(newer, section, file))
  }
  return parts.join('\n')
}

async function fileHtml(version: Version, section: Section, file: FileChange): Promise<string> {
  const styled = await highlightFile(file)
  const unanchored = { ...section, headings: [] }
  const notes = new Map<Note, string>()
  for (const note of file.hunks.flatMap((hunk) => hunk.notes)) {
    notes.set(note, await renderPart(version, unanchored, note.text))
  }
  const noteHtml = (note: Note) => notes.get(note) ?? ''
  const hunks = file.hunks.map((hunk) => renderHunk(hunk, { styled, noteHtml }))
  const anchor = section.headings.find(({ text }) => text === file.path)?.anchor
  const id = anchor === undefined ? '' : ` id="${anchor}"`
  return `<div class="file unified">
<h3${id}><code>${escapeHtml(file.path)}</code></h3>
${file.intro === '' ? '' : await renderPart(version, unanchored, file.intro)}
${hunks.join('\n')}
</div>`
}
