import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { type Lesson, type Part, readLesson } from '@oauth-lab/course/lessons/lesson.ts'
import { listVersions, type Version, versionBefore } from '@oauth-lab/course/programs/versions.ts'
import { Eta } from 'eta'
import { differenceOf } from '../difference/difference-view.ts'
import { knownVersionOf } from '../known-versions.ts'
import { pageOf } from '../lesson/outline.ts'
import { htmlOfDoc, listDocs } from '../lesson/reference.ts'
import { renderPart, renderQuestions, renderSentence } from '../lesson/render.ts'
import { anchorsIn, withAnchorsOf, withLinksInside } from './anchors.ts'
import { summaryOf } from './summary.ts'

const DOCS = ['errors', 'glossary']
const STYLES = ['workshop', 'lesson', 'code', 'hunks', 'handout']
const SCRIPTS = ['page-mermaid', 'diagrams']
const PUBLIC = join(import.meta.dirname, '..', 'public')
const resolve = createRequire(import.meta.url).resolve
const BASE = resolve('@oauth-lab/shared/base.css')

/**
 * Lessons as one page to print, each with a summary on a sheet of its own. With all of them come contents, errors and
 * glossary. It needs no other file and no network. The file includes Mermaid, which draws the
 * diagrams when the page is opened, so making the page needs no browser.
 */
export async function renderHandout(versions = listVersions()): Promise<string> {
  const [only] = versions.length === 1 ? versions : []
  const eta = new Eta({ views: join(import.meta.dirname, '..', 'views'), useWith: false })
  const text = eta.render('./handout-text', {
    lessons: await Promise.all(versions.map(paperLesson)),
    docs: await Promise.all(
      listDocs()
        .filter(({ name }) => only === undefined && DOCS.includes(name))
        .map(async (doc) => ({ ...doc, html: withAnchorsOf(doc.name, await htmlOfDoc(doc)) })),
    ),
  })
  const mermaid = join(dirname(resolve('mermaid')), 'mermaid.min.js')
  const script = readPublic(SCRIPTS, 'js').replace(/^import .*\n|^export /gm, '')
  return eta.render('./handout', {
    title: only === undefined ? 'all lessons' : readLesson(only).title,
    text: withLinksInside(text, anchorsIn(text)),
    style: readFileSync(BASE, 'utf8') + readPublic(STYLES, 'css'),
    scripts: [readFileSync(mermaid, 'utf8').replaceAll('</script', '<\\/script'), script],
  })
}

function readPublic(names: string[], extension: string): string {
  return names.map((name) => readFileSync(join(PUBLIC, `${name}.${extension}`), 'utf8')).join('\n')
}

async function paperLesson(version: Version) {
  const lesson = readLesson(version)
  // The part for the teacher isn't on the learners' paper.
  const parts = lesson.parts.filter(({ name }) => name !== 'teacher')
  return {
    name: version.name,
    title: lesson.title,
    idea: renderSentence(version, lesson.idea),
    tryFirst: renderSentence(version, lesson.tryFirst),
    summary: await summaryOf(version, lesson),
    parts: await Promise.all(parts.map((part) => paperPart(version, lesson, part))),
  }
}

/** A part of a lesson: text, questions, or a difference. */
async function paperPart(version: Version, lesson: Lesson, part: Part) {
  const anchor = `${version.name}-${pageOf(version, part)}`
  const paper = { title: part.title, anchor, html: '', questions: [], difference: undefined }
  if (part.name === 'questions') {
    return { ...paper, questions: await renderQuestions(version, lesson) }
  }
  const before = part.name === 'difference' ? versionBefore(version) : undefined
  if (before === undefined) {
    const html = await renderPart(version, part, part.source)
    return { ...paper, html: withAnchorsOf(version.name, html) }
  }
  const pair = { older: knownVersionOf(before), newer: knownVersionOf(version) }
  const difference = await differenceOf(pair, false, undefined)
  return { ...paper, html: await renderPart(version, part, part.introduction), difference }
}
