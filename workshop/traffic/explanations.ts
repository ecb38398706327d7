import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a part of a message is for: a row of explanations.md. */
export interface Explanation {
  what: string
  /** Undefined for an error code or a status. */
  madeBy: string | undefined
  checkedBy: string | undefined
  /** The section that specifies it. */
  source: { text: string; href: string } | undefined
}

const EXPLANATIONS = new Map(
  readFileSync(join(import.meta.dirname, 'explanations.md'), 'utf8')
    .split('\n## ')
    .flatMap((section) => {
      const [set = '', , , , ...rows] = section.split(/\r?\n/)
      return rows.filter(Boolean).map((row) => explain(set, row.slice(2, -2).split(/ \| ?/)))
    }),
)

/** The explanation of a topic, such as `token request: code` or `status: 303`, if there is one. */
export function explanationOf(topic: string): Explanation | undefined {
  return EXPLANATIONS.get(topic)
}

/** The fields of a JWT that have an explanation, with the part they are in. */
export const tokenFields = [...EXPLANATIONS].flatMap(([topic, explanation]) => {
  const [, part, name] = /^JWT (header|claims): (.+)$/.exec(topic) ?? []
  return part === undefined ? [] : [[part, name, explanation] as const]
})

function explain(set: string, cells: string[]): [topic: string, Explanation] {
  const [name = '', what = '', ...others] = cells
  const text = others.pop() ?? ''
  const [, number, section] = /^RFC (\d+) section ([\d.]+)$/.exec(text) ?? []
  const href = `https://www.rfc-editor.org/rfc/rfc${number}#section-${section}`
  const [madeBy, checkedBy] = others
  const source = number === undefined ? undefined : { text, href }
  return [`${set}: ${name.toLowerCase()}`, { what, madeBy, checkedBy, source }]
}
