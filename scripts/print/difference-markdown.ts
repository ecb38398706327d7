import { join, posix, relative, sep } from 'node:path'
import type { Note } from '@oauth-lab/course/differences/compare.ts'
import {
  type FileChange,
  type Hunk,
  hunkHeader,
  stepName,
} from '@oauth-lab/course/differences/compare.ts'
import { firstLine } from '@oauth-lab/course/differences/notes.ts'
import { describeSize, describeStep } from '@oauth-lab/course/differences/stat.ts'
import { DIFFERENCE_PAGES, type Step } from '@oauth-lab/course/differences/step.ts'
import { readLesson } from '@oauth-lab/course/lessons/lesson.ts'
import { ROOT } from '@oauth-lab/course/programs/versions.ts'
import { slug } from 'github-slugger'

const SIGNS = { same: ' ', added: '+', removed: '-' }

/** The page of a step, for a code host. Its links start at docs/differences. */
export function renderMarkdown(step: Step): string {
  const { older, newer, files } = step
  const { title } = readLesson(newer)
  return `${[
    `# ${stepName(older, newer)}: ${title.replace(/^v\d+: /, '')}`,
    'Each hunk has its note above it, from ' +
      `[the lesson](${hrefOf(newer.folder)}/README.md). ` +
      'This page is generated: change the code or the lesson, then run `npm run diff -- --write`.',
    `${describeStep(files)}. Each name links to the file's difference.`,
    [
      '| file | lines |',
      '| --- | --- |',
      ...files.map((file) => {
        return `| [\`${file.path}\`](#${slug(file.path)}) | ${describeSize(file)} |`
      }),
    ].join('\n'),
    ...files.flatMap((file) => renderFile(step, file)),
  ].join('\n\n')}\n`
}

function renderFile({ older, newer }: Step, file: FileChange): string[] {
  const links = [
    ...(file.kind === 'new'
      ? []
      : [`[before](${hrefOf(older.folder)}/${file.movedFrom ?? file.path})`]),
    ...(file.kind === 'deleted' ? [] : [`[after](${hrefOf(newer.folder)}/${file.path})`]),
  ]
  return [
    `## \`${file.path}\``,
    `${describeSize(file)} (${links.join(', ')})`,
    ...(file.intro === '' ? [] : [fromLesson(file.intro, newer.name)]),
    ...file.hunks.flatMap((hunk) => [...renderNotes(hunk.notes), renderHunk(hunk)]),
  ]
}

/** If several notes share a hunk, each starts with its line. */
function renderNotes(notes: Note[]): string[] {
  if (notes.length === 1) return notes.map(({ text, version }) => fromLesson(text, version))
  return notes.flatMap((note) => [
    `**${inlineCode(firstLine(note))}**`,
    fromLesson(note.text, note.version),
  ])
}

/** A text from a lesson. Its links lead to the same places as in the lesson. */
function fromLesson(text: string, version: string): string {
  const home = hrefOf(join(ROOT, 'versions', version))
  return text.replaceAll(/(`[^`]+`)|\]\((?!https?:)([^)]*)\)/g, (_all, code, href) => {
    if (code !== undefined) return code
    return `](${posix.join(home, href.startsWith('#') ? `README.md${href}` : href)})`
  })
}

function hrefOf(folder: string): string {
  return relative(DIFFERENCE_PAGES, folder).replaceAll(sep, '/')
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

/** The length of the longest run of backticks. */
function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length))
}
