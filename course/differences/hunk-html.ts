import MarkdownIt from 'markdown-it'
import { type Hunk, hunkHeader, type Line, type Note } from './compare.ts'
import { type Piece, piecesOf, type Styled } from './highlight.ts'
import { firstLine, quotesIn } from './notes.ts'
import { changedWords, type Range, rowsOf } from './words.ts'

/** How to render a hunk. */
export interface HunkSetting {
  styled: Styled
  noteHtml: (note: Note) => string
  /** The names of the two sides, shown above them. */
  sides?: [older: string, newer: string] | undefined
}

interface Place {
  line: Line
  styled: Styled
  /** Its row in the side-by-side view, counted from 1. */
  row: number
  words: Range[] | undefined
  /** The number of its note, if the hunk has several. */
  badge: number | undefined
}

const TAGS = { same: 'code', removed: 'del', added: 'ins' }

/** `escapeHtml(text)`: the text, escaped for HTML and its attributes. */
export const { escapeHtml } = new MarkdownIt().utils

/**
 * A hunk with its notes beside it. Its lines are in the order of a patch. `hunks.css` puts them into one column, or
 * into two by their row numbers.
 */
export function renderHunk(hunk: Hunk, setting: HunkSetting): string {
  const { sides, noteHtml } = setting
  const several = hunk.notes.length > 1
  const notes = hunk.notes.map((note, i) => renderNote(note, noteHtml(note), several ? i + 1 : 0))
  const names = sides?.map((name) => `<span>${escapeHtml(name)}</span>`)
  return `<div class="hunk">
<aside>${notes.join('\n')}</aside>
<div class="code">
${names === undefined ? '' : `<p class="sides">${names.join('')}</p>\n`}<p class="place">${escapeHtml(hunkHeader(hunk))}</p>
<div class="lines">
${renderLines(hunk, setting.styled)}
</div>
</div>
</div>`
}

/** @param number 0 for the only note of a hunk */
function renderNote(note: Note, html: string, number: number): string {
  const quote = `<p class="quote">${renderBadge(number)} <code>${escapeHtml(firstLine(note))}</code></p>`
  return `<div class="note callout">${number === 0 ? '' : quote}${html}</div>`
}

function renderBadge(number: number): string {
  return `<b class="badge"><i>note </i>${number}</b>`
}

function renderLines(hunk: Hunk, styled: Styled): string {
  const rows = rowsOf(hunk)
  const rowOf = new Map<Line, number>()
  for (const [i, { older, newer }] of rows.entries()) {
    for (const line of [older, newer]) if (line !== undefined) rowOf.set(line, i + 1)
  }
  const words = changedWords(rows)
  const badges = badgesOf(hunk)
  return hunk.lines
    .map((line) => {
      const place = { line, styled, row: rowOf.get(line) ?? 1, words: words.get(line) }
      return renderLine({ ...place, badge: badges.get(line) })
    })
    .join('\n')
}

/** The number of each note at the first line that it quotes. */
function badgesOf(hunk: Hunk): Map<Line, number> {
  const badges = new Map<Line, number>()
  if (hunk.notes.length < 2) return badges
  for (const [i, { lines }] of quotesIn(hunk).entries()) {
    const line = lines.find(({ text }) => text.trim() !== '')
    if (line !== undefined && !badges.has(line)) badges.set(line, i + 1)
  }
  return badges
}

/** An unchanged line is on both sides. Screen readers skip the one on the older side. */
function renderLine(place: Place): string {
  const { line, row, badge } = place
  const code = renderCode(place)
  const style = `style="--row: ${row}"`
  const twin =
    line.kind === 'same'
      ? `<div class="line same twin" aria-hidden="true" ${style} data-line="${line.oldNumber}">${code}</div>`
      : ''
  return [
    twin,
    `<div class="line ${line.kind}" ${style} data-line="${line.newNumber ?? line.oldNumber}">`,
    code,
    badge === undefined ? '' : renderBadge(badge),
    line.endsFile ? '<small>the file ends here without a newline</small>' : '',
    '</div>',
  ].join('')
}

function renderCode({ line, styled, words }: Place): string {
  const code = piecesOf(line, styled, words).map(renderPiece).join('')
  const indent = /^ */.exec(line.text)?.[0].length ?? 0
  const tag = TAGS[line.kind]
  return `<${tag} style="--indent: ${indent}">${code || ' '}</${tag}>`
}

function renderPiece({ text, style, marked }: Piece): string {
  const classes = [...(style === 'plain' ? [] : [style]), ...(marked ? ['word'] : [])]
  if (classes.length === 0) return escapeHtml(text)
  return `<span class="${classes.join(' ')}">${escapeHtml(text)}</span>`
}
