import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { diffWire } from '@oauth-lab/course/differences/wire-diff.ts'
import { playSession } from '@oauth-lab/course/differences/wire-play.ts'
import { findVersion } from '@oauth-lab/course/programs/versions.ts'
import { html } from '@oauth-lab/shared/testing/browser.ts'
import { CHROMIUM, NEEDS_CHROMIUM } from '@oauth-lab/shared/testing/chromium.ts'
import { full } from '@oauth-lab/shared/testing/share.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestWorkshop } from './lab.ts'

let workshop: TestWorkshop
let playground: string

beforeAll(async () => {
  playground = mkdtempSync(join(tmpdir(), 'oauth-lab-'))
  const copy = join(playground, 'v02')
  const { folder } = findVersion('v01')
  cpSync(folder, copy, {
    recursive: true,
    filter: (path) => !path.includes('node_modules'),
  })
  symlinkSync(join(folder, 'node_modules'), join(copy, 'node_modules'), 'junction')
  writeFileSync(join(copy, 'client', 'app.ts'), 'export const x: = 1\n')
  workshop = await TestWorkshop.open(undefined, playground)
})

afterAll(async () => {
  await workshop.close()
  rmSync(playground, { recursive: true, force: true })
})

/** The part of a page with the messages, once both versions have been played. */
async function untilPlayed(from: string, to: string): Promise<ReturnType<typeof parse>> {
  await fetch(`${workshop.url}/wire/plays`, {
    method: 'POST',
    body: new URLSearchParams({ from, to }),
  })
  let page = parse('')
  await expect
    .poll(
      async () => {
        const answer = await fetch(`${workshop.url}/wire/messages?from=${from}&to=${to}`)
        page = parse(await answer.text())
        return page.querySelector('[aria-busy]') === null
      },
      { timeout: 25_000, interval: 100 },
    )
    .toBe(true)
  return page
}

function parse(body: string) {
  return html({ body } as Parameters<typeof html>[0])
}

/** A text without its markup. */
function words(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

test.runIf(full)(
  'the page shows the difference, message by message and field by field',
  async () => {
    const [older, newer] = [findVersion('v03'), findVersion('v04')]
    const acts = diffWire(await playSession(older), await playSession(newer))
    const expected = acts.flatMap(({ name, messages }) => [
      name,
      ...messages.flatMap(({ sign, channel, from, to, isAnswer, request, isSame, fields }) => {
        const what = isAnswer ? `response to ${request}` : request
        return [
          `${sign} ${channel} ${from} -> ${to} ${what} ${isSame ? '(the same)' : ''}`,
          ...(isSame ? [] : fields.map((field) => `${field.sign} ${field.name} ${field.value}`)),
        ]
      }),
    ])

    const page = await untilPlayed(older.name, newer.name)
    const shown = page.querySelectorAll('.act').flatMap((act) => [
      act.querySelector('h2')?.text ?? '',
      ...act.querySelectorAll('.message').flatMap((message) => {
        const sign = message.querySelector('.message-title .sign')?.text ?? ''
        const [from, to] = message.querySelector('.who')?.text.split(/ to |,/) ?? []
        const channel = message.querySelector('.front-channel') === null ? 'back' : 'front'
        const what = message.querySelector('.what')?.text
        const end = message.classList.contains('same') ? '(the same)' : ''
        return [
          `${sign} ${channel} ${from} -> ${to} ${what} ${end}`,
          ...message.querySelectorAll('.fields > div').map((field) => {
            const name = field.querySelector('dt')?.childNodes.at(-1)?.text
            return `${field.querySelector('.sign')?.text} ${name} ${field.querySelector('dd')?.text}`
          }),
        ]
      }),
    ])
    expect(shown.map(words)).toEqual(expected.map(words))
  },
)

test.runIf(full)("a copy that doesn't run gets a clear error with its place", async () => {
  const page = await untilPlayed('copy-v02', 'v02-state')
  expect(page.querySelector('.problem')?.text).toContain("It doesn't compile")
  expect(page.querySelector('.problem a')?.getAttribute('href')).toBe(
    '/code/copy-v02/client/app.ts#L1',
  )
})

test('opening the page plays nothing: a form requests that', async () => {
  const query = 'from=v01-code-flow&to=v02-state'
  for (const path of ['/lessons/v02-state/wire', `/wire?${query}`, `/wire/messages?${query}`]) {
    const { text } = await workshop.get(path)
    expect([path, parse(text).querySelector('#wire')?.getAttribute('action')]).toEqual([
      path,
      '/wire/plays',
    ])
  }
})

test.each([
  ['/lessons/v01-code-flow/wire', 'There is no version before v01-code-flow'],
  ['/lessons/nothing/wire', 'There is no lesson with that name.'],
  ['/wire?from=v01-code-flow&to=../x', 'There is no version with that name.'],
])('%s is not found, and the page says so', async (path, sentence) => {
  const answer = await fetch(`${workshop.url}${path}`)
  expect(answer.status).toBe(404)
  expect(await answer.text()).toContain(sentence)
})

describe.skipIf(CHROMIUM === undefined)(NEEDS_CHROMIUM, () => {
  test('the messages appear by themselves as soon as both have been played', async () => {
    const page = await workshop.visit('/lessons/v05-refresh-token/wire')
    await page.locator('.message').first().waitFor({ timeout: 25_000 })
    expect(await page.locator('.act').count()).toBe(4)
  })

  test.runIf(full)('the page looks right', async () => {
    await untilPlayed('v02-state', 'v03-pkce')
    await workshop.inspect('/lessons/v03-pkce/wire', 'wire')
  })
})
