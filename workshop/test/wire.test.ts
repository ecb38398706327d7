import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { diffWire } from '@oauth-lab/course/differences/wire-diff.ts'
import { playSession } from '@oauth-lab/course/differences/wire-play.ts'
import { findVersion } from '@oauth-lab/course/programs/versions.ts'
import { parse } from '@oauth-lab/shared/testing/browser.ts'
import { NEEDS_CHROMIUM, testsPages } from '@oauth-lab/shared/testing/chromium.ts'
import { full } from '@oauth-lab/shared/testing/share.ts'
import { describe, expect, test } from 'vitest'
import { copyVersion, folderOfFile, workshopOfFile } from './lab.ts'

const playground = folderOfFile()
copyVersion('v01', join(playground, 'v02'))
writeFileSync(join(playground, 'v02', 'client', 'app.ts'), 'export const x: = 1\n')
const workshop = await workshopOfFile(undefined, playground)

/** The part of a page with the messages, once both versions have been played. */
async function untilPlayed(from: string, to: string): Promise<ReturnType<typeof parse>> {
  await workshop.post('/wire/plays', { from, to })
  let page = parse('')
  await expect
    .poll(async () => {
      page = (await workshop.get(`/wire/messages?from=${from}&to=${to}`)).page()
      return page.querySelector('[aria-busy]') === null
    })
    .toBe(true)
  return page
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
    const { page } = await workshop.get(path)
    expect([path, page().querySelector('#wire')?.getAttribute('action')]).toEqual([
      path,
      '/wire/plays',
    ])
  }
})

describe.runIf(testsPages)(NEEDS_CHROMIUM, () => {
  test('the messages appear by themselves as soon as both have been played', async () => {
    const page = await workshop.visit('/lessons/v05-refresh-token/wire')
    await page.locator('.message').first().waitFor()
    const acts = await page.locator('.act h2').allTextContents()
    expect(acts).toEqual(expect.arrayContaining(['Log in', 'Log out']))
  })

  test.runIf(full)('the page looks right', async () => {
    await untilPlayed('v02-state', 'v03-pkce')
    await workshop.inspect('/lessons/v03-pkce/wire', 'wire')
  })
})
