import { copyName } from '@oauth-lab/course/exercises/exercise-start.ts'
import { type Lesson, readLesson } from '@oauth-lab/course/lessons/lesson.ts'
import { addressesFrom } from '@oauth-lab/course/programs/programs.ts'
import { findVersion, listVersions } from '@oauth-lab/course/programs/versions.ts'
import { firstAndNewest } from '@oauth-lab/shared/testing/share.ts'
import { describe, expect, test } from 'vitest'
import { lessonAt } from '../lesson/running-addresses.ts'
import { slotWithoutPrograms, workshopOfFile } from './lab.ts'

const [v01] = listVersions()
if (v01 === undefined) throw new Error('There is no version')
const lesson = readLesson(v01)
const versions = firstAndNewest(listVersions())
const workshop = await workshopOfFile()
const slot = await slotWithoutPrograms(workshop)

const AT_26000 = addressesFrom(26_000)
const ELSEWHERE = {
  server: 'https://login.lab.test',
  client: 'http://127.0.0.1:9001',
  workshop: 'http://localhost:9002',
  api: 'http://localhost:9004',
}

/** A text of a lesson as it reads when the programs have these addresses. */
function readAt(addresses: typeof AT_26000 | undefined, text: string): string {
  const [part] = lesson.parts
  if (part === undefined) throw new Error('The lesson has no parts')
  const told: Lesson = { ...lesson, parts: [{ ...part, source: text }] }
  return lessonAt(told, addresses).parts[0]?.source ?? ''
}

function sourceOf({ tryFirst, parts }: Lesson): string {
  return [tryFirst, ...parts.map(({ source }) => source)].join('\n')
}

describe('a text names the addresses of the running programs', () => {
  test.each([
    ['<http://localhost:25001>', '<http://localhost:26001>', '<http://127.0.0.1:9001>'],
    [
      'http://localhost:25000/token',
      'http://localhost:26000/token',
      'https://login.lab.test/token',
    ],
    [
      '=http%3A%2F%2Flocalhost%3A25001%2Fcallback',
      '=http%3A%2F%2Flocalhost%3A26001%2Fcallback',
      '=http%3A%2F%2F127.0.0.1%3A9001%2Fcallback',
    ],
    ['Host: localhost:25000', 'Host: localhost:26000', 'Host: login.lab.test'],
    ['as Client (25001)', 'as Client (26001)', 'as Client (9001)'],
    ['oauth_lab_25001=x', 'oauth_lab_26001=x', 'oauth_lab_9001=x'],
    ['localhost:25002/callback', 'localhost:26002/callback', 'localhost:9002/callback'],
    ['localhost:25003/api/me', 'localhost:26003/api/me', 'localhost:9004/api/me'],
  ])('%s', (text, at26000, elsewhere) => {
    expect(readAt(AT_26000, text)).toBe(at26000)
    expect(readAt(ELSEWHERE, text)).toBe(elsewhere)
  })
})

test('a start command gets the port of the running programs, unless settings give their addresses', () => {
  const texts = ['npm start', 'TTL=1 npm start v05', 'npm start playground/v02']
  expect(texts.map((text) => readAt(AT_26000, text))).toEqual([
    'npm start -- --port 26000',
    'TTL=1 npm start -- v05 --port 26000',
    'npm start -- playground/v02 --port 26000',
  ])
  expect(texts.map((text) => readAt(ELSEWHERE, text))).toEqual(texts)
})

test('a text without a default address stays unchanged', () => {
  for (const text of [
    'npm start -- v01 --port 26000',
    'http://localhost:26001/callback',
    'http://localhost:25009/callback?from=other',
    '125000 and 250010',
  ]) {
    expect(readAt(addressesFrom(27_100), text)).toBe(text)
  }
})

test('programs that swapped the default ports are named right', () => {
  expect(readAt(addressesFrom(25_001), '25000 25001 25002 25003')).toBe('25001 25002 25003 25004')
})

test.each(versions)(
  '$name keeps no default address, and reads unchanged at the default ones',
  (version) => {
    const read = readLesson(version)
    expect(sourceOf(lessonAt(read, AT_26000))).not.toMatch(/(?<!\d)2500[0-3](?!\d)/)
    expect(lessonAt(read, addressesFrom(25_000))).toBe(read)
    expect(lessonAt(read, undefined)).toBe(read)
  },
)

test('slides, exercises and the reference name what was started', async () => {
  const { name } = findVersion('v02')
  const pages = [
    ...versions.flatMap(({ name }) => [`/present/${name}`, `/present/${name}/notes`]),
    ...versions.map((version) => `/exercises/${copyName(version)}`),
    ...['errors', 'glossary', 'teaching'].map((doc) => `/reference/${doc}`),
    '/lessons/v04-protected-resource/difference',
  ]
  for (const page of pages) {
    const { status, text } = await workshop.get(page)
    expect([page, status]).toEqual([page, 200])
    expect([page, text.match(/(?<!\d)2500[0-3](?!\d)/)?.[0]]).toEqual([page, undefined])
  }
  const { client, server } = slot.ports
  const { text } = await workshop.get(`/present/${name}`)
  expect(text).toContain(`oauth_lab_${client}`)
  expect((await workshop.get('/reference/errors')).text).toContain(`localhost:${server}/`)
})

test('the pages name what was started, even after it was stopped', async () => {
  const { addresses } = slot
  slot.state = 'running'
  const printed = `${addresses.client}/callback?code=`
  const first = await workshop.get('/lessons/v02-state/try-it')
  expect(first.text).toContain(printed)
  expect(first.text).toContain(`<a href="${addresses.client}" target="_blank"`)
  await workshop.runner.stop(slot)
  const second = await workshop.get('/lessons/v02-state/try-it')
  expect(second.text).toContain(printed)
  expect(second.text).not.toMatch(/localhost:2500[01]/)
  const { text } = await workshop.get('/lessons/v02-state/the-idea')
  expect(text).toContain(`Client (${slot.ports.client})`)
})
