import { basename } from 'node:path'
import { type StructuredPatchHunk, structuredPatch } from 'diff'
import { shortName, type Version } from '../programs/versions.ts'
import { listFiles, readText } from './files.ts'

/** One line of a hunk, with its numbers in the two files, counted from 1. */
export interface Line {
  kind: 'same' | 'removed' | 'added'
  text: string
  oldNumber: number | undefined
  newNumber: number | undefined
  /** The file ends here, without a newline. */
  endsFile: boolean
}

/** A lesson's note on some lines of a difference. */
export interface Note {
  /** Consecutive changed lines, as in the lesson, without spaces at both ends. */
  quote: string[]
  /** Paragraphs in Markdown. */
  text: string
  /** The line of the lesson where its quote starts, counted from 1. */
  line: number
  /** The version whose lesson contains it. */
  version: string
}

/** A group of changed lines with the unchanged ones around them. */
export interface Hunk {
  oldStart: number
  oldCount: number
  newStart: number
  newCount: number
  /** The first line of the function or type around it, as git shows it. May be empty. */
  inside: string
  lines: Line[]
  notes: Note[]
}

/** The two texts of a file that differs between two folders. */
interface TextPair {
  path: string
  kind: 'changed' | 'new' | 'deleted'
  /** Its path in the older folder, if it was moved since then. */
  movedFrom?: string | undefined
  /** Empty if there is no file, or if it isn't shown. */
  older: string
  newer: string
  /** Whether its content is shown. Binary and very long files aren't. */
  isText: boolean
}

/** A file that differs between two folders, with its hunks. */
export interface FileChange extends TextPair {
  /** Empty if it isn't shown. */
  hunks: Hunk[]
  /** The lesson's text on the whole file. */
  intro: string
}

/** The number of unchanged lines to show around a change, as in git. */
const CONTEXT = 3
/** The message for a file that isn't shown. */
export const NOT_SHOWN = "Not shown: this isn't a text file, or it is too long."
/** The most characters to compare, in all files together. */
const MOST_CHARACTERS = 600_000
/** The most removed and added lines to look for. The time grows with the square of it. */
const MOST_EDITS = 1_000
/** A file that keeps more than this share of its lines was moved, as in git. */
const MOVED = 1 / 2

interface CompareOptions {
  /** Leaves out the paths for which it returns false. */
  only?: (path: string) => boolean
}

/** Every file that differs between two folders, in order of their paths. */
export function compareFolders(
  older: string,
  newer: string,
  options: CompareOptions = {},
): FileChange[] {
  let characters = 0
  return pairFiles(older, newer, options).map((pair) => {
    characters += pair.older.length + pair.newer.length
    const isTooMuch = characters > MOST_CHARACTERS
    const shown = isTooMuch ? { ...pair, older: '', newer: '', isText: false } : pair
    return compareTexts(shown)
  })
}

/** The same without the hunks. */
export function pairFiles(
  older: string,
  newer: string,
  { only = () => true }: CompareOptions = {},
): TextPair[] {
  const inOlder = new Set(listFiles(older))
  const inNewer = new Set(listFiles(newer))
  const moves = findMoves(
    { folder: older, paths: [...inOlder].filter((path) => !inNewer.has(path)) },
    { folder: newer, paths: [...inNewer].filter((path) => !inOlder.has(path)) },
  )
  for (const [path, movedFrom] of moves) inOlder.add(path).delete(movedFrom)
  const isWanted = (path: string) => [path, moves.get(path) ?? path].some(only)
  const paths = [...new Set([...inOlder, ...inNewer])].filter(isWanted).sort()
  return paths.flatMap((path) => {
    const movedFrom = moves.get(path)
    const kind = inOlder.has(path) ? (inNewer.has(path) ? 'changed' : 'deleted') : 'new'
    const before = kind === 'new' ? '' : readText(older, movedFrom ?? path)
    const after = kind === 'deleted' ? '' : readText(newer, path)
    const isText = before !== undefined && after !== undefined
    const pair = {
      path,
      kind,
      movedFrom,
      older: isText ? withUnixLineEnds(before) : '',
      newer: isText ? withUnixLineEnds(after) : '',
      isText,
    } as const
    const isSame = kind === 'changed' && isText && pair.older === pair.newer
    return isSame && !movedFrom ? [] : [pair]
  })
}

interface FilesOfOneSide {
  folder: string
  paths: string[]
}

