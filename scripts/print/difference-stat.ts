import { countLines, stepName } from '@oauth-lab/course/differences/compare.ts'
import { describeSize, describeStep } from '@oauth-lab/course/differences/stat.ts'
import { type Step, stepsOf } from '@oauth-lab/course/differences/step.ts'
import { readLesson } from '@oauth-lab/course/lessons/lesson.ts'
import { isProgramCode } from '@oauth-lab/course/programs/programs.ts'
import type { Version } from '@oauth-lab/course/programs/versions.ts'
import { paint } from './ansi.ts'

/** The longest bar of `--stat`, in characters. */
const LONGEST_BAR = 40

/** A line for each file with a bar that shows its size. */
export function renderStat(step: Step): string {
  const sizes = step.files.map((file) => ({ file, ...countLines([file]) }))
  const largest = Math.max(...sizes.map(({ added, removed }) => added + removed))
  const scale = Math.min(1, LONGEST_BAR / largest)
  const bar = (sign: string, count: number) =>
    sign.repeat(count === 0 ? 0 : Math.max(1, Math.round(count * scale)))
  const nameWidth = Math.max(...step.files.map(({ path }) => path.length))
  const sizeWidth = Math.max(...step.files.map((file) => describeSize(file).length))
  const lines = sizes.map(({ file, added, removed }) =>
    [
      file.path.padEnd(nameWidth),
      describeSize(file).padEnd(sizeWidth),
      paint(bar('+', added), 'green') + paint(bar('-', removed), 'red'),
    ].join('  '),
  )
  return `${[...lines, describeStep(step.files)].join('\n')}\n`
}

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
