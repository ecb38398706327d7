import type { FileChange, Hunk, Line, Note } from '@oauth-lab/course/differences/compare.ts'
import { highlightFile, type Styled } from '@oauth-lab/course/differences/highlight.ts'
import { renderHunk } from '@oauth-lab/course/differences/hunk-html.ts'
import { quotesIn } from '@oauth-lab/course/differences/notes.ts'

/** How many lines around the quoted ones to show. */
const CONTEXT = 3
/** The most lines that can be read from the last row. */
const MOST_LINES = 16

/**
 * The noted lines of a file for slides.
 *
 * @param noteHtml the text of a note, as HTML
 */
export async function hunkSlidesOf(file: FileChange, noteHtml: (note: Note) => Promise<string>) {
  const styled = await highlightFile(file)
  const slides = file.hunks.flatMap((hunk) => {
    return quotesIn(hunk).map(async ({ note, lines }) => {
      const notes = await noteHtml(note)
      /** The weight: how much there is to say about these lines. */
      return { html: drawPiece(hunk, lines, styled), notes, weight: note.text.length }
    })
  })
  return Promise.all(slides)
}

function drawPiece(hunk: Hunk, quoted: Line[], styled: Styled): string {
  const [first, last] = [quoted[0], quoted.at(-1)].map((line) => line && hunk.lines.indexOf(line))
  const from = Math.max(0, (first ?? 0) - CONTEXT)
  const end = Math.min(from + MOST_LINES, (last ?? 0) + 1 + CONTEXT)
  const piece = { ...hunk, lines: hunk.lines.slice(from, end), notes: [] }
  const drawn = renderHunk(piece, { styled, noteHtml: () => '' })
  return `<div class="unified">${quoted.reduce(markLine, drawn)}</div>`
}

function markLine(html: string, { kind, newNumber, oldNumber }: Line): string {
  const line = new RegExp(`class="line ${kind}"(?= [^>]*data-line="${newNumber ?? oldNumber}")`)
  return html.replace(line, `class="line ${kind} quoted"`)
}
