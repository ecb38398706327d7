import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { attacks } from '@oauth-lab/course/attacks/stories/index.ts'
import { listVersions } from '@oauth-lab/course/programs/versions.ts'
import { NEEDS_CHROMIUM, testsPages } from '@oauth-lab/shared/testing/chromium.ts'
import { describe, expect, test } from 'vitest'
import { halvesOf } from '../pages/home-page.ts'
import { type TestWorkshop, temporaryFolder, workshopOfFile, workshopOfTest } from './lab.ts'

const workshop = await workshopOfFile()

async function read(from: TestWorkshop, path = '/'): Promise<string> {
  return (await from.get(path)).text
}

test('the course starts with its first lesson, then offers the next page and the last one opened', async () => {
  const own = await workshopOfTest()
  expect(await read(own)).toContain('Start with v01')
  await read(own, '/lessons/v02-state/the-idea')
  const page = await read(own)
  expect(page).not.toContain('Start with')
  expect(page).toContain('href="/lessons/v02-state/the-messages">Continue: v02, The messages<')
  expect(page).toContain(
    'href="/lessons/v02-state/the-idea">Back to where you were: v02, The idea<',
  )
  expect(page).toContain('1 of 14 pages')
})

test('the last page of a lesson offers the next lesson, and the last page of all only the one before', async () => {
  const own = await workshopOfTest()
  await read(own, '/lessons/v01-code-flow/sources')
  expect(await read(own)).toContain('href="/lessons/v02-state">Continue: v02: state<')
  const last = listVersions().at(-1)?.name
  await read(own, `/lessons/${last}/sources`)
  const page = await read(own)
  expect(page).not.toContain('>Continue:')
  expect(page).toContain('>Back to where you were: ')
})

test('a lesson that was read to its end offers the next one, never itself', async () => {
  const playground = temporaryFolder()
  const pages = ['', 'difference', 'wire', 'attacks']
  const titles = ['the-problem', 'the-idea', 'what-changed', 'the-messages', 'try-it']
  const others = ['do-it-yourself', 'check-yourself', 'still-open', 'for-the-teacher']
  const all = [...pages, ...titles, ...others, 'sources']
  const versions = Object.fromEntries(listVersions().map(({ name }) => [name, { read: all }]))
  writeFileSync(join(playground, '.progress.json'), JSON.stringify({ versions }))
  const own = await workshopOfTest(undefined, playground)
  const page = await read(own, '/lessons/v02-state')
  expect(page).toContain('href="/lessons/v03-pkce">Continue: v03: PKCE<')
  const last = await read(own, `/lessons/${listVersions().at(-1)?.name}`)
  expect(last).toContain('href="/">You have read every page.')
})

