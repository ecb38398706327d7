import type { Paint } from '../../scripts/print/ansi.ts'
import { readIntroduction, type Version } from '../programs/versions.ts'
import { countLines, type FileChange, stepName } from './compare.ts'
import { isLesson, type Step, stepsOf } from './step.ts'

/** The longest bar of `--stat`, in characters. */
const LONGEST_BAR = 40

/** `9 files (2 new), +54 -2, 17 hunks` */
export function describeStep(files: FileChange[]): string {
  if (files.length === 0) return 'No difference.'
  const { added, removed, hunks } = countLines(files)
  const kinds = (['new', 'deleted'] as const)
    .map((kind) => [files.filter((file) => file.kind === kind).length, kind] as const)
    .filter(([count]) => count > 0)
    .map(([count, kind]) => `${count} ${kind}`)
  const some = kinds.length > 0 ? ` (${kinds.join(', ')})` : ''
  return `${plural(files.length, 'file')}${some}, +${added} -${removed}, ${plural(hunks, 'hunk')}`
}

/** `+7 -1`, or `new, +18` for a file that the other side has not. */
export function describeSize(file: FileChange): string {
  if (!file.isText) return file.kind
  const { added, removed } = countLines([file])
  if (file.kind === 'new') return `new, +${added}`
  if (file.kind === 'deleted') return `deleted, -${removed}`
  return `+${added} -${removed}`
}

/** A line for each file with a bar that shows its size. */
export function renderStat(step: Step, paint: Paint): string {
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
export function renderSteps(versions: Version[], paint: Paint): string {
  const head = ['step', 'files (new)', 'lines', 'hunks', 'what it adds']
  const rows = [...stepsOf(versions)].map(({ older, newer, files }) => {
    const lesson = files.filter(isLesson)
    const { added, removed, hunks } = countLines(lesson)
    const created = lesson.filter(({ kind }) => kind === 'new').length
    const { title } = readIntroduction(newer)
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

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
