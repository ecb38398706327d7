import { appendFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CheckResult } from '@oauth-lab/course/exercises/check-copy.ts'
import { makeOrRenew } from '@oauth-lab/course/exercises/make.ts'
import { findPlace } from '@oauth-lab/course/exercises/playground.ts'
import { expect, onTestFinished, test } from 'vitest'
import { type Check, ChecksOnSave } from '../exercises/checks-on-save.ts'
import { temporaryFolder } from './lab.ts'

const NOTHING: CheckResult = { kind: 'findings', findings: [] }
const FILE = 'client/app.ts'

/** A copy whose checks end when the test says so. */
function openCopy() {
  const place = findPlace('v02', join(temporaryFolder(), 'oauth-lab (1)'))
  makeOrRenew(place)
  const seen = { begun: 0, running: 0, most: 0, aborted: 0, saves: 0, checks: [] as Check[] }
  let finish: (result: CheckResult) => void = () => undefined
  const listener = {
    onNews: () => undefined,
    onSave: () => {
      seen.saves += 1
    },
    onCheck: (check: Check) => seen.checks.push(check),
  }
  const made = new ChecksOnSave(place, listener, async (_place, { signal }) => {
    seen.begun += 1
    seen.running += 1
    seen.most = Math.max(seen.most, seen.running)
    const result = await new Promise<CheckResult>((resolve) => {
      finish = resolve
      // Programs take a while to end.
      signal?.addEventListener('abort', () => {
        seen.aborted += 1
        setTimeout(() => resolve(NOTHING), 50)
      })
    })
    seen.running -= 1
    return result
  })
  onTestFinished(() => made.close())
  const save = () => appendFileSync(join(place.folder, FILE), '\n')
  return { checks: made, place, seen, save, finish: (result = NOTHING) => finish(result) }
}

test('a copy on a page is checked once, and then again only after a save', async () => {
  const { checks: made, seen, save, finish } = openCopy()
  made.attend()
  made.attend()
  await expect.poll(() => seen.begun).toBe(1)
  finish()
  await expect.poll(() => seen.checks.length).toBe(1)
  made.attend()
  await sleep(450)
  expect([seen.begun, seen.saves]).toEqual([1, 0])
  save()
  await expect.poll(() => seen.begun).toBe(2)
  expect(seen.saves).toBe(1)
})

test('a save ends the current check; two never run at once, and the last save counts', async () => {
  const { checks: made, seen, save, finish } = openCopy()
  made.attend()
  await expect.poll(() => seen.begun).toBe(1)
  for (const turn of [2, 3]) {
    save()
    await expect.poll(() => seen.begun).toBe(turn)
  }
  finish()
  await expect.poll(() => made.checking).toBe(false)
  expect([seen.most, seen.aborted, seen.checks.length]).toEqual([1, 2, 1])
})

test('a check requested during another one is the same check', async () => {
  const { checks: made, seen, finish } = openCopy()
  made.checkNow()
  made.checkNow()
  await expect.poll(() => seen.begun).toBe(1)
  made.checkNow()
  finish()
  await expect.poll(() => seen.checks.length).toBe(1)
  expect(seen.begun).toBe(1)
  made.checkNow()
  await expect.poll(() => seen.begun).toBe(2)
})

test('no check reads files while they change, and a check follows', async () => {
  const { checks: made, place, seen } = openCopy()
  made.attend()
  await expect.poll(() => seen.begun).toBe(1)
  const runningThen = await made.change(() => {
    renameSync(place.folder, `${place.folder}.old-1`)
    makeOrRenew(place)
    return seen.running
  })
  expect(runningThen).toBe(0)
  await expect.poll(() => seen.begun).toBe(2)
})

test("a deleted copy isn't checked, and its results are forgotten", async () => {
  const { checks: made, place, seen, finish } = openCopy()
  made.attend()
  await expect.poll(() => seen.begun).toBe(1)
  finish()
  await expect.poll(() => made.last).toBeDefined()
  rmSync(place.folder, { recursive: true })
  await expect.poll(() => made.last).toBeUndefined()
  expect([seen.begun, made.checking]).toEqual([1, false])
})

test('a check that fails to run gets a clear error, and the next one runs', async () => {
  const place = findPlace('v02', join(temporaryFolder(), 'oauth-lab (1)'))
  makeOrRenew(place)
  let turns = 0
  const listener = { onNews: () => undefined, onSave: () => undefined, onCheck: () => undefined }
  const made = new ChecksOnSave(place, listener, async () => {
    turns += 1
    if (turns === 1) throw new Error('out of luck')
    return NOTHING
  })
  onTestFinished(() => made.close())
  made.attend()
  await expect.poll(() => made.last?.trouble?.message).toBe('The check itself failed: out of luck')
  made.checkNow()
  await expect.poll(() => made.last?.findings).toEqual([])
})
