import type { Note } from '@oauth-lab/course/differences/compare.ts'
import {
  type FileChange,
  type Hunk,
  hunkHeader,
  stepName,
} from '@oauth-lab/course/differences/compare.ts'
import { firstLine } from '@oauth-lab/course/differences/notes.ts'
import { describeSize, describeStep } from '@oauth-lab/course/differences/stat.ts'
import type { Step } from '@oauth-lab/course/differences/step.ts'
import { readLesson } from '@oauth-lab/course/lessons/lesson.ts'
import { slug } from 'github-slugger'

const SIGNS = { same: ' ', added: '+', removed: '-' }

/** The page DIFF.md of the newer version, for a code host. Its links start at that version's folder. */
export function renderMarkdown(step: Step): string {
  const { older, newer, files } = step
  const { title } = readLesson(newer)
  const before = `../${older.name}`
  return `${[
    `# ${stepName(older, newer)}: ${title.replace(/^v\d+: /, '')}`,
    'Each hunk stands under its note, which is taken from section 5 of [the lesson](README.md). ' +
      'This page is generated: change the code or the lesson, then run `npm run diff -- --write`.',
    `${describeStep(files)}. A name leads to the file's difference.`,
    [
      '| file | lines |',
      '| --- | --- |',
      ...files.map((file) => {
        return `| [\`${file.path}\`](#${slug(file.path)}) | ${describeSize(file)} |`
      }),
    ].join('\n'),
    ...files.flatMap((file) => renderFile(file, before)),
  ].join('\n\n')}\n`
}

function renderFile(file: FileChange, before: string): string[] {
  const links = [
    ...(file.kind === 'new' ? [] : [`[before](${before}/${file.path})`]),
    ...(file.kind === 'deleted' ? [] : [`[after](${file.path})`]),
  ]
  return [
    `## \`${file.path}\``,
    `${describeSize(file)} (${links.join(', ')})`,
    ...(file.intro === '' ? [] : [fromLesson(file.intro)]),
    ...file.hunks.flatMap((hunk) => [...renderNotes(hunk.notes), renderHunk(hunk)]),
  ]
}

/** Where several notes share a hunk each says first which line it speaks of. */
function renderNotes(notes: Note[]): string[] {
  if (notes.length === 1) return notes.map(({ text }) => fromLesson(text))
  return notes.flatMap((note) => [`**${inlineCode(firstLine(note))}**`, fromLesson(note.text)])
}

/** What leads to another place of the lesson still does when it stands beside the lesson. */
function fromLesson(text: string): string {
  return text.replaceAll('](#', '](README.md#')
}

function renderHunk(hunk: Hunk): string {
  const lines = [
    hunkHeader(hunk),
    ...hunk.lines.flatMap(({ kind, text, endsFile }) => [
      SIGNS[kind] + text,
      ...(endsFile ? ['\\ No newline at end of file'] : []),
    ]),
  ]
  const fence = '`'.repeat(Math.max(3, 1 + longestRun(lines.join('\n'))))
  return [`${fence}diff`, ...lines, fence].join('\n')
}

function inlineCode(text: string): string {
  const ticks = '`'.repeat(1 + longestRun(text))
  return text.includes('`') ? `${ticks} ${text} ${ticks}` : `\`${text}\``
}

/** How many backticks stand next to each other, at most. */
function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length))
}
