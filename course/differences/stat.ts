import { countLines, type FileChange } from './compare.ts'

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

/** `+7 -1`, or `new, +18` for a file that the other side doesn't have. */
export function describeSize(file: FileChange): string {
  if (!file.isText) return file.kind
  const { added, removed } = countLines([file])
  if (file.kind === 'new') return `new, +${added}`
  if (file.kind === 'deleted') return `deleted, -${removed}`
  return `+${added} -${removed}`
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
