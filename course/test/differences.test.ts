import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { hasGit } from '@oauth-lab/shared/testing/has-git.ts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { compareFolders, hunkHeader } from '../differences/compare.ts'
import { readStep, stepsOf } from '../differences/step.ts'
import { changedWords } from '../differences/words.ts'
import { listVersions, type Version } from '../programs/versions.ts'

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
    .each([...stepsOf(listVersions())].map((step) => [step.newer.name, step] as const))(
    'the hunks of %s are those that git shows',
    (_name, { older, newer, files }) => {
      for (const { path, hunks, kind } of files) {
        const [before, after] = [older, newer].map(({ folder }) => join(folder, path))
        const { stdout } = spawnSync(
          'git',
          [
            'diff',
            '--no-index',
            '--no-color',
            kind === 'new' ? '/dev/null' : String(before),
            kind === 'deleted' ? '/dev/null' : String(after),
          ],
          { encoding: 'utf8' },
        )
        const gits = stdout.split('\n').filter((line) => line.startsWith('@@'))
        expect(hunks.map((hunk) => hunkHeader(hunk).slice(0, 80))).toEqual(
          gits.map((line) => line.slice(0, 80)),
        )
      }
    },
  )

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
    const words = changedWords(file?.hunks[0] as never)
    const marked = [...words].flatMap(([{ text }, ranges]) =>
      ranges.map(({ start, end }) => text.slice(start, end)),
    )
    expect(marked.join('').replaceAll(' ', '')).toBe(',two')
  })
})
