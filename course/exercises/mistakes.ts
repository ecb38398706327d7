import { readFileSync } from 'node:fs'

/** A plausible mistake. */
export interface Mistake {
  /** The id of the one check that fails because of it. */
  tells: string
  what: string
  /** What to change in the finished version. Each quote is there exactly once. */
  changes: { path: string; from: string; to: string }[]
}

/**
 * What people get wrong in a version, from its `mistakes.diff`. Each block there is a mistake: the check that
 * fails, and what is wrong. Then, for each change, the file, and its lines as in a diff. The first and the last
 * may be a part of a line.
 *
 * @param version such as `v02`
 */
export function readMistakes(version: string): Mistake[] {
  const file = new URL(`./${version}/mistakes.diff`, import.meta.url)
  return readFileSync(file, 'utf8').trimEnd().split('\n\n').map(readMistake)
}

function readMistake(block: string): Mistake {
  const [title = '', ...changes] = block.split('\n--- ')
  const [tells = ''] = title.split(': ', 1)
  return { tells, what: title.slice(tells.length + 2), changes: changes.map(readChange) }
}

function readChange(text: string): Mistake['changes'][number] {
  const [path = '', ...lines] = text.split('\n')
  const without = (sign: string) => {
    const kept = lines.filter((line) => !line.startsWith(sign))
    return kept.map((line) => line.slice(1)).join('\n')
  }
  return { path, from: without('+'), to: without('-') }
}
