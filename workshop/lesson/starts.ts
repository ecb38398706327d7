import { findVersion, type Version } from '../../scripts/lib/versions.ts'

/** A piece of a text. */
export interface Piece {
  html: string
  /** The version that is to be started here. */
  starts: Version | undefined
}

const COMMANDS = /(<pre class="code code-shell">[\s\S]*?<\/pre>\n)/
/** A start with settings is none of these: a click can't give them. */
const START = /^npm start(?: --)?(?: (v\d+))?(?: --port \d+)?$/
/** What `npm start` alone means. */
const FIRST_VERSION = 'v01'

/** Cuts a rendered text behind each command that starts a version, where a button can stand that does the same. */
export function cutAtStarts(html: string): Piece[] {
  return html.split(COMMANDS).map((piece) => ({ html: piece, starts: startedBy(piece) }))
}

function startedBy(piece: string): Version | undefined {
  const text = piece.replace(/<[^>]*>/g, '').trim()
  const [command, name = FIRST_VERSION] = START.exec(text) ?? []
  return command === undefined ? undefined : findVersion(name)
}
