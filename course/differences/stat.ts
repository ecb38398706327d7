import { countLines, type FileChange } from './compare.ts'

/** `9 files (2 new), +54 -2, 17 hunks` */
export function describeStep(files: FileChange[]): string {
  if (files.length === 0) return 'No difference.'
  const { added, removed, hunks } = countLines(files)
  const kinds = (['new', 'deleted'] as const)
    .map((kind) => [files.filter((file) => file.kind === kind).length, kind] as const)
    .filter(([count]) => count > 0)
    .map(([count, kind]) => `${count} ${kind}`)
  const moved = files.filter(({ movedFrom }) => movedFrom !== undefined).length
  if (moved > 0) kinds.push(`${moved} moved`)
  const some = kinds.length > 0 ? ` (${kinds.join(', ')})` : ''
  return `${plural(files.length, 'file')}${some}, +${added} -${removed}, ${plural(hunks, 'hunk')}`
}

/** `+7 -1`, `new, +18` for a file that the other side doesn't have, or `moved from a.ts, +7 -1`. */
export function describeSize(file: FileChange): string {
  const { movedFrom } = file
  if (!file.isText) return file.kind
  const { added, removed } = countLines([file])
  if (file.kind === 'new') return `new, +${added}`
  if (file.kind === 'deleted') return `deleted, -${removed}`
  return `${movedFrom === undefined ? '' : `moved from ${movedFrom}, `}+${added} -${removed}`
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
