import { expect, test } from 'vitest'
import { slotWithoutPrograms, workshopOfFile } from './lab.ts'

const workshop = await workshopOfFile()
await slotWithoutPrograms(workshop)

const VERSION = 'There is no version with that name. Choose one of these: v01-code-flow, '
const LESSON = 'There is no lesson with that name. Choose one of these: v01-code-flow, '
const ATTACK = 'There is no attack with that name.'
const DOC = 'Choose one of these: glossary, errors, attacks'
const EXERCISE = 'There is no exercise with that name. Choose one of these: v01, v02, '
const SLOT = "That version isn't running anymore."
const MESSAGE = 'That message is gone'

test.each<readonly [path: string, sentence: string]>([
  ['/nowhere', 'There is no page at this address. Choose one from the navigation.'],
  ['/attacks/no-such-attack', `${ATTACK} The page Attacks`],
  ['/attacks/login-crsf', `${ATTACK} Did you mean login-csrf?`],
  ['/attacks/..%2f..%2fetc', ATTACK],
  ['/attacks/login-csrf?on=v99', VERSION],
  ['/attacks/login-csrf?play=999', 'This run is no longer kept.'],
  ['/code/copy-v03/server/main.ts', VERSION],
  ['/difference?from=../../etc&to=v02-state', VERSION],
  ['/wire?from=v01-code-flow&to=../x', VERSION],
  ...['v99', 'constructor', '..%2fv01-code-flow', 'copy-v02', 'v01'].map((name) => {
    return [`/lessons/${name}`, LESSON] as const
  }),
  ...['difference', 'wire', 'attacks'].map((page) => [`/lessons/nothing/${page}`, LESSON] as const),
  ['/lessons/v01-code-flow/difference', 'There is no version before v01-code-flow'],
  ['/lessons/v01-code-flow/wire', 'There is no version before v01-code-flow'],
  ['/lessons/v02-state/nothing', 'This lesson has no such page. Choose one from its contents.'],
  ['/present/v09', LESSON],
  ['/present/..%2Fshared', LESSON],
  ...['nothing', '..%2fREADME', 'constructor'].map((name) => [`/reference/${name}`, DOC] as const),
  ...['v99', '%2e%2e%2fv02', 'constructor', 'copy-v02'].map((name) => {
    return [`/exercises/${name}`, EXERCISE] as const
  }),
  ['/traffic?slot=1', SLOT],
  ['/traffic/rows?slot=nothing', SLOT],
  ['/traffic/message?id=99', MESSAGE],
  ['/traffic/message?id=x', MESSAGE],
])('%s is not there, and the page says so', async (path, sentence) => {
  const { status, page } = await workshop.get(path)
  expect(status).toBe(404)
  expect(page().querySelector('.problem')?.text).toContain(sentence)
})

test.each([
  ['/attacks/login-csrf/plays', { on: '../../etc' }, 404, VERSION],
  ['/attacks/login-csrf/plays', { on: '' }, 400, 'Choose a version'],
  ['/exercises/v99/begin', {}, 404, EXERCISE],
])('a form to %s with %j is refused in words', async (path, fields, expected, sentence) => {
  const { status, page } = await workshop.post(path, fields as Record<string, string>)
  expect(status).toBe(expected)
  expect(page().querySelector('.problem')?.text).toContain(sentence)
})

test.each(['/traffic?slot=a&slot=b&channel=x&text=a&text=b', '/traffic/rows?after=x'])(
  'what can not be understood in %s is passed over',
  async (path) => expect((await workshop.get(path)).status).toBe(200),
)
