import type { FileChange, Hunk, Line, Note } from '@oauth-lab/course/differences/compare.ts'
import { highlightFile, type Styled } from '@oauth-lab/course/differences/highlight.ts'
import { renderHunk } from '@oauth-lab/course/differences/hunk-html.ts'
import { findQuotes } from '@oauth-lab/course/differences/notes.ts'

/** A note, and the lines that it quotes. */
interface Quote {
  note: Note
  lines: Line[]
}

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
    const quotes = quotesOf(hunk)
    const starts = quotes.map(({ lines: [first] }) => first && hunk.lines.indexOf(first))
    for (const [index, { note, lines }] of quotes.entries()) {
      const start = starts[index] ?? 0
      const end = starts.find((other = 0) => other > start) ?? hunk.lines.length
      const from = index === 0 ? 0 : Math.max(0, start - CONTEXT)
      const piece = { ...hunk, lines: hunk.lines.slice(from, end), notes: [note] }
      slides.push(drawPiece(piece, lines, await noteHtml(note), styled))
    }
  }
  return slides
}

/** In the order of the lines. If two notes quote the same words, the second is about the second place. */
function quotesOf(hunk: Hunk): Quote[] {
  const taken = new Set<Line>()
  const quotes = hunk.notes.map((note) => {
    const found = [...findQuotes(hunk, note.quote)]
    const lines = found.find((place) => !place.some((line) => taken.has(line))) ?? found[0] ?? []
    for (const line of lines) taken.add(line)
    return { note, lines }
  })
  const placeOf = ({ lines: [first] }: Quote) => (first ? hunk.lines.indexOf(first) : 0)
  return quotes.sort((one, other) => placeOf(one) - placeOf(other))
}

function drawPiece(hunk: Hunk, quoted: Line[], noteHtml: string, styled: Styled): string {
  const drawn = renderHunk(hunk, { styled, noteHtml: () => noteHtml })
  return `<div class="unified">${quoted.reduce(markLine, drawn)}</div>`
}

function markLine(html: string, { kind, newNumber, oldNumber }: Line): string {
  const line = new RegExp(`class="line ${kind}"(?= [^>]*data-line="${newNumber ?? oldNumber}")`)
  return html.replace(line, `class="line ${kind} quoted"`)
}
