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
 * What people get wrong in a version, from its `mistakes.diff`. Each hunk there is a mistake: its first line says
 * which check fails, and what is wrong. A hunk without that is one more change of the mistake before. The first and
 * the last line of a change may be a part of a line.
 *
 * @param version such as `v02`
 */
export function readMistakes(version: string): Mistake[] {
  const text = readFileSync(new URL(`./${version}/mistakes.diff`, import.meta.url), 'utf8')
  const mistakes: Mistake[] = []
  for (const file of text.split(/^--- /m).slice(1)) {
    const [path = '', ...hunks] = file.replace(/\n$/, '').split(/\n@@ ?/)
    for (const hunk of hunks) {
      const [title = '', ...lines] = hunk.split('\n')
      const [, tells, what] = /^(\S+): (.+)/.exec(title) ?? []
      if (tells !== undefined && what !== undefined) mistakes.push({ tells, what, changes: [] })
      const change = { path, from: without('+', lines), to: without('-', lines) }
      mistakes.at(-1)?.changes.push(change)
    }
  }
  return mistakes
}

/** The lines of one side of a hunk. */
function without(sign: string, lines: string[]): string {
  const kept = lines.filter((line) => !line.startsWith(sign))
  return kept.map((line) => line.slice(1)).join('\n')
}
