import { findVersion, type Version } from '@oauth-lab/course/programs/versions.ts'
import { type Lifetimes, lifetimesIn, SETTING, tellLifetimes } from '../lifetimes.ts'

/** A piece of a text. */
export interface Piece {
  html: string
  /** What is to be started here. */
  starts: Start | undefined
}

/** A version to be started, and how long things live in it. */
export interface Start {
  version: Version
  lifetimes: Lifetimes
}

/** What the button of a start needs, beside what runs now. */
export function viewStart({ version, lifetimes }: Start) {
  const query = new URLSearchParams(lifetimes).toString()
  const id = `running-${version.name}${query && `-${query.replace(/\W+/g, '-')}`}`
  return { version, lifetimes, query, id, living: tellLifetimes(lifetimes) }
}

const COMMANDS = /(<pre class="code code-shell">[\s\S]*?<\/pre>\n)/
/** A start with other settings than lifetimes is none of these: a click can't give them. */
const START = new RegExp(`^(?:${SETTING} )*npm start(?: --)?(?: (v\\d+))?(?: --port \\d+)?$`)
/** What `npm start` alone means. */
const FIRST_VERSION = 'v01'

/** Cuts a rendered text behind each command that starts a version, where a button can stand that does the same. */
export function cutAtStarts(html: string): Piece[] {
  return html.split(COMMANDS).map((piece) => ({ html: piece, starts: startedBy(piece) }))
}

function startedBy(piece: string): Piece['starts'] {
  const text = piece.replace(/<[^>]*>/g, '').trim()
  const [command, name = FIRST_VERSION] = START.exec(text) ?? []
  if (command === undefined) return undefined
  return { version: findVersion(name), lifetimes: lifetimesIn(command) }
}
