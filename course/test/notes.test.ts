import { describe, expect, test } from 'vitest'
import { checkNotes, checkVersion } from '../differences/check-notes.ts'
import { compareTexts, type FileChange } from '../differences/compare.ts'
import { attachNotes, type FileNotes, notesOf as readFrom } from '../differences/notes.ts'
import { parseLesson, TITLES } from '../lessons/lesson.ts'
import { listVersions } from '../programs/versions.ts'

const OLDER = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', '']
const NEWER = OLDER.flatMap((line) => {
  if (line === 'two') return ['two', '  const state = 1', '  use(state)', '']
  if (line === 'nine') return ['nine', '  use(state)', 'end']
  return line === 'seven' ? ['SEVEN'] : [line]
})

/** A file with two hunks: the first adds three lines, the second has the rest. */
function changedFile(path = 'client/app.ts'): FileChange {
  const older = OLDER.join('\n').replace('five\n', 'five\na\nb\nc\nd\n')
  const newer = NEWER.join('\n').replace('five\n', 'five\na\nb\nc\nd\n')
  return compareTexts({ path, kind: 'changed', older, newer, isText: true })
}

function newFile(path: string): FileChange {
  return compareTexts({ path, kind: 'new', older: '', newer: 'a\nb\n', isText: true })
}

function quote(...lines: string[]): string {
  return ['```ts', ...lines, '```'].join('\n')
}

/** A lesson with these paragraphs as its notes. */
function lesson(...paragraphs: string[]): string {
  const before = ['# v02: state', '## Messages', '### `server/app.ts`', quote('not a note')]
  const after = ['## Try it', quote('const state = 1'), 'Not a note either.']
  return [...before, `## ${TITLES.difference}`, 'Read on.', ...paragraphs, ...after].join('\n\n')
}

function notesOf(...paragraphs: string[]): FileNotes[] | undefined {
  return readFrom(parseLesson(lesson(...paragraphs)), 'v02-state')
}

function problems(files: FileChange[], ...paragraphs: string[]): string[] {
  return checkNotes('v02-state', files, notesOf(...paragraphs))
}

const HEADING = '### `client/app.ts`'
const FIRST = [quote('const state = 1'), 'Why.']
const SECOND = [quote('end'), 'Why, too.']

describe('the notes of a lesson', () => {
  test('are quotes, each with the paragraphs up to the next quote or heading, grouped by file', () => {
    const notes = notesOf(
      HEADING,
      'About the file.',
      quote('  const state = 1', '  use(state)'),
      'One.',
      'Two,\nwith a `word`.',
      ...SECOND,
      '### `client/views/home.eta`',
      quote('<p>').replace('```ts', '```html'),
      'Three.',
    )
    expect(notes).toMatchObject([
      {
        path: 'client/app.ts',
        intro: 'About the file.',
        notes: [
          { quote: ['const state = 1', 'use(state)'], text: 'One.\n\nTwo,\nwith a `word`.' },
          { quote: ['end'], text: 'Why, too.' },
        ],
      },
      { path: 'client/views/home.eta', notes: [{ quote: ['<p>'], text: 'Three.' }] },
    ])
  })

  test("come only from their own part, where a heading inside a quote isn't a heading", () => {
    expect(readFrom(parseLesson('# v02\n\n## Something'), 'v02-state')).toBeUndefined()
    const notes = notesOf(HEADING, quote('# not a heading', '## Try it'), 'Why.')
    expect(notes?.flatMap((file) => file.notes)).toHaveLength(1)
  })

  test('belong to the hunk that contains the quoted lines, even after the hunk has moved', () => {
    const file = changedFile()
    attachNotes([file], notesOf(HEADING, ...SECOND, ...FIRST) ?? [])
    expect(file.hunks.map(({ notes }) => notes.map(({ text }) => text))).toEqual([
      ['Why.'],
      ['Why, too.'],
    ])
  })
})

