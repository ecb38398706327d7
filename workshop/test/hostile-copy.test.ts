import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeOrRenew } from '@oauth-lab/course/exercises/make.ts'
import { findPlace } from '@oauth-lab/course/exercises/playground.ts'
import { formsOn } from '@oauth-lab/shared/testing/forms.ts'
import { all } from '@oauth-lab/shared/testing/share.ts'
import { expect, test } from 'vitest'
import { knownVersion } from '../known-versions.ts'
import { viewAnswer } from '../requests/answer-view.ts'
import { ruleAbove } from '../requests/refusal.ts'
import type { Slot } from '../runner.ts'
import { listSince } from '../traffic/row.ts'
import { isTapMessage } from '../traffic/tap.ts'
import { workshopOfTest } from './lab.ts'
import { Scene } from './scene.ts'

const REQUEST = {
  tap: 'request',
  process: 1,
  id: 1,
  at: 1,
  waits: false,
  peer: '::1 5',
  method: 'GET',
  url: '/',
  httpVersion: '1.1',
  headers: ['host', 'localhost'],
}
const ANSWER = {
  tap: 'answer',
  process: 1,
  id: 1,
  at: 2,
  waits: false,
  status: 200,
  head: '',
  body: { text: '', size: 0 },
  isChanged: false,
  refusal: null,
}
const CHANGES = { method: '', url: '', headers: ['a', 'b', 'c'] }

/** Messages that no tap sends. */
const NONSENSE = [
  null,
  'x',
  7,
  [],
  {},
  { tap: 'request' },
  { tap: 'toString', process: 1 },
  { tap: ['request'], process: 1 },
  { ...REQUEST, headers: undefined },
  { ...REQUEST, headers: [1] },
  { ...REQUEST, url: 1 },
  { ...REQUEST, method: 'x'.repeat(100_000) },
  { ...REQUEST, process: '1' },
  { ...ANSWER, head: null },
  { ...ANSWER, body: undefined },
  { ...ANSWER, body: { text: 1, size: 0 } },
  { tap: 'body', process: 1, id: 1 },
  { ...ANSWER, refusal: { message: 'x', calls: 'y' } },
  { ...ANSWER, isChanged: 'no' },
  { tap: 'passed', process: 1, id: 1 },
  { tap: 'passed', process: 1, id: 1, changes: { ...CHANGES, url: 1 } },
  { tap: 'passed', process: 1, id: 1, changes: { ...CHANGES, body: 5 } },
  { tap: 'connected', process: 1, at: 'now', address: '::1 5' },
  { ...REQUEST, at: 1e300 },
  { ...REQUEST, headers: Array(100).fill('x'.repeat(60_000)) },
  { ...ANSWER, refusal: { message: 'x', calls: Array(101).fill('file:///a:1') } },
]

/** Messages of the right form with odd content. */
const ODD = [
  {
    ...REQUEST,
    url: 'http://[',
    method: '',
    httpVersion: '',
    peer: '',
    headers: ['authorization'],
  },
  { ...REQUEST, id: 2, url: '/%zz?%', headers: ['cookie', '=;%;=', 'authorization', 'Basic %'] },
  { tap: 'passed', process: 1, id: 1, changes: CHANGES },
  {
    ...ANSWER,
    status: -1.5,
    head: '\r\n:\r\nset-cookie',
    refusal: { message: 'x', calls: ['', ':1', 'file:///%zz:2', 'file://a/b:3', '/\0:4'] },
  },
  {
    ...ANSWER,
    id: 2,
    head: 'HTTP/1.1 302 Found\r\nlocation: http://%',
    body: { text: '{', size: -1 },
  },
  { tap: 'body', process: 1, id: 1, body: { text: '%=&&=%', size: 9 } },
]

test('only a complete message counts as one from a tap', () => {
  expect(NONSENSE.filter(isTapMessage)).toEqual([])
  expect(ODD.filter(isTapMessage)).toEqual(ODD)
})

test.runIf(all)(
  'no output or message of a running copy harms the workshop or its pages',
  async () => {
    const workshop = await workshopOfTest()
    const place = findPlace('v02', workshop.playground)
    makeOrRenew(place)
    appendFileSync(
      join(place.folder, 'client/main.ts'),
      `for (const said of ${JSON.stringify([...NONSENSE, ...ODD])}) process.send?.(said)
     process.stderr.write('x'.repeat(300_000) + '\\n')
     process.stderr.write('    at file:///%zz:1:2\\n'.repeat(3_000))
     setInterval(() => { for (let i = 0; i < 100; i++) process.stdout.write('/'.repeat(10_000)) })`,
    )
    const copy = knownVersion('copy-v02', workshop.playground)
    if (copy === undefined) throw new Error('There is no copy')
    const slot = await workshop.runner.openBeside(copy)
    await workshop.untilRunning(slot)

    const statusOf = async (path: string) => (await fetch(workshop.url + path)).status
    const ids = async () => {
      const rows = await (await fetch(`${workshop.url}/traffic/rows?slot=${slot.id}`)).text()
      return new Set([...rows.matchAll(/data-message="(\d+)"/g)].map(([, id]) => id))
    }
    await expect.poll(async () => (await ids()).size).toBeGreaterThanOrEqual(4)
    for (const id of await ids()) {
      expect(await statusOf(`/traffic/message?slot=${slot.id}&id=${id}`)).toBe(200)
    }
    for (const page of ['/run', `/run/log/${slot.id}`]) expect(await statusOf(page)).toBe(200)
    for (const page of ['/traffic', '/traffic/har']) {
      expect(await statusOf(`${page}?slot=${slot.id}`)).toBe(200)
    }
    expect(slot.state).toBe('running')
    expect(Math.max(...slot.log.map(({ text }) => text.length))).toBeLessThan(3_000)
  },
)

test.runIf(all)(
  'no response or file of a copy takes the workshop longer than reading it',
  async () => {
    const size = 256 * 1024
    const show = (body: string, type: string) => {
      const headers: [string, string][] = [['content-type', type]]
      const answer = { status: 200, headers, body, cut: undefined, took: 1, peer: '' }
      return viewAnswer(answer, { version: knownVersion('v02-state') } as Slot, undefined).readable
    }
    for (const tag of ['<div>', '<title>', '<!--']) {
      expect(show(tag.repeat(size / tag.length), 'text/html')?.length ?? 0).toBeLessThan(size)
    }
    expect(formsOn({ body: '<form>'.repeat(size), url: 'http://localhost' })).not.toEqual([])
    expect(show('['.repeat(3_000) + ']'.repeat(3_000), 'application/json')).toBeUndefined()
    expect(ruleAbove(Array(33_000).fill('//'), 33_000)).toBeUndefined()
    const tokens = Array.from({ length: 400_000 }, (_, at) => ['authorization', `Bearer ${at}`])
    const { log } = new Scene().ask(1, 1, { headers: tokens.flat() })
    const noFilter = { channel: '', text: '', program: '', kind: '', login: '' }
    expect(listSince(log, 0, noFilter, []).ids).toHaveLength(1)
  },
)