test('the picture of OAuth comes before the lessons, and its steps stand beside it as text', async () => {
  const page = await read(workshop)
  const [before = ''] = page.split('id="lessons"')
  const [, picture = ''] = /<svg[^>]* role="img"([\s\S]*?)<\/svg>/.exec(before) ?? []
  expect(picture).toContain('aria-describedby="flow-steps"')
  expect(picture).toMatch(/aria-label="Three boxes: .* front channel.* back channel/)
  const [, steps = ''] = /<ol id="flow-steps">([\s\S]*?)<\/ol>/.exec(before) ?? []
  const numbers = (text: string) => [...text.matchAll(/data-step="(\d)"/g)].map(([, step]) => step)
  expect(numbers(steps)).toEqual(['1', '2', '3', '4', '5'])
  expect(numbers(picture)).toEqual(numbers(steps))
})

test('the second half of the course appears with its first version', () => {
  const version = (number: number) => ({ name: `v0${number}-new`, folder: '', number })
  const titles = (numbers: number[]) => halvesOf(numbers.map(version)).map(({ title }) => title)
  expect(titles([1, 2])).toEqual(['The login'])
  expect(titles([5, 6])).toEqual(['The login', 'Permissions, ending access, machines, APIs, apps'])
  expect(halvesOf([5, 6, 7].map(version)).map(({ versions }) => versions.length)).toEqual([1, 2])
})

test('the navigation names the areas, and the lessons open at their list', async () => {
  const page = await read(workshop)
  const [, nav = ''] = /<nav aria-label="Workshop">([\s\S]*?)<\/nav>/.exec(page) ?? []
  const links = [...nav.matchAll(/<a href="(.*?)".*?>(.*?)<\/a>/g)]
  expect(links.map(([, , text]) => text).join(', ')).toBe(
    'Lessons, Difference, Traffic, Attacks, Exercises, Reference, Run',
  )
  expect(links[0]?.[1]).toBe('/#lessons')
})

test('each lesson is listed with its idea, what is still open, and its minutes', async () => {
  const page = await read(workshop)
  for (const { name } of listVersions()) expect(page).toContain(`href="/lessons/${name}"`)
  expect(page.match(/Still open:<\/strong> \S+/g)).toHaveLength(listVersions().length)
  expect(page).toContain('The client accepts a response to a login it never started.')
  expect(page.match(/>\d+ minutes</g)).toHaveLength(listVersions().length)
})

test('the exercise shows how many of its checks pass', async () => {
  const playground = temporaryFolder()
  const versions = { 'v02-state': { done: 4, all: 10 } }
  writeFileSync(join(playground, '.progress.json'), JSON.stringify({ versions }))
  const own = await workshopOfTest(undefined, playground)
  expect(await read(own)).toContain('Exercise: 4 of 10 checks pass')
  expect(await read(own, '/lessons/v02-state')).toContain('4 of 10 checks pass')
})

test('the list of attacks says how each of them ends', async () => {
  const page = await read(workshop)
  const slugs = [...page.matchAll(/<li class="attack-row"><a href="\/attacks\/([\w-]+)">/g)]
  expect(slugs.map(([, slug]) => slug).sort()).toEqual(attacks.map(({ slug }) => slug).sort())
  expect(page).toMatch(/<span class="badge">blocked<\/span> <a href="[^"]+">from v01<\/a>/)
})

describe.runIf(testsPages)(NEEDS_CHROMIUM, () => {
  test('the first page looks right', async () => {
    const own = await workshopOfTest()
    await read(own, '/lessons/v02-state/the-idea')
    await own.inspect('/', 'home')
  })

  test('the picture stands still until someone plays it, step by step, and never moves for someone who wants less motion', async () => {
    const page = await workshop.newPage({ own: {} })
    await page.clock.install()
    await page.goto(workshop.url)
    const moving = () => page.evaluate('document.getAnimations().length')
    const step = page.locator('.flow li.current')
    expect([await step.count(), await moving()]).toEqual([0, 0])
    await page.getByRole('button', { name: 'Play' }).click()
    expect(await step.getAttribute('data-step')).toBe('1')
    await expect.poll(moving).toBeGreaterThan(0)
    await page.getByRole('button', { name: 'Stop' }).click()
    expect([await step.count(), await moving()]).toEqual([0, 0])

    await page.emulateMedia({ reducedMotion: 'reduce' })
    await page.getByRole('button', { name: 'Play' }).click()
    expect([await step.count(), await moving()]).toEqual([1, 0])
    await page.clock.runFor(2_000)
    expect(await step.getAttribute('data-step')).toBe('2')
    expect([await step.count(), await moving()]).toEqual([1, 0])
  })

  test('the picture can be read on a phone', async () => {
    const page = await workshop.visit('/', { viewport: { width: 390, height: 800 } })
    for (const text of await page.locator('.flow svg text').all()) {
      const box = await text.boundingBox()
      expect(box?.height).toBeGreaterThan(12)
      expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThan(390)
    }
  })

  test('the list of attacks unfolds by a click', async () => {
    const page = await workshop.visit('/')
    const heading = page.getByRole('heading', { name: 'from v01' })
    expect(await heading.count()).toBe(0)
    await page.getByText('Which version stops which attack').click()
    await heading.first().waitFor()
  })
})
