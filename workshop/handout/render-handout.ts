import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { escapeHtml } from '@oauth-lab/course/differences/hunk-html.ts'
import { listVersions, ROOT } from '@oauth-lab/course/programs/versions.ts'
import { htmlOfDoc, listDocs } from '../lesson/reference.ts'
import { anchorsIn, withAnchorsOf, withLinksInside } from './anchors.ts'
import { type PaperLesson, paperLesson } from './lesson-print.ts'

/** A part of the file besides the lessons. */
interface Appendix {
  anchor: string
  title: string
  html: string
}

const DOCS = ['errors', 'glossary']
const HERE = import.meta.dirname

/**
 * All lessons as one page to print. It needs no other file and no network. The diagrams are drawn by Mermaid, which is
 * in the file: so they are drawn wherever the page is opened, and making it takes no browser.
 */
export async function renderHandout(): Promise<string> {
  const lessons: PaperLesson[] = []
  for (const version of listVersions()) lessons.push(await paperLesson(version))
  const appendices = [answersOf(lessons), ...(await Promise.all(docs()))]
  const text = [
    contentsOf(lessons, appendices),
    ...lessons.map(({ html }) => html),
    ...appendices.map(({ html }) => html),
  ].join('\n')
  const opened = text.replaceAll('<details>', '<details open>')
  return frame(withLinksInside(opened, anchorsIn(opened)))
}

function answersOf(lessons: PaperLesson[]): Appendix {
  const parts = lessons.map(({ anchor, title, answers }) => {
    return `<h2 id="answers-${anchor}">${escapeHtml(title)}</h2>\n${answers}`
  })
  const html = `<section class="appendix" id="answers"><h1>Answers</h1>\n${parts.join('\n')}</section>`
  return { anchor: 'answers', title: 'Answers', html }
}

function docs(): Promise<Appendix>[] {
  const wanted = listDocs().filter(({ name }) => DOCS.includes(name))
  return wanted.map(async (doc) => ({
    anchor: doc.name,
    title: doc.title,
    html: `<section class="appendix" id="${doc.name}">${withAnchorsOf(doc.name, await htmlOfDoc(doc))}</section>`,
  }))
}

function contentsOf(lessons: PaperLesson[], appendices: Appendix[]): string {
  const entries = lessons.map(({ anchor, title, parts }) => {
    const inner = parts.map((part) => `<li>${link(part.anchor, part.title)}</li>`)
    return `<li>${link(anchor, title)}<ol>${inner.join('')}</ol></li>`
  })
  const last = appendices.map(({ anchor, title }) => `<li>${link(anchor, title)}</li>`)
  return `<header class="cover">
<h1>OAuth Lab</h1>
<p class="idea">Five small programs that are really one program, growing. Each adds one idea to the one before.</p>
</header>
<nav class="contents" aria-label="Contents">
<h2>Contents</h2>
<ol>${[...entries, ...last].join('\n')}</ol>
</nav>`
}

function link(anchor: string, text: string): string {
  return `<a href="#${anchor}">${escapeHtml(text)}</a>`
}

function frame(body: string): string {
  const mermaid = createRequire(join(ROOT, 'workshop', 'package.json')).resolve('mermaid')
  const script = readFileSync(join(dirname(mermaid), 'mermaid.min.js'), 'utf8')
  const style = (file: string) => readFileSync(file, 'utf8')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<title>OAuth Lab: all lessons</title>
<style>
${style(join(ROOT, 'course', 'differences', 'hunks.css'))}
${style(join(HERE, 'page.css'))}</style>
</head>
<body>
<main>
${body}
</main>
<script>${script.replaceAll('</script', '<\\/script')}</script>
<script>
${style(join(HERE, 'draw.js'))}</script>
</body>
</html>
`
}
