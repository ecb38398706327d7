import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { slug } from 'github-slugger'
import MarkdownIt from 'markdown-it'
import { readIntroduction } from '../versions.ts'
import { type FileChange, type Hunk, hunkHeader, type Line, stepName } from './compare.ts'
import { highlightFile, type Piece, piecesOf, type Styled } from './highlight.ts'
import { findQuotes, firstLine, type Note, withoutLocalLinks } from './notes.ts'
import { describeSize, describeStep } from './stat.ts'
import type { Step } from './step.ts'
import { type Row, rowsOf } from './words.ts'

/** What a hunk is drawn from. */
interface Drawing {
  hunk: Hunk
  styled: Styled
  /** The number of the note that speaks of a line, where there are several. */
  badges: Map<Line, number>
}

const markdown = new MarkdownIt({ html: false, typographer: false })
const { escapeHtml } = markdown.utils

/** A difference as one page that needs nothing but a browser: no script, no other file, no network. */
export async function renderHtml(step: Step): Promise<string> {
  const { older, newer, files } = step
  const introduction = readIntroduction(newer)
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
${readFileSync(join(import.meta.dirname, 'page.css'), 'utf8')}</style>
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
  const sides =
    file.kind === 'changed'
      ? `<p class="sides"><span>${escapeHtml(older.name)}</span><span>${escapeHtml(newer.name)}</span></p>\n`
      : ''
  const hunks = file.hunks.map((hunk, i) => {
    return renderHunk({ hunk, styled, badges: badgesOf(hunk) }, i === 0 ? sides : '')
  })
  return `<section class="file ${file.kind}" id="${slug(file.path)}">
<h2><span class="path">${escapeHtml(file.path)}</span> <span class="size">${renderSize(file)}</span></h2>
${file.intro === '' ? '' : `<div class="intro">${markdown.render(withoutLocalLinks(file.intro))}</div>`}
${hunks.join('\n')}
</section>`
}

function renderHunk(drawing: Drawing, sides: string): string {
  const { hunk } = drawing
  const notes = hunk.notes.map((note, i) => renderNote(note, hunk.notes.length > 1 ? i + 1 : 0))
  return `<div class="hunk">
<aside>${notes.join('\n')}</aside>
<div class="code">
${sides}<p class="place">${escapeHtml(hunkHeader(hunk))}</p>
${rowsOf(hunk)
  .map((row) => renderRow(row, drawing))
  .join('\n')}
</div>
</div>`
}

/** @param number 0 for a note that is alone with its hunk */
function renderNote(note: Note, number: number): string {
  const quote = `<p class="quote">${renderBadge(number)} <code>${escapeHtml(firstLine(note))}</code></p>`
  return `<div class="note">${number === 0 ? '' : quote}${markdown.render(withoutLocalLinks(note.text))}</div>`
}

function renderBadge(number: number): string {
  return `<b class="badge"><i>note </i>${number}</b>`
}

/** Of two notes that quote the same words the second one speaks of the second place. */
function badgesOf(hunk: Hunk): Map<Line, number> {
  const badges = new Map<Line, number>()
  if (hunk.notes.length < 2) return badges
  for (const [i, { quote }] of hunk.notes.entries()) {
    const lines = [...findQuotes(hunk, quote)].flatMap((place) => {
      return place.find(({ text }) => text.trim() !== '') ?? []
    })
    const line = lines.find((candidate) => !badges.has(candidate)) ?? lines[0]
    if (line !== undefined && !badges.has(line)) badges.set(line, i + 1)
  }
  return badges
}

function renderRow({ older, newer, olderWords, newerWords }: Row, drawing: Drawing): string {
  const kind = older === newer ? 'same' : 'changed'
  const left = renderSide('older', older, olderWords, drawing)
  const right = renderSide('newer', newer, newerWords, drawing)
  return `<div class="row ${kind}">${left}${right}</div>`
}

function renderSide(
  side: 'older' | 'newer',
  line: Line | undefined,
  words: Row['olderWords'],
  { styled, badges }: Drawing,
): string {
  if (line === undefined) return `<div class="side ${side} empty"></div>`
  const number = side === 'older' ? line.oldNumber : line.newNumber
  const badge = side === 'newer' || line.kind === 'removed' ? badges.get(line) : undefined
  const code = piecesOf(line, styled, words).map(renderPiece).join('')
  const indent = /^ */.exec(line.text)?.[0].length ?? 0
  const tag = { same: 'code', removed: 'del', added: 'ins' }[line.kind]
  return [
    `<div class="side ${side} ${line.kind}" data-line="${number}">`,
    `<${tag} style="--indent: ${indent}">${code || ' '}</${tag}>`,
    badge === undefined ? '' : renderBadge(badge),
    line.endsFile ? '<small>the file ends here without a newline</small>' : '',
    '</div>',
  ].join('')
}

function renderPiece({ text, style, marked }: Piece): string {
  const classes = [...(style === 'plain' ? [] : [style]), ...(marked ? ['word'] : [])]
  if (classes.length === 0) return escapeHtml(text)
  return `<span class="${classes.join(' ')}">${escapeHtml(text)}</span>`
}
