import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Place } from '@oauth-lab/course/exercises/playground.ts'
import { programsOf } from '@oauth-lab/course/programs/programs.ts'
import { hrefOfFile } from '../lesson/code-places.ts'
import { type LinkedText, linkMatches } from '../lesson/linked-text.ts'

/** A text with a link for each file of the copy, to a line if the text names one. */
export function linkFiles(text: string, place: Place): LinkedText[] {
  const { listening, ending } = programsOf(place)
  const programs = [...listening, ...ending].join('|')
  const file = new RegExp(`((?:${programs})/[\\w./-]+\\.\\w+|protocol\\.ts)(?::(\\d+))?`, 'g')
  return linkMatches(text, file, ([, path = '', line]) => {
    const whole = join(place.folder, path)
    if (path.includes('..') || !existsSync(whole) || !statSync(whole).isFile()) return undefined
    return `${hrefOfFile({ id: `copy-${place.name}` }, path)}${line ? `#L${line}` : ''}`
  })
}
