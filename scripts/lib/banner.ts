import { relative } from 'node:path'
import { readLesson } from '@oauth-lab/course/lessons/lesson.ts'
import {
  type Addresses,
  howToRun,
  type Listener,
  programsOf,
  titleOfProgram,
} from '@oauth-lab/course/programs/programs.ts'
import {
  isCopy,
  listVersions,
  ROOT,
  shortName,
  type Version,
} from '@oauth-lab/course/programs/versions.ts'
import { paint } from '../print/ansi.ts'
import { wrap } from '../print/wrap.ts'

const COLUMNS = 88
const MARGIN = '  '
const LABEL_COLUMNS = 13

/** In the order in which people open them. */
const ORDER = ['workshop', 'client', 'server', 'api'] as const
const OPENED: Listener[] = ['workshop', 'client']

/**
 * The text after `npm start`: what runs here and where, what to try, and how to continue.
 *
 * @param listeners what runs
 */
export function banner(version: Version, listeners: Listener[], addresses: Addresses): string {
  const { title, idea, tryFirst } = readLesson(version)
  const lines = [
    paint(isCopy(version) ? `your copy in ${relative(ROOT, version.folder)}` : title, 'bold'),
    ...wrap(idea, COLUMNS),
    '',
    ...ORDER.filter((name) => listeners.includes(name)).flatMap((name) =>
      row(
        titleOfProgram(name),
        OPENED.includes(name) ? paint(addresses[name], 'bold') : addresses[name],
      ),
    ),
    // A command isn't wrapped: people copy it.
    ...programsOf(version).ending.map(
      (name) => titleOfProgram(name).padEnd(LABEL_COLUMNS) + howToRun(name, version, addresses),
    ),
    ...row('log in as', 'user0 with password0, or user1 with password1'),
    '',
    ...row('try first', tryFirst),
    ...row('continue', otherVersions(version)),
    ...row('stop with', 'Ctrl-C'),
  ]
  return `\n${lines.map((line) => `${MARGIN}${line}`.trimEnd()).join('\n')}\n`
}

/** How to start the next version, or the first after the last. For a copy, how to check it. */
function otherVersions(version: Version): string {
  const versions = listVersions()
  const { number } = version
  if (isCopy(version) && number > 0) return `npm run check ${shortName(version)}`
  const other = versions.find((one) => one.number > number) ?? versions[0] ?? version
  const names = versions.map(shortName)
  return `npm start ${shortName(other)} (there are ${names[0]} to ${names.at(-1)})`
}

function row(label: string, text: string): string[] {
  return wrap(text, COLUMNS - LABEL_COLUMNS).map(
    (line, index) => (index === 0 ? label : '').padEnd(LABEL_COLUMNS) + line,
  )
}
