import type { FileChange, Hunk, Line, Note } from '@oauth-lab/course/differences/compare.ts'
import { highlightFile, type Styled } from '@oauth-lab/course/differences/highlight.ts'
import { renderHunk } from '@oauth-lab/course/differences/hunk-html.ts'
import { findQuotes } from '@oauth-lab/course/differences/notes.ts'
import { GAP, rowsOfCodeLine, rowsOfText, SLIDE_ROWS } from './size.ts'

/** Lines of a difference with what the lesson says of them, as much as fits on a slide. */
export interface HunkLeaf {
  html: string
}

/** No piece of a hunk is shorter, however long its note is. */
const LEAST_ROWS = 4

/**
 * The hunks of a file for slides: each note with the lines that it speaks of, and every line at least once.
 *
 * @param noteHtml what a note says, as HTML
 */
export async function hunkLeavesOf(
  file: FileChange,
  noteHtml: (note: Note) => Promise<string>,
): Promise<HunkLeaf[]> {
  const styled = await highlightFile(file)
  const leaves: HunkLeaf[] = []
  for (const hunk of file.hunks) {
    for (const lines of piecesOf(hunk)) {
      const piece = { ...hunk, lines, notes: [] }
      const told = [...quotedLines(hunk)].filter(([, [first]]) => first && lines.includes(first))
      if (told.length === 0) leaves.push({ html: drawPiece(piece, [], '', styled) })
      for (const [note, quoted] of told) {
        const withNote = { ...piece, notes: [note] }
        leaves.push({ html: drawPiece(withNote, quoted, await noteHtml(note), styled) })
      }
    }
  }
  return leaves
}

/** Cuts a hunk so that each piece fits below the longest of its notes. */
function piecesOf(hunk: Hunk): Line[][] {
  const highest = Math.max(0, ...hunk.notes.map(({ text }) => rowsOfNote(text)))
  const most = Math.max(LEAST_ROWS, SLIDE_ROWS - highest - GAP)
  const rows = hunk.lines.map(({ text }) => rowsOfCodeLine(text))
  const count = Math.ceil(rows.reduce((sum, height) => sum + height, 0) / most)
  const length = Math.ceil(hunk.lines.length / count)
  return Array.from({ length: count }, (_, i) => hunk.lines.slice(i * length, (i + 1) * length))
}

function rowsOfNote(text: string): number {
  const paragraphs = text.split('\n\n')
  return paragraphs.reduce(
    (sum, paragraph) => sum + rowsOfText(paragraph.replaceAll('\n', ' '), 'note') + GAP,
    GAP,
  )
}

/** The lines that each note quotes. Of two notes that quote the same words the second one speaks of the second place. */
function quotedLines(hunk: Hunk): Map<Note, Line[]> {
  const places = new Map<Note, Line[]>()
  const taken = new Set<Line>()
  for (const note of hunk.notes) {
    const found = [...findQuotes(hunk, note.quote)]
    const place = found.find((lines) => !lines.some((line) => taken.has(line))) ?? found[0] ?? []
    for (const line of place) taken.add(line)
    places.set(note, place)
  }
  return places
}

function drawPiece(hunk: Hunk, quoted: Line[], noteHtml: string, styled: Styled): string {
  const drawn = renderHunk(hunk, { styled, noteHtml: () => noteHtml })
  return `<div class="unified">${quoted.reduce(markLine, drawn)}</div>`
}

function markLine(html: string, { kind, newNumber, oldNumber }: Line): string {
  const line = new RegExp(`class="line ${kind}"(?= [^>]*data-line="${newNumber ?? oldNumber}")`)
  return html.replace(line, `class="line ${kind} quoted"`)
}
