import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findVersion } from '@oauth-lab/course/programs/versions.ts'
import { expect, test } from 'vitest'
import { Progress } from '../progress.ts'
import { temporaryFolder } from './lab.ts'

const v01 = findVersion('v01')
const v02 = findVersion('v02')
const NOTHING = { read: [], done: 0, all: 0 }

test('nothing is done at first, and reading the progress creates no file', () => {
  const folder = temporaryFolder()
  expect(new Progress(folder).of(v01)).toEqual(NOTHING)
  expect(new Progress(folder).at).toBeUndefined()
  expect(readdirSync(folder)).toEqual([])
})

test('what was read and done survives a restart, separately for each version', () => {
  const folder = join(temporaryFolder(), 'not', 'there', 'yet')
  const progress = new Progress(folder)
  progress.noteRead(v01, 'the-idea', '/lessons/v01-code-flow/the-idea')
  progress.noteRead(v01, 'the-problem', '/lessons/v01-code-flow/the-problem')
  progress.noteRead(v01, 'the-idea', '/lessons/v01-code-flow/the-idea')
  progress.noteDone(v01, 2, 9)
  progress.noteDone(v01, 5, 9)

  const later = new Progress(folder)
  expect(later.of(v01)).toEqual({
    read: ['the-idea', 'the-problem'],
    done: 5,
    all: 9,
  })
  expect(later.of(v02)).toEqual(NOTHING)
  expect(later.at).toBe('/lessons/v01-code-flow/the-idea')
})

test('two writes at once lose nothing', () => {
  const folder = temporaryFolder()
  const [one, other] = [new Progress(folder), new Progress(folder)]
  one.noteRead(v01, 'the-idea', '/lessons/v01-code-flow/the-idea')
  other.noteDone(v01, 1, 9)
  other.noteRead(v01, 'try-it', '/lessons/v01-code-flow/try-it')
  expect(one.of(v01)).toEqual({ read: ['the-idea', 'try-it'], done: 1, all: 9 })
  expect(other.of(v02)).toEqual(NOTHING)
})

test.each([
  '',
  '{"versions": ',
  'null',
  '[]',
  '{"at": "https://evil.example/", "versions": {"v01-code-flow": 7}}',
  '{"at": 3, "versions": {"v01-code-flow": {"read": [1, {}], "done": "all", "all": -1}}}',
  '{"versions": {"__proto__": {"read": ["x"]}}}',
])('a file that contains %j counts as empty, and the next write repairs it', (text) => {
  const folder = temporaryFolder()
  const file = join(folder, '.progress.json')
  writeFileSync(file, text)
  const progress = new Progress(folder)
  expect(progress.of(v01)).toEqual(NOTHING)
  expect(progress.at).toBeUndefined()
  progress.noteDone(v01, 1, 2)
  expect(progress.of(v01)).toEqual({ ...NOTHING, done: 1, all: 2 })
  expect(() => JSON.parse(readFileSync(file, 'utf8'))).not.toThrow()
})

test('if nothing can be written, nothing is remembered and nothing breaks', () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, '.progress.json'))
  const progress = new Progress(folder)
  progress.noteDone(v01, 1, 2)
  expect(progress.of(v01)).toEqual(NOTHING)
})
