import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Note } from '@oauth-lab/course/differences/compare.ts'
import { type FileChange, stepName } from '@oauth-lab/course/differences/compare.ts'
import { highlightFile } from '@oauth-lab/course/differences/highlight.ts'
import { escapeHtml, renderHunk } from '@oauth-lab/course/differences/hunk-html.ts'
import { withoutLocalLinks } from '@oauth-lab/course/differences/notes.ts'
import { describeSize, describeStep } from '@oauth-lab/course/differences/stat.ts'
import type { Step } from '@oauth-lab/course/differences/step.ts'
import { readLesson } from '@oauth-lab/course/lessons/lesson.ts'
import { ROOT } from '@oauth-lab/course/programs/versions.ts'
import { slug } from 'github-slugger'
import MarkdownIt from 'markdown-it'

const STYLES = ['scripts/print/difference-page.css', 'course/differences/hunks.css']

const markdown = new MarkdownIt({ html: false, typographer: false })

/** A difference as one page that needs nothing but a browser: no script, no other file, no network. */
export async function renderHtml(step: Step): Promise<string> {
  const { older, newer, files } = step
  const introduction = readLesson(newer)
  const title = `${stepName(older, newer)}: ${introduction.title.replace(/^v\d+: /, '')}`
  const sections = await Promise.all(files.map((file) => renderFile(step, file)))
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)} - OAuth Lab</title>
<style>
${STYLES.map((name) => readFileSync(join(ROOT, name), 'utf8')).join('\n')}</style>
</head>
<body>
<header>
<p class="lab">OAuth Lab</p>
<h1>${escapeHtml(title)}</h1>
${introduction.idea === '' ? '' : `<p class="idea">${markdown.renderInline(withoutLocalLinks(introduction.idea))}</p>`}
<p class="size">${escapeHtml(describeStep(files))}</p>
<nav aria-label="Files"><ol>
${files.map(renderFileLink).join('\n')}
</ol></nav>
</header>
<main>
${sections.join('\n')}
</main>
</body>
</html>
`
}

function renderFileLink(file: FileChange): string {
  const size = `<span class="size">${renderSize(file)}</span>`
  return `<li><a href="#${slug(file.path)}">${escapeHtml(file.path)}</a> ${size}</li>`
}

function renderSize(file: FileChange): string {
  return escapeHtml(describeSize(file))
    .replace(/\+\d+/, '<span class="plus">$&</span>')
    .replace(/-\d+/, '<span class="minus">$&</span>')
}

async function renderFile({ older, newer }: Step, file: FileChange): Promise<string> {
  const styled = await highlightFile(file)
  const hunks = file.hunks.map((hunk, i) => {
    const isFirst = i === 0 && file.kind === 'changed'
    const sides: [string, string] | undefined = isFirst ? [older.name, newer.name] : undefined
    return renderHunk(hunk, { styled, noteHtml, sides })
  })
  return `<section class="file ${file.kind}" id="${slug(file.path)}">
<h2><span class="path">${escapeHtml(file.path)}</span> <span class="size">${renderSize(file)}</span></h2>
${file.intro === '' ? '' : `<div class="intro">${markdown.render(withoutLocalLinks(file.intro))}</div>`}
${hunks.join('\n')}
</section>`
}

function noteHtml({ text }: Note): string {
  return markdown.render(withoutLocalLinks(text))
}
