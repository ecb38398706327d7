import { expect, test } from 'vitest'
import { type Attack, type AttackFile, tellingVersions } from '../attacks/attack.ts'
import { expectedRows, groupByRanges, headingOf, matrixAsMarkdown } from '../attacks/matrix.ts'
import { tellRemedy } from '../attacks/story-words.ts'

const versions = Array.from({ length: 14 }, (_, index) => {
  const number = index + 1
  const name = `v${String(number).padStart(2, '0')}-step`
  return { name, folder: `/nowhere/${name}`, number }
})

function attackExpecting(expected: AttackFile['expected'], remedy?: string): Attack {
  const play = () => Promise.reject(new Error('Nobody plays it'))
  const rest = { title: 'A title', rule: 'RFC 9700 section 4', checks: [], play }
  return { slug: 'an-attack', expected, ...rest, ...(remedy && { remedy }) }
}

test.each<[string, AttackFile['expected']]>([
  ['Blocked from v01', { 1: 'blocked' }],
  ['Blocked from v14', { 1: 'nothing', 14: 'blocked' }],
  ['Succeeds from v01', { 1: 'succeeds' }],
  ['Succeeds in v01, blocked from v02', { 1: 'succeeds', 2: 'blocked' }],
  ['Succeeds in v04 and v05, blocked from v06', { 1: 'nothing', 4: 'succeeds', 6: 'blocked' }],
  [
    'Succeeds in v04 to v08, blocked in v09 to v12, succeeds again from v13',
    { 1: 'nothing', 4: 'succeeds', 9: 'blocked', 13: 'succeeds' },
  ],
  [
    'Succeeds in v01, blocked in v02 to v12, succeeds again in v13, blocked again from v14',
    { 1: 'succeeds', 2: 'blocked', 13: 'succeeds', 14: 'blocked' },
  ],
])('a heading says how an attack ends in each version: %s', (heading, expected) => {
  const groups = groupByRanges(expectedRows([attackExpecting(expected)], versions), versions)
  expect(groups.map(({ ranges }) => headingOf(ranges))).toEqual([heading])
})

test('of one version a heading says only how it ends there', () => {
  const one = versions.slice(2, 3)
  const heading = (expected: AttackFile['expected']) =>
    groupByRanges(expectedRows([attackExpecting(expected)], one), one).map(({ ranges }) =>
      headingOf(ranges),
    )
  expect(heading({ 1: 'succeeds' })).toEqual(['Succeeds in v03'])
  expect(heading({ 1: 'succeeds', 2: 'blocked' })).toEqual(['Blocked in v03'])
  expect(heading({ 1: 'nothing', 4: 'blocked' })).toEqual(['Nothing to attack yet'])
})

test('attacks that end the same way share a heading, and those that no version blocks come last', () => {
  const expectations: AttackFile['expected'][] = [
    { 1: 'succeeds' },
    { 1: 'succeeds', 2: 'blocked' },
    { 1: 'blocked' },
    { 1: 'succeeds', 2: 'blocked' },
  ]
  const groups = groupByRanges(
    expectedRows(
      expectations.map((one) => attackExpecting(one)),
      versions,
    ),
    versions,
  )
  expect(groups.map(({ ranges, rows }) => [headingOf(ranges), rows.length])).toEqual([
    ['Blocked from v01', 1],
    ['Succeeds in v01, blocked from v02', 2],
    ['Succeeds from v01', 1],
  ])
})

test('the list of README.md links the versions of a heading', () => {
  const attack = attackExpecting({ 1: 'blocked', 13: 'succeeds', 14: 'blocked' })
  expect(matrixAsMarkdown([attack], versions)).toBe(
    '**Blocked in [v01](versions/v01-step) to [v12](versions/v12-step), succeeds in [v13](versions/v13-step), blocked again from [v14](versions/v14-step)**\n\n' +
      '- [`an-attack`](course/attacks/stories/an-attack.ts) A title',
  )
})

test('an attack that succeeds again is shown where it succeeds, where it is blocked, and where it succeeds again', () => {
  const attack = attackExpecting({ 1: 'succeeds', 9: 'blocked', 13: 'succeeds' })
  expect(tellingVersions(attack, versions).map(({ number }) => number)).toEqual([8, 9, 13])
})

test('a story that succeeds names the next version that blocks it, or what else would', () => {
  const attack = attackExpecting({ 1: 'succeeds', 9: 'blocked', 13: 'succeeds' }, 'Ask each time.')
  const headings = [8, 9, 13].map((number) => {
    const version = versions.find((one) => one.number === number)
    return version && tellRemedy(attack, version)?.heading
  })
  expect(headings).toEqual(['Blocked from v09', undefined, 'No later version blocks it'])
})
