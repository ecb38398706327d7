import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readLesson } from '@oauth-lab/course/lessons/lesson.ts'
import { questionsOf } from '@oauth-lab/course/lessons/questions.ts'
import { readSteps } from '@oauth-lab/course/lessons/steps.ts'
import { listVersions } from '@oauth-lab/course/programs/versions.ts'
import { NEEDS_CHROMIUM, testsPages } from '@oauth-lab/shared/testing/chromium.ts'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { listEntries } from '../search/entries.ts'
import { seriousProblems, slotWithoutPrograms, workshopOfFile } from './lab.ts'

const APP = join(import.meta.dirname, '..')
const workshop = await workshopOfFile()
await slotWithoutPrograms(workshop)

/** The results in order, each as its kind and its address. */
async function find(words: string): Promise<string[]> {
  const page = (await workshop.get(`/search?q=${encodeURIComponent(words)}`)).page()
  return page.querySelectorAll('main .found section').flatMap((section) => {
    const kind = section.getAttribute('aria-label')
    return section.querySelectorAll('a').map((link) => `${kind} ${link.getAttribute('href')}`)
  })
}

test.each([
  ['refresh token', 'Glossary /reference/glossary#refresh-token'],
  ['wrong redirect uri', 'Errors /reference/errors#wrong-redirect-uri'],
  ['cloakroom', 'Lessons /lessons/v02-state/the-idea'],
  ['What gets worse?', 'Lessons /lessons/v02-state/check-yourself?question=5'],
  ['token-on-page', 'Attacks /attacks/token-on-page'],
  ['Make a state and remember it', 'Exercises /exercises/v02#step-1'],
  ['npm run ripple', 'Commands /reference/commands#ripple'],
  ['server/grants/', 'Code /code/v14-native-app/server/grants/'],
  ['registerSessions', 'Code /code/shared/session.ts#L'],
  ['thirty laptops', 'Reference /reference/teaching'],
])('%j finds it first', async (words, expected) => {
  const [first = ''] = await find(words)
  expect(first.slice(0, expected.length)).toBe(expected)
})

test.each([
  [
    'redirect_uri http://localhost:9999/cb is not registered for my-app.',
    'Errors /reference/errors#wrong-redirect-uri',
  ],
  [
    '\u001b[31mError: CODE_TTL is "5 min". Set it to a positive number of seconds, such as 0.5 or 300, up to 3153600000.\u001b[39m at readConfig (file:///home/me/lab/shared/config.ts:88:11)',
    'Errors /reference/errors#when-a-program-does-not-start',
  ],
  [
    'http://localhost:31001/callback?error=access_denied&error_description=The%20user%20denied%20the%20request&state=x',
    'Errors /reference/errors#access_denied',
  ],
  ['<p>This response doesn&#39;t belong to the login', 'Errors /reference/errors#wrong-state'],
])('a pasted error with other values finds its entry: %s', async (words, expected) => {
  const [first = ''] = await find(words)
  expect(first.replace(/:~:.*/, '')).toBe(expected)
})

test('when nothing is found, the page says what to try', async () => {
  const page = (await workshop.get('/search?q=zzqqx')).page()
  expect(page.querySelector('main .found')?.textContent).toContain('Try fewer')
})

test('a file that many versions have is found once, in the newest one', async () => {
  const found = (await find('client/routes/callback.ts')).filter((hit) => hit.startsWith('Code'))
  expect(found[0]).toBe('Code /code/v14-native-app/client/routes/callback.ts')
  expect(found.filter((hit) => hit.endsWith('/client/routes/callback.ts'))).toHaveLength(1)
})

