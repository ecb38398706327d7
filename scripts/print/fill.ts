/** How long a line may be. */
const WIDTH = 92

/** Breaks text between words into lines, each indented. */
export function wrap(text: string, indent: number): string {
  return fill(text.split(' '), ' ', indent)
}

/** Fills lines with pieces, each line indented. A piece is broken only where it is longer than a line. */
export function fill(pieces: string[], between: string, indent: number): string {
  const room = WIDTH - indent
  const lines: string[] = []
  for (const piece of pieces) {
    const longer = `${lines.at(-1)}${between}${piece}`
    if (lines.length > 0 && longer.length <= room) lines[lines.length - 1] = longer
    else lines.push(...breakUp(piece, room))
  }
  return lines.map((line) => ' '.repeat(indent) + line).join('\n')
}

/** A piece as lines of its own, broken between its words. A word is never broken. */
function breakUp(piece: string, room: number): string[] {
  if (piece.length <= room || !piece.includes(' ')) return [piece]
  const at = piece.lastIndexOf(' ', room)
  const end = at === -1 ? piece.indexOf(' ') : at
  return [piece.slice(0, end), ...breakUp(piece.slice(end + 1), room)]
}
