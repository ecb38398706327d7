import { lessonFile, TITLES } from '../lessons/lesson.ts'
import { isProgramCode } from '../programs/programs.ts'
import { type Version, versionBefore } from '../programs/versions.ts'
import { type FileChange, type Hunk, hunkHeader, isChanged, type Note } from './compare.ts'
import { type FileNotes, findQuote, readNotes } from './notes.ts'
import { readStep } from './step.ts'

/**
 * What is wrong with the notes of a version's lesson, or with the code that differs from the version
 * before. Each problem is a sentence with the place and what to do.
 */
export function checkVersion(version: Version): string[] {
  const older = versionBefore(version)
  if (older === undefined) return []
  const { files } = readStep(older, version)
  return checkNotes(version.name, files, readNotes(version))
}

/**
 * Compares notes with the difference they belong to.
 *
 * @param files the code in which a version differs from the one before, with git's context
 * @param notes undefined for a lesson without that part
 */
export function checkNotes(
  version: string,
  files: FileChange[],
  notes: FileNotes[] | undefined,
): string[] {
  const missing = `${lessonFile(version)}: there is no part "${TITLES.difference}".`
  const explained = new Set<Hunk>()
  return [
    ...(notes === undefined ? [missing] : []),
    ...files.filter((file) => !isTaught(file)).map((file) => strayFile(version, file)),
    ...(notes ?? []).flatMap((fileNotes) => checkFileNotes(version, files, fileNotes, explained)),
    ...files
      .filter(isTaught)
      .flatMap((file) =>
        file.hunks
          .filter((hunk) => !explained.has(hunk))
          .map(
            (hunk) =>
              `${placeOf(version, file, hunk)}: no note. Quote a changed line of this hunk.`,
          ),
      ),
  ]
}

/** Whether a note must explain what differs. In package.json, that is a package, or the script of a new program. */
function isTaught({ path }: FileChange): boolean {
  return isProgramCode(path) || path === 'package.json'
}

function strayFile(version: string, { path }: FileChange): string {
  return `${version}/${path}: differs from the version before, but isn't part of the lesson. Make it the same, or move it into server/ or client/.`
}

function checkFileNotes(
  version: string,
  files: FileChange[],
  { path, notes, line }: FileNotes,
  explained: Set<Hunk>,
): string[] {
  const file = files.find((candidate) => candidate.path === path)
  if (file === undefined) {
    return [
      `${lessonFile(version)}:${line}: the heading ${path} names no file that differs. Put notes under headings such as ### \`client/app.ts\`.`,
    ]
  }
  if (notes.length === 0) return [`${lessonFile(version)}:${line}: no note under ${path}.`]
  return notes.flatMap((note) => {
    const found = file.hunks.filter((hunk) => findQuote(hunk, note.quote) !== undefined)
    const [hunk, ...others] = found
    if (hunk !== undefined && others.length === 0) explained.add(hunk)
    return checkNote(version, files, file, note, found)
  })
}

function checkNote(
  version: string,
  files: FileChange[],
  file: FileChange,
  note: Note,
  found: Hunk[],
): string[] {
  const place = `${lessonFile(version)}:${note.line}: the quote ${JSON.stringify(note.quote[0] ?? '')}`
  if (found.length === 0) {
    return [`${place} is in no hunk of ${file.path}. ${hintFor(files, file, note)}`]
  }
  if (found.length > 1) {
    const headers = found.map(hunkHeader).join(' and ')
    return [`${place} is in ${found.length} hunks of ${file.path}: ${headers}. Quote more lines.`]
  }
  if (note.text === '') return [`${place} has no text after it.`]
  return []
}

function hintFor(files: FileChange[], file: FileChange, { quote }: Note): string {
  const elsewhere = files.find(({ hunks }) => hunks.some((hunk) => findQuote(hunk, quote)))
  if (elsewhere !== undefined) return `It is in ${elsewhere.path}.`
  const [first = ''] = quote
  if (quote.length > 1 && file.hunks.some((hunk) => findQuote(hunk, [first]))) {
    return 'The file has its first line, but then other changed lines follow.'
  }
  if (file.newer.split('\n').some((line) => line.trim() === first)) {
    return "The file has that line, but the line didn't change."
  }
  return 'Quote whole lines that were added or removed.'
}

function placeOf(version: string, { path }: FileChange, hunk: Hunk): string {
  const changed = hunk.lines.filter(isChanged)
  const first = changed.find(({ text }) => text.trim() !== '') ?? changed[0]
  const sign = first?.kind === 'removed' ? '-' : '+'
  return `${version}/${path} ${hunkHeader(hunk)} (first changed line "${sign} ${first?.text.trim()}")`
}
