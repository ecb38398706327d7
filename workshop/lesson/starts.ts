import { findVersion, type Version } from '@oauth-lab/course/programs/versions.ts'
import { type Lifetimes, lifetimesIn, SETTING, tellLifetimes } from '../lifetimes.ts'

/** A version to start, and its lifetimes. */
export interface Start {
  version: Version
  lifetimes: Lifetimes
}

/** The data for a start button, besides the running version. */
export function viewStart({ version, lifetimes }: Start) {
  const query = new URLSearchParams(lifetimes).toString()
  const id = `running-${version.name}${query && `-${query.replace(/\W+/g, '-')}`}`
  return { version, lifetimes, query, id, living: tellLifetimes(lifetimes) }
}

const COMMANDS = /(<pre class="code code-shell">[\s\S]*?<\/pre>\n)/
/** Matches only starts with lifetimes as settings, because the button can't give others. */
const START = new RegExp(`^(?:${SETTING} )*npm start(?: --)?(?: (v\\d+))?(?: --port \\d+)?$`)
/** The version that `npm start` starts by default. */
const FIRST_VERSION = 'v01'

/** Splits a rendered text after each command that starts a version, to put a button for it there. */
export function cutAtStarts(html: string) {
  return html.split(COMMANDS).map((piece) => ({ html: piece, starts: startedBy(piece) }))
}

function startedBy(piece: string): Start | undefined {
  const text = piece.replace(/<[^>]*>/g, '').trim()
  const [command, name = FIRST_VERSION] = START.exec(text) ?? []
  if (command === undefined) return undefined
  return { version: findVersion(name), lifetimes: lifetimesIn(command) }
}
