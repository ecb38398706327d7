import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const EXPLANATIONS = new Map(
  readFileSync(join(import.meta.dirname, 'explanations.md'), 'utf8')
    .split('\n## ')
    .flatMap((section) => {
      const [set = '', , , , ...rows] = section.split(/\r?\n/)
      return rows.filter(Boolean).map((row) => explain(set, row.slice(2, -2).split(/ \| ?/)))
    }),
)

/** What a part of a message is for: the row of explanations.md with a topic, such as `token request: code` or `status: 303`. */
export function explanationOf(topic: string) {
  return EXPLANATIONS.get(topic)
}

/** The fields of a JWT that have an explanation, with the part they are in. */
export const tokenFields = [...EXPLANATIONS].flatMap(([topic, explanation]) => {
  const [, part, name] = /^JWT (header|claims): (.+)$/.exec(topic) ?? []
  return part === undefined ? [] : [[part, name, explanation] as const]
})

function explain(set: string, cells: string[]) {
  const [name = '', what = '', ...others] = cells
  const text = others.pop() ?? ''
  const [, number, section] = /^RFC (\d+) section ([\d.]+)$/.exec(text) ?? []
  const href = `https://www.rfc-editor.org/rfc/rfc${number}#section-${section}`
  // An error code or a status has neither.
  const [madeBy, checkedBy] = others
  const source = number === undefined ? undefined : { text, href }
  const topic: string = `${set}: ${name.toLowerCase()}`
  return [topic, { what, madeBy, checkedBy, source }] as const
}
