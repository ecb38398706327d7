import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Place } from '@oauth-lab/course/exercises/playground.ts'
import { programsOf } from '@oauth-lab/course/programs/programs.ts'

/** A piece of a text, with an address if it names a file of the copy. */
export interface Piece {
  text: string
  href?: string
}

/** A text with a link for each file of the copy. */
export function linkFiles(text: string, place: Place): Piece[] {
  const { listening, ending } = programsOf(place)
  const programs = [...listening, ...ending].join('|')
  // With the line, if there is one.
  const file = new RegExp(`((?:${programs})/[\\w./-]+\\.\\w+|protocol\\.ts)(?::(\\d+))?`)
  const pieces: Piece[] = []
  let rest = text
  for (let match = file.exec(rest); match !== null; match = file.exec(rest)) {
    const [whole, path = '', line] = match
    const end = match.index + whole.length
    const href = addressOf(place, path, line)
    if (href === undefined) pieces.push({ text: rest.slice(0, end) })
    else pieces.push({ text: rest.slice(0, match.index) }, { text: whole, href })
    rest = rest.slice(end)
  }
  return [...pieces, { text: rest }].filter((piece) => piece.text !== '')
}

function addressOf({ name, folder }: Place, path: string, line?: string): string | undefined {
  const file = join(folder, path)
  const isFile =
    !path.includes('..') && existsSync(file) && statSync(file, { throwIfNoEntry: false })?.isFile()
  if (!isFile) return undefined
  return `/code/copy-${name}/${path}${line === undefined ? '' : `#L${line}`}`
}
