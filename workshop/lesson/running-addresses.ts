import type { Lesson, Part } from '@oauth-lab/course/lessons/lesson.ts'
import { portOf, readConfig } from '@oauth-lab/shared/config.ts'
import type { Slot } from '../runner.ts'

/** Where a pair is. */
type Addresses = Slot['addresses']

/** What the lessons name: the addresses of a start without settings. */
const NAMED = readConfig({})
const NAMED_FORMS = [NAMED.authServerUrl, NAMED.clientUrl, NAMED.workshopUrl].flatMap(formsOf)
const NAMED_FORM = new RegExp(`(?<!\\d)(?:${NAMED_FORMS.join('|')})(?!\\d)`, 'g')
const START_COMMAND = /npm start(?! --)(?<version>(?: (?:playground\/)?v\d+)?)/g

const known = new WeakMap<Lesson, { key: string; lesson: Lesson }>()

/**
 * The lesson with the addresses of a pair in place of those that its text names: what is copied from it then reaches
 * that pair. As long as the addresses stay it is the same object, so that what was made of its parts can be kept.
 *
 * @param addresses of the pair, or undefined where there is none: the lesson stays as it is
 */
export function lessonAt(lesson: Lesson, addresses: Addresses | undefined): Lesson {
  if (addresses === undefined || hasNamed(addresses)) return lesson
  const key = `${addresses.server} ${addresses.client}`
  const before = known.get(lesson)
  if (before?.key === key) return before.lesson

  const move = (part: Part): Part => ({
    ...part,
    source: textAt(part.source, addresses),
    introduction: textAt(part.introduction, addresses),
    parts: part.parts.map(move),
  })
  const tryFirst = textAt(lesson.tryFirst, addresses)
  const moved = { ...lesson, tryFirst, parts: lesson.parts.map(move) }
  known.set(lesson, { key, lesson: moved })
  return moved
}

function hasNamed({ server, client }: Addresses): boolean {
  return server === NAMED.authServerUrl && client === NAMED.clientUrl
}

/** A text with the addresses of a pair in place of those that it names. Without a pair it stays as it is. */
export function textAt(text: string, addresses: Addresses | undefined): string {
  if (addresses === undefined || hasNamed(addresses)) return text
  const { server, client } = addresses
  // The workshop's is the next one with --port, and in any case not the client's, as the text says of it.
  const workshop = `http://localhost:${portOf(client) + 1}`
  const forms = [server, client, workshop].flatMap(formsOf)
  const replacements = new Map(NAMED_FORMS.map((form, index) => [form, forms[index] ?? form]))
  const moved = text.replace(NAMED_FORM, (form) => replacements.get(form) ?? form)

  const port = portOf(server)
  // Others than --port gives are from settings, which hold at the next start too.
  const isByOption =
    server === `http://localhost:${port}` && client === `http://localhost:${port + 1}`
  if (!isByOption) return moved
  return moved.replace(START_COMMAND, `npm start --$<version> --port ${port}`)
}

/** How a text writes an address: whole, as a value in a query, without its scheme, and its port alone. */
function formsOf(url: string): string[] {
  return [url, encodeURIComponent(url), new URL(url).host, String(portOf(url))]
}