describe('the check of the notes', () => {
  test('passes when every hunk has a note', () => {
    expect(problems([changedFile()], HEADING, ...FIRST, ...SECOND)).toEqual([])
  })

  test('names a hunk without a note, with its function and its first changed line', () => {
    const [problem, ...others] = problems([changedFile()], HEADING, ...FIRST)
    expect(others).toEqual([])
    expect(problem).toContain('v02-state/client/app.ts @@ -')
    expect(problem).toContain('first changed line "- seven"')
    expect(problem).toContain('no note')
  })

  test('names every hunk when a lesson has no notes', () => {
    const found = checkNotes('v02-state', [changedFile()], undefined)
    expect(found).toHaveLength(3)
    expect(found[0]).toContain(TITLES.difference)
  })

  test('accepts one note for a new or deleted file', () => {
    const files = [newFile('server/pkce.ts')]
    expect(problems(files, '### `server/pkce.ts`', quote('b'), 'Why.')).toEqual([])
    expect(problems(files)).toHaveLength(1)
  })

  test('rejects a quote that two hunks contain, and accepts it with more lines', () => {
    const notes = [HEADING, ...FIRST, ...SECOND]
    const [problem] = problems([changedFile()], ...notes, quote('use(state)'), 'Why?')
    expect(problem).toMatch(/"use\(state\)" is in 2 hunks of client\/app.ts: .* and .*Quote more/)
    expect(problems([changedFile()], ...notes, quote('use(state)', 'end'), 'Why.')).toEqual([])
  })

  test.each([
    ['five', "The file has that line, but the line didn't change."],
    ['nowhere', 'Quote whole lines that were added or removed.'],
    ['const state', 'Quote whole lines that were added or removed.'],
    ['const state = 1\nnot the next', 'The file has its first line, but'],
    ['a\nb', 'It is in server/pkce.ts.'],
  ])('rejects the quote %j, which no hunk contains, with a hint', (text, hint) => {
    const files = [changedFile(), newFile('server/pkce.ts')]
    const notes = [HEADING, ...FIRST, ...SECOND, quote(...text.split('\n')), 'Why.']
    const [problem] = problems(files, ...notes, '### `server/pkce.ts`', quote('a'), 'Why.')
    expect(problem).toContain('is in no hunk of client/app.ts')
    expect(problem).toContain(hint)
  })

  test('rejects a quote that skips an unchanged line', () => {
    const pair = { path: 'client/app.ts', kind: 'changed', isText: true } as const
    const file = compareTexts({ ...pair, older: 'kept\n', newer: 'above\nkept\nbelow\n' })
    expect(problems([file], HEADING, quote('above'), 'Why.')).toEqual([])
    expect(problems([file], HEADING, quote('above', 'below'), 'Why.')).not.toEqual([])
  })

  test('accepts a removed line as well as an added one', () => {
    const notes = [HEADING, ...FIRST, quote('seven'), 'Why.']
    expect(problems([changedFile()], ...notes)).toEqual([])
  })

  test("rejects a heading that doesn't name a changed file in the required form", () => {
    for (const heading of ['### `client/main.ts`', '### client/app.ts', '### The client']) {
      const found = problems([changedFile()], HEADING, ...FIRST, ...SECOND, heading, ...FIRST)
      expect(found).toEqual([expect.stringContaining('names no file that differs')])
    }
  })

  test('rejects a quote without an explanation', () => {
    const found = problems([changedFile()], HEADING, ...FIRST, quote('end'))
    expect(found).toEqual([expect.stringContaining('has no text after it')])
  })

  test('wants a note for package.json, too', () => {
    const found = problems([changedFile(), newFile('package.json')], HEADING, ...FIRST, ...SECOND)
    expect(found).toEqual([expect.stringContaining('v02-state/package.json @@')])
    expect(found).toEqual([expect.stringContaining('no note')])
  })

  test("names a file that differs but isn't part of the lesson", () => {
    const files = [changedFile(), newFile('tsconfig.json')]
    const found = problems(files, HEADING, ...FIRST, ...SECOND)
    expect(found).toEqual([expect.stringContaining('v02-state/tsconfig.json: differs')])
  })
})

describe('the lessons', () => {
  test.each(listVersions().map((version) => [version.name, version] as const))(
    '%s explains every hunk that it has',
    (_name, version) => {
      expect(checkVersion(version).join('\n')).toBe('')
    },
  )
})
