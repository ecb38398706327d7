/** The longest line of a story, in characters. */
const WIDTH = 92

/** Breaks paragraphs and lists into lines of at most `width` characters. Keeps blank lines. */
export function wrap(text: string, width: number): string[] {
  return text.split(/\n[ \t]*\n/).flatMap((paragraph, i) => [
    ...(i === 0 ? [] : ['']),
    ...paragraph.split(/\n(?=[-*] |\d+\. )/).flatMap((item) => {
      return fillLines(item.split(/\s+/).filter(Boolean), ' ', width)
    }),
  ])
}

/** Breaks a text into lines, each indented. */
export function indented(text: string, indent: number): string {
  return fill(text.split(' '), ' ', indent)
}

/** Fills lines with pieces, each line indented. */
export function fill(pieces: string[], between: string, indent: number): string {
  const lines = fillLines(pieces, between, WIDTH - indent)
  return lines.map((line) => ' '.repeat(indent) + line).join('\n')
}

/** Breaks a piece only if it is longer than a line. */
function fillLines(pieces: string[], between: string, room: number): string[] {
  const lines: string[] = []
  for (const piece of pieces) {
    const longer = `${lines.at(-1)}${between}${piece}`
    if (lines.length > 0 && longer.length <= room) lines[lines.length - 1] = longer
    else lines.push(...breakUp(piece, room))
  }
  return lines
}

/** Breaks a piece into lines between its words, and never inside a word. */
function breakUp(piece: string, room: number): string[] {
  if (piece.length <= room || !piece.includes(' ')) return [piece]
  const at = piece.lastIndexOf(' ', room)
  const end = at === -1 ? piece.indexOf(' ') : at
  return [piece.slice(0, end), ...breakUp(piece.slice(end + 1), room)]
}
