import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { hasGit } from '@oauth-lab/shared/testing/has-git.ts'
import { firstAndNewest } from '@oauth-lab/shared/testing/share.ts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { compareFolders, compareTexts, hunkHeader } from '../differences/compare.ts'
import { highlightText, piecesOf } from '../differences/highlight.ts'
import { describeSize, describeStep } from '../differences/stat.ts'
import { readStep, stepsOf } from '../differences/step.ts'
import { changedWords, rowsOf } from '../differences/words.ts'
import { findVersion, listVersions, type Version } from '../programs/versions.ts'

let scratch: string

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'oauth-lab-test-'))
})
afterEach(() => rmSync(scratch, { recursive: true, force: true }))

/** Writes files below the scratch folder and returns the folder. */
function folder(name: string, files: Record<string, string | Buffer>): string {
  for (const [path, content] of Object.entries(files)) {
    const file = join(scratch, name, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
  }
  mkdirSync(join(scratch, name), { recursive: true })
  return join(scratch, name)
}

function asVersion(path: string): Version {
  return { name: 'copy', folder: path, number: 0 }
}

describe('a difference', () => {
  test
    .skipIf(!hasGit)
    .each(
      firstAndNewest([...stepsOf(listVersions())]).map((step) => [step.newer.name, step] as const),
    )('the hunks of %s are those that git shows', (_name, { older, newer, files }) => {
    for (const { path, movedFrom = path, hunks, kind } of files) {
      const [before, after] = [join(older.folder, movedFrom), join(newer.folder, path)]
      const { stdout } = spawnSync(
        'git',
        [
          'diff',
          '--no-index',
          '--no-color',
          kind === 'new' ? '/dev/null' : before,
          kind === 'deleted' ? '/dev/null' : after,
        ],
        { encoding: 'utf8' },
      )
      const gits = stdout.split('\n').filter((line) => line.startsWith('@@'))
      expect(hunks.map((hunk) => hunkHeader(hunk).slice(0, 80))).toEqual(
        gits.map((line) => line.slice(0, 80)),
      )
    }
  })

  test('never contains what git ignores', () => {
    const older = folder('older', { 'server/main.ts': '' })
    const newer = folder('newer', {
      'server/main.ts': '',
      'node_modules/x/index.js': 'x',
      'client/node_modules/y.js': 'y',
      '.env': 'CLIENT_SECRET=mine',
      'debug.log': 'log',
      '.gitignore': 'notes/\n',
      'notes/mine.txt': 'private',
    })
    expect(compareFolders(older, newer).map(({ path }) => path)).toEqual(['.gitignore'])
  })

  test('ignores DOS line endings in a copy', () => {
    const older = folder('older', { 'a.ts': 'one\ntwo\n' })
    const newer = folder('newer', { 'a.ts': 'one\r\ntwo\r\n' })
    expect(compareFolders(older, newer)).toEqual([])
  })

  test('shows only the changed lines of a file that moved', () => {
    const older = folder('older', { 'server/a.ts': 'one\ntwo\nthree\n', 'server/b.ts': 'b\n' })
    const newer = folder('newer', { 'api/a.ts': 'one\ntwo\n3\n', 'api/b.ts': 'b\n' })
    const files = compareFolders(older, newer)
    expect(describeStep(files)).toBe('2 files (2 moved), +1 -1, 1 hunk')
    expect(files.map((file) => [file.path, describeSize(file)])).toEqual([
      ['api/a.ts', 'moved from server/a.ts, +1 -1'],
      ['api/b.ts', 'moved from server/b.ts, +0 -0'],
    ])
    for (const path of ['server', 'api']) {
      const step = readStep(asVersion(older), asVersion(newer), { paths: [path] })
      expect(step.files).toEqual(files)
    }
  })

  test('has the notes on a file that moved later, under both of its paths', () => {
    const step = readStep(findVersion('v05'), findVersion('v12'))
    const file = step.files.find(({ movedFrom }) => movedFrom === 'server/bearer-auth.ts')
    const notes = file?.hunks.flatMap((hunk) => hunk.notes) ?? []
    const versions = new Set(notes.map(({ version }) => version))
    expect(versions).toContain('v06-scope')
    expect(versions).toContain('v12-resource-server')
  })

  test('takes no file for moved that has another name, or too few of the lines', () => {
    const older = folder('older', { 'server/a.ts': 'one\ntwo\nthree\n', 'server/b.ts': 'b\n' })
    const newer = folder('newer', { 'api/a.ts': 'one\n2\n3\n', 'server/c.ts': 'b\n' })
    expect(describeStep(compareFolders(older, newer))).toBe(
      '4 files (2 new, 2 deleted), +4 -4, 4 hunks',
    )
  })

  test('lists the files in reading order: protocol, server, client, the rest, tests', () => {
    const older = folder('older', {})
    const paths = ['test/a.test.ts', 'other.ts', 'client/app.ts', 'server/app.ts', 'protocol.ts']
    const newer = folder('newer', Object.fromEntries(paths.map((path) => [path, 'x\n'])))
    const { files } = readStep(asVersion(older), asVersion(newer), { tests: true })
    expect(files.map(({ path }) => path)).toEqual(paths.reverse())
  })

  test('leaves out the lesson and the tests, and nothing else', () => {
    const older = folder('older', {})
    const files = { 'package.json': '{}', 'README.md': 'text', 'test/a.test.ts': 'test' }
    const step = readStep(asVersion(older), asVersion(folder('newer', files)))
    expect(step.files.map(({ path }) => path)).toEqual(['package.json'])
  })

  test('marks only the changed words of a changed line', () => {
    const older = folder('older', { 'a.ts': "import { one } from 'a'\nkeep\nremoved\n" })
    const newer = folder('newer', { 'a.ts': "import { one, two } from 'a'\nkeep\nquite another\n" })
    const [file] = compareFolders(older, newer)
    const words = changedWords(rowsOf(file?.hunks[0] as never))
    const marked = [...words].flatMap(([{ text }, ranges]) =>
      ranges.map(({ start, end }) => text.slice(start, end)),
    )
    expect(marked.join('').replaceAll(' ', '')).toBe(',two')
  })
})

test.each([
  ['ts', 'return "a" // b', 'return', 'keyword'],
  ['ts', 'return "a\\n" // b', '"a\\n"', 'string'],
  ['ts', 'return "a" // b', '// b', 'comment'],
  ['ts', 'store.find(1)', 'find', 'function'],
  ['ts', 'store.find(1)', '1', 'constant'],
  ['json', '{ "code": "abc" }', '"code"', 'keyword'],
  ['json', '{ "code": "abc" }', '"abc"', 'string'],
  ['eta', '<a href="/login">', 'href', 'function'],
  ['sh', 'curl "$SERVER"', 'curl', 'function'],
  ['sh', 'curl "$SERVER"', '$SERVER', 'constant'],
  ['txt', 'return "a"', 'return "a"', 'plain'],
])('in %s, %s has %s as %s', async (language, text, part, style) => {
  const styled = { older: [], newer: await highlightText(text, language) }
  const pieces = piecesOf(
    { kind: 'added', text, oldNumber: undefined, newNumber: 1, endsFile: false },
    styled,
  )
  const found = pieces.filter((piece) => piece.style === style)
  expect(
    found
      .map((piece) => piece.text)
      .join('')
      .replaceAll(/[ {}:]*$/g, ''),
  ).toContain(part)
})

test('a long file is highlighted in parts, so that other requests run in between', async () => {
  let turns = 0
  const turn = () => {
    turns += 1
    immediate = setImmediate(turn)
  }
  let immediate = setImmediate(turn)
  await highlightText('call(1)\n'.repeat(1_000), 'ts')
  clearImmediate(immediate)
  expect(turns).toBeGreaterThan(3)
})

test('a text that takes minutes to highlight is plain from some line on', async () => {
  const lines = await highlightText('(a=(\n'.repeat(20_000), 'ts')
  expect(lines).toHaveLength(20_001)
  expect(lines[0]).toContainEqual([1, 'keyword'])
  expect(lines.at(-2)).toEqual([[4, 'plain']])
})

test('a group of very long changed lines gets no changed words, which take too long to find', () => {
  const [older = '', newer = ''] = ['one', 'two'].map((word) => `${'a '.repeat(600)}${word}\n`)
  const wordsOf = (times: number) => {
    const texts = { older: older.repeat(times), newer: newer.repeat(times) }
    const { hunks } = compareTexts({ path: 'a.ts', kind: 'changed', isText: true, ...texts })
    return hunks.flatMap((hunk) => [...changedWords(rowsOf(hunk))])
  }
  expect(wordsOf(1)).toHaveLength(2)
  expect(wordsOf(10)).toEqual([])
})