/** For each new file that has the name and most lines of a deleted one, the path of the deleted one. */
function findMoves(deleted: FilesOfOneSide, created: FilesOfOneSide): Map<string, string> {
  const moves = new Map<string, string>()
  for (const path of created.paths) {
    const namesakes = deleted.paths.filter((other) => basename(other) === basename(path))
    const source = namesakes.find((other) => {
      return keepsMostLines(readText(deleted.folder, other), readText(created.folder, path))
    })
    if (source !== undefined) moves.set(path, source)
  }
  return moves
}

function keepsMostLines(before = '', after = ''): boolean {
  const [older = [], newer = []] = [before, after].map((text) => text.split(/\r?\n/))
  const known = new Set(older)
  const kept = newer.filter((line) => known.has(line)).length
  return kept > Math.max(older.length, newer.length) * MOVED
}

/** The hunks between two texts. */
export function compareTexts(pair: TextPair): FileChange {
  const { path, older, newer } = pair
  const limit = { context: CONTEXT, maxEditLength: MOST_EDITS }
  const hunks =
    structuredPatch(path, path, older, newer, '', '', limit)?.hunks ?? replaceAll(older, newer)
  const enclosing = enclosingLines(older)
  return {
    ...pair,
    hunks: hunks.map((hunk) => ({
      oldStart: hunk.oldLines === 0 ? hunk.oldStart - 1 : hunk.oldStart,
      oldCount: hunk.oldLines,
      newStart: hunk.newLines === 0 ? hunk.newStart - 1 : hunk.newStart,
      newCount: hunk.newLines,
      inside: enclosing[hunk.oldStart - 1] ?? '',
      lines: readLines(hunk.lines, hunk.oldStart, hunk.newStart),
      notes: [],
    })),
    intro: '',
  }
}

/** Whether a version differs from its neighbor in this line: it was added or removed. */
export function isChanged({ kind }: Line): boolean {
  return kind !== 'same'
}

/** The number of lines added to and removed from some files. */
export function countLines(files: FileChange[]): { added: number; removed: number; hunks: number } {
  const hunks = files.flatMap((file) => file.hunks)
  const lines = hunks.flatMap((hunk) => hunk.lines)
  return {
    added: lines.filter(({ kind }) => kind === 'added').length,
    removed: lines.filter(({ kind }) => kind === 'removed').length,
    hunks: hunks.length,
  }
}

/** The line that git puts over a hunk: `@@ -6,11 +7,17 @@ export async function loginRoute(`. */
export function hunkHeader({ oldStart, oldCount, newStart, newCount, inside }: Hunk): string {
  const range = (start: number, count: number) => (count === 1 ? `${start}` : `${start},${count}`)
  return `@@ -${range(oldStart, oldCount)} +${range(newStart, newCount)} @@ ${inside}`.trimEnd()
}

/** `v02 to v03`, or the names of folders that aren't versions. */
export function stepName(older: Version, newer: Version): string {
  return `${shortName(older)} to ${shortName(newer)}`
}

function withUnixLineEnds(text: string): string {
  return text.replaceAll('\r\n', '\n')
}

function readLines(patchLines: string[], oldStart: number, newStart: number): Line[] {
  const lines: Line[] = []
  let oldNumber = oldStart
  let newNumber = newStart
  for (const patchLine of patchLines) {
    const [sign] = patchLine
    if (sign === '\\') {
      const last = lines.at(-1)
      if (last !== undefined) last.endsFile = true
      continue
    }
    const kind = sign === '+' ? 'added' : sign === '-' ? 'removed' : 'same'
    lines.push({
      kind,
      text: patchLine.slice(1),
      oldNumber: kind === 'added' ? undefined : oldNumber,
      newNumber: kind === 'removed' ? undefined : newNumber,
      endsFile: false,
    })
    if (kind !== 'added') oldNumber += 1
    if (kind !== 'removed') newNumber += 1
  }
  return lines
}

/** One hunk that removes everything and adds everything. */
function replaceAll(older: string, newer: string): StructuredPatchHunk[] {
  const [gone] = structuredPatch('', '', older, '').hunks
  const [added] = structuredPatch('', '', '', newer).hunks
  if (gone === undefined || added === undefined)
    return [gone ?? added].filter((hunk) => hunk !== undefined)
  const { newStart, newLines } = added
  return [{ ...gone, newStart, newLines, lines: [...gone.lines, ...added.lines] }]
}

/** For each line, the nearest one above that starts with a letter: git's rule if it knows no language. */
function enclosingLines(text: string): string[] {
  let nearest = ''
  return text.split('\n').map((line) => {
    const above = nearest
    if (/^[A-Za-z_$]/.test(line)) nearest = line.trimEnd()
    return above
  })
}
