import { countLines, stepName } from '@oauth-lab/course/differences/compare.ts'
import { stepsOf } from '@oauth-lab/course/differences/step.ts'
import { readLesson } from '@oauth-lab/course/lessons/lesson.ts'
import { isProgramCode } from '@oauth-lab/course/programs/programs.ts'
import type { Version } from '@oauth-lab/course/programs/versions.ts'
import { paint } from './ansi.ts'

/** The list of all steps with their sizes. Lines are counted in server/, client/ and protocol.ts. */
export function renderSteps(versions: Version[]): string {
  const head = ['step', 'files (new)', 'lines', 'hunks', 'what it adds']
  const rows = [...stepsOf(versions)].map(({ older, newer, files }) => {
    const lesson = files.filter(({ path }) => isProgramCode(path))
    const { added, removed, hunks } = countLines(lesson)
    const created = lesson.filter(({ kind }) => kind === 'new').length
    const { title } = readLesson(newer)
    return [
      stepName(older, newer),
      `${lesson.length} (${created})`,
      `+${added} -${removed}`,
      String(hunks),
      title.replace(/^v\d+: /, ''),
    ]
  })
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]?.length ?? 0)))
  const set = (row: string[]) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd()
  return `${[paint(set(head), 'bold'), ...rows.map(set)].join('\n')}\n`
}
