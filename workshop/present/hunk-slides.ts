import type { FileChange, Hunk, Line, Note } from '@oauth-lab/course/differences/compare.ts'
import { highlightFile, type Styled } from '@oauth-lab/course/differences/highlight.ts'
import { renderHunk } from '@oauth-lab/course/differences/hunk-html.ts'
import { quotesIn } from '@oauth-lab/course/differences/notes.ts'

/** How many lines before the quoted ones to repeat as context. */
const CONTEXT = 3

/**
 * The hunks of a file for slides, as HTML: each note with the lines from its own quote to the next one's.
 *
 * @param noteHtml the text of a note, as HTML
 */
export async function hunkSlidesOf(
  file: FileChange,
  noteHtml: (note: Note) => Promise<string>,
): Promise<string[]> {
  const styled = await highlightFile(file)
  const slides: string[] = []
  for (const hunk of file.hunks) {
    if (hunk.notes.length === 0) slides.push(drawPiece(hunk, [], '', styled))
    const startOf = ({ lines: [first] }: { lines: Line[] }) =>
      first ? hunk.lines.indexOf(first) : 0
    const quotes = quotesIn(hunk).sort((one, other) => startOf(one) - startOf(other))
    const starts = quotes.map(startOf)
    for (const [index, { note, lines }] of quotes.entries()) {
      const start = starts[index] ?? 0
      const end = starts.find((other) => other > start) ?? hunk.lines.length
      const from = index === 0 ? 0 : Math.max(0, start - CONTEXT)
      const piece = { ...hunk, lines: hunk.lines.slice(from, end), notes: [note] }
      slides.push(drawPiece(piece, lines, await noteHtml(note), styled))
    }
  }
  return slides
}

function drawPiece(hunk: Hunk, quoted: Line[], noteHtml: string, styled: Styled): string {
  const drawn = renderHunk(hunk, { styled, noteHtml: () => noteHtml })
  return `<div class="unified">${quoted.reduce(markLine, drawn)}</div>`
}

function markLine(html: string, { kind, newNumber, oldNumber }: Line): string {
  const line = new RegExp(`class="line ${kind}"(?= [^>]*data-line="${newNumber ?? oldNumber}")`)
  return html.replace(line, `class="line ${kind} quoted"`)
}
