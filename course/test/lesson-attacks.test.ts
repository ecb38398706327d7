import { basename } from 'node:path'
import { describe, expect, test } from 'vitest'
import { blockedSince, expectedResult } from '../attacks/attack.ts'
import { loadPrograms } from '../attacks/load-programs.ts'
import { attacks } from '../attacks/stories/index.ts'
import { type Lesson, type PartName, partOf, readLesson } from '../lessons/lesson.ts'
import { findVersion, listVersions } from '../programs/versions.ts'
import { parsePage } from './markdown-page.ts'
import { readCommands } from './page-commands.ts'
import { missingForCommands } from './shell.ts'
import { findWrongAnswers } from './wrong-answers.ts'

describe.each(listVersions())('the lesson of $name', (version) => {
  const lesson = readLesson(version)

  test('names each attack that its version is the first to block', () => {
    const blocked = attacks.filter((attack) => blockedSince(attack) === version.number)
    const named = namedIn(lesson, 'attacks')
    expect(named).toEqual(expect.arrayContaining(blocked.map(({ slug }) => slug)))
  })

  test("names no attack there that its version doesn't block", () => {
    const named = namedIn(lesson, 'attacks')
    expect(named.filter((slug) => resultOf(slug) !== 'blocked')).toEqual([])
  })

  test('plays one of them', () => {
    const { blocks } = parsePage(partOf(lesson, 'attacks')?.source ?? '')
    const commands = blocks.filter(({ language }) => language === 'sh')
    expect(commands.map(({ text }) => text).join()).toMatch(/^npm run --silent attack /)
  })

  test('names under "Still open" only attacks that succeed', () => {
    const named = namedIn(lesson, 'missing')
    expect(named).not.toEqual([])
    expect(named.filter((slug) => resultOf(slug) !== 'succeeds')).toEqual([])
  })

  test('names first under "Still open" what the next version closes', () => {
    const next = listVersions().find(({ number }) => number === version.number + 1)
    const [, row = ''] = /^\| --- .*\n(.*)/m.exec(partOf(lesson, 'missing')?.source ?? '') ?? []
    if (next !== undefined) expect(row).toContain(`](../${next.name}/`)
  })

  function resultOf(slug: string) {
    const attack = attacks.find((candidate) => candidate.slug === slug)
    return attack && expectedResult(attack, version)
  }
})

test('the last lesson names every attack that still succeeds', () => {
  const last = listVersions().at(-1)
  if (last === undefined) throw new Error('There is no version.')
  const succeeding = attacks.filter((attack) => expectedResult(attack, last) === 'succeeds')
  const named = namedIn(readLesson(last), 'missing')
  expect([...named].sort()).toEqual(succeeding.map(({ slug }) => slug).sort())
})

test.skipIf(missingForCommands() !== undefined)(
  'an npm command runs at the top of the repo, any other command in its own folder',
  async () => {
    const page = parsePage(
      [
        '```sh\nnpm run --silent attack -- --help | head -n 1\n```',
        '```text\nnpm run attack                          every attack on every version\n```',
        '```sh\nls package.json 2>&1 | grep -c "No such file"\n```',
        '```text\n1\n```',
      ].join('\n\n'),
    )
    const wrong = await findWrongAnswers('a page', readCommands(page, 'v01'), (name) =>
      loadPrograms(findVersion(name).folder),
    )
    expect(wrong).toEqual([])
  },
)

/** The attacks that a part of a lesson links to, without repeats. */
function namedIn(lesson: Lesson, name: PartName): string[] {
  const { links } = parsePage(partOf(lesson, name)?.source ?? '')
  const attackLinks = links.filter(({ href }) => href.includes('course/attacks/stories/'))
  return [...new Set(attackLinks.map(({ href }) => basename(href, '.ts')))]
}
