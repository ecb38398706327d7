import type { Lesson, Part } from '@oauth-lab/course/lessons/lesson.ts'
import { type Addresses, addressesFrom, addressesOf } from '@oauth-lab/course/programs/programs.ts'
import { portOf, readConfig } from '@oauth-lab/shared/config.ts'

/** The addresses in the lessons: those of a start without settings. */
const NAMED = addressesOf(readConfig({}))
const NAMED_FORMS = Object.values(NAMED).flatMap(formsOf)
const NAMED_FORM = new RegExp(`(?<!\\d)(?:${NAMED_FORMS.join('|')})(?!\\d)`, 'g')
const START_COMMAND = /npm start(?! --)(?<version>(?: (?:playground\/)?v\d+)?)/g

/**
 * The lesson with the addresses of the running programs, so that commands copied from it work.
 *
 * @param addresses of the running programs, or undefined if none run: the lesson stays unchanged
 */
export function lessonAt(lesson: Lesson, addresses: Addresses | undefined): Lesson {
  if (addresses === undefined || isSame(addresses, NAMED)) return lesson
  const move = (part: Part): Part => ({
    ...part,
    source: textAt(part.source, addresses),
    introduction: textAt(part.introduction, addresses),
    parts: part.parts.map(move),
  })
  const tryFirst = textAt(lesson.tryFirst, addresses)
  return { ...lesson, tryFirst, parts: lesson.parts.map(move) }
}

function isSame(one: Addresses, other: Addresses): boolean {
  return Object.values(one).join(' ') === Object.values(other).join(' ')
}

/** A text with the addresses of the running programs. Without any it stays unchanged. */
export function textAt(text: string, addresses: Addresses | undefined): string {
  if (addresses === undefined || isSame(addresses, NAMED)) return text
  const forms = Object.values(addresses).flatMap(formsOf)
  const replacements = new Map(NAMED_FORMS.map((form, index) => [form, forms[index] ?? form]))
  const moved = text.replace(NAMED_FORM, (form) => replacements.get(form) ?? form)

  const port = portOf(addresses.server)
  // Addresses that --port can't give come from settings, which also apply to the next start.
  if (!isSame(addresses, addressesFrom(port))) return moved
  return moved.replace(START_COMMAND, `npm start --$<version> --port ${port}`)
}

/** The forms of an address in a text: whole, as a value in a query, without its scheme, and only the port. */
function formsOf(url: string): string[] {
  return [url, encodeURIComponent(url), new URL(url).host, String(portOf(url))]
}
