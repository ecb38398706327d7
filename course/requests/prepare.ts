import { wordsFor } from './lesson-values.ts'
import type { Draft, Expected, PreparedRequest } from './request-draft.ts'

/** A status, and words of the response: `400 state is missing`. */
type Answer = `${number} ${string}`

type Before = Answer | 'the same'

interface Request {
  title: string
  draft: Draft
  answer: Answer
  /** What the version before responds, unless it is the usual. */
  before?: Before
}

/**
 * The prepared requests of a lesson, by the section that each belongs to, and by its id.
 *
 * @param usual what the version before responds to most of them
 */
export function prepare(
  usual: Before,
  sections: Record<string, Record<string, Request>>,
): PreparedRequest[] {
  return Object.entries(sections).flatMap(([section, requests]) =>
    Object.entries(requests).map(([id, { title, draft, answer, before = usual }]) => ({
      id,
      section,
      title,
      first: wordsFor(draft),
      draft,
      expected: read(answer),
      before: read(before === 'the same' ? answer : before),
    })),
  )
}

function read(answer: Answer): Expected {
  const [status, ...words] = answer.split(' ')
  return { status: Number(status), words: words.join(' ') }
}
