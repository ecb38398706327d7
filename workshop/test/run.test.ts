import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CHROMIUM, NEEDS_CHROMIUM } from '../../scripts/lib/chromium.ts'
import { listVersions } from '../../scripts/lib/versions.ts'
import { whoAnswers } from '../../scripts/lib/who-answers.ts'
import { TestWorkshop } from './lab.ts'

let workshop: TestWorkshop

beforeAll(async () => {
  workshop = await TestWorkshop.open('v01-code-flow')
})

afterAll(() => workshop.close())

function post(path: string, fields: Record<string, string>, headers: Record<string, string> = {}) {
  const body = new URLSearchParams(fields)
  return fetch(`${workshop.url}${path}`, { method: 'POST', body, headers, redirect: 'manual' })
}

describe('the versions that run', () => {
  test('one takes the place of another at the same addresses, ten times in a row', async () => {
    const versions = listVersions()
    for (let turn = 0; turn < 10; turn += 1) {
      const version = versions[(turn + 1) % versions.length]?.name ?? ''
      const answer = await post('/run/start', { version })
      expect(answer.status).toBe(303)
      await expect
        .poll(() => [workshop.main.version.name, workshop.main.state], { timeout: 20_000 })
        .toEqual([version, 'running'])
      const { server, client } = workshop.main.ports
      expect((await whoAnswers(server))?.program).toBe(`${version} server`)
      expect((await whoAnswers(client))?.program).toBe(`${version} client`)
    }
  })
})

describe.skipIf(CHROMIUM === undefined)(NEEDS_CHROMIUM, () => {
  test('the page of what runs looks right', async () => {
    await workshop.inspect('/run', 'run')
  })
})