test('no result gives away a hint or an answer', () => {
  const texts = listEntries(undefined).map(({ text }) => text)
  const versions = listVersions()
  const secrets = [
    ...versions.flatMap((version) => readSteps(version).flatMap(({ hints }) => hints)),
    ...versions.flatMap((version) => questionsOf(readLesson(version)).map(({ answer }) => answer)),
  ]
    .map((secret) => secret.replaceAll(/\s+/g, ' '))
    .filter((secret) => secret.length > 40 && !/[`*[]/.test(secret))
  expect(secrets.length).toBeGreaterThan(20)
  expect(secrets.filter((secret) => texts.some((text) => text.includes(secret)))).toEqual([])
})

test('any text is accepted, and shown as it was typed', async () => {
  for (const words of [
    '(',
    '[a-z]*',
    '<script>',
    '%',
    '\\',
    'no such words in here',
    'a '.repeat(900),
  ]) {
    const { status, text } = await workshop.get(`/search?q=${encodeURIComponent(words)}`)
    expect([words, status]).toEqual([words, 200])
    expect(text).not.toContain('value="<script>')
  }
  expect((await workshop.get('/search?q=a&q=b&where=nowhere')).status).toBe(200)
})

test('each key of a page is in the list of keys, once', () => {
  const list = readFileSync(join(APP, 'public/keys.js'), 'utf8').split('OTHER_KEYS')[0] ?? ''
  const keys = Array.from(list.matchAll(/^ {2}\['(.)', /gm), ([, key]) => key)
  expect(new Set(keys).size).toBe(keys.length)
  const views = readdirSync(join(APP, 'views')).map((name) => join(APP, 'views', name))
  const used = views.flatMap((file) => {
    return Array.from(
      readFileSync(file, 'utf8').matchAll(/aria-keyshortcuts="(.)"/g),
      ([, key]) => key,
    )
  })
  expect(keys).toEqual(expect.arrayContaining(used))
})

describe.runIf(testsPages)(NEEDS_CHROMIUM, () => {
  const isOpen = (page: Page, name: string) => page.getByRole('dialog', { name }).isVisible()
  const focused = (page: Page) => page.evaluate('document.activeElement.textContent')

  test('/ opens the search on any page: results while one types, arrow keys, Enter, Escape', async () => {
    const page = await workshop.visit('/run')
    await page.keyboard.press('/')
    // At once, because the results of a part of it would be replaced while the arrow keys are in them.
    await page.keyboard.insertText('refresh token')
    await page.locator('dialog mark').first().waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    expect(await focused(page)).toBe('refresh token reuse')
    expect(await seriousProblems(page, 'dialog[open]')).toEqual([])
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('ArrowUp')
    // In a field, the keys are text.
    await page.keyboard.type('/?t')
    expect(await page.inputValue('dialog input')).toBe('refresh token/?t')
    await page.keyboard.press('Escape')
    expect(await isOpen(page, 'Search')).toBe(false)

    await page.getByRole('link', { name: 'Search' }).click()
    await page.keyboard.type('glossary of nothing')
    await page.fill('dialog input', 'refresh token rotation')
    await page.getByText('refresh token rotation', { exact: true }).waitFor()
    await page.keyboard.press('Enter')
    await page.waitForURL('**/reference/glossary#refresh-token-rotation')
    // On the same page, too, the dialog closes.
    await page.keyboard.press('/')
    await page.keyboard.type('refresh token reuse')
    await page.locator('dialog').getByText('refresh token reuse', { exact: true }).click()
    await page.waitForURL('**/reference/glossary#refresh-token-reuse')
    expect(await isOpen(page, 'Search')).toBe(false)
  })

  test('the page of the search keeps it in the address', async () => {
    const page = await workshop.visit('/search')
    await page.keyboard.press('/')
    await page.keyboard.type('belong to the login')
    await page.waitForURL('**/search?q=belong%20to%20the%20login')
    await page.locator('.found mark').first().waitFor()
    await workshop.inspect('/search?q=cookie', 'search')
  })

  test('? shows the keys, and a switch turns those of one character off, on all pages and for good', async () => {
    const page = await workshop.visit('/lessons/v01-code-flow')
    await page.keyboard.press('Control+j')
    await page.keyboard.press('j')
    await page.waitForURL('**/v01-code-flow/the-problem')
    await page.keyboard.press('k')
    await page.waitForURL('**/v01-code-flow')
    await page.keyboard.press('?')
    expect(await isOpen(page, 'Keys')).toBe(true)
    expect(await seriousProblems(page, 'dialog[open]')).toEqual([])
    // Not behind a dialog.
    await page.keyboard.press('t')
    await page.getByLabel('Keys of one character are on').uncheck()
    await page.keyboard.press('Escape')
    await page.reload()
    for (const key of ['/', '?', 'j', 't', 'r']) await page.keyboard.press(key)
    expect([await isOpen(page, 'Keys'), await isOpen(page, 'Search')]).toEqual([false, false])
    expect(page.url()).toMatch(/v01-code-flow$/)

    await page.getByRole('button', { name: 'Keys' }).click()
    await page.getByLabel('Keys of one character are on').check()
    await page.getByRole('button', { name: 'Close' }).click()
    await page.keyboard.press('t')
    await page.waitForURL('**/traffic')
    await page.keyboard.press('r')
    await page.waitForURL('**/run')
  })
})
