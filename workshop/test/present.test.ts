import { readLesson } from '@oauth-lab/course/lessons/lesson.ts'
import { questionsOf } from '@oauth-lab/course/lessons/questions.ts'
import { listVersions, type Version, versionBefore } from '@oauth-lab/course/programs/versions.ts'
import { NEEDS_CHROMIUM, testsPages } from '@oauth-lab/shared/testing/chromium.ts'
import { firstAndNewest, full, some } from '@oauth-lab/shared/testing/share.ts'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Slide, slidesOf } from '../present/slides.ts'
import { workshopOfFile } from './lab.ts'

const versions = listVersions()
const V02 = '/present/v02-state'
/** Screens in classrooms. All slides have the same shape, so a wider screen only shows them larger. */
const SCREENS = [
  { width: 1280, height: 720 },
  { width: 1920, height: 1080 },
]
/** The current slide, and what is cut off of it, too small, or that it is empty. */
const SLIDE = `(() => {
  const body = document.querySelector('.slide:not([hidden]) .slide-body')
  const frame = body.getBoundingClientRect()
  const parts = [...body.querySelectorAll(':is(p, li, pre, td, .line, svg)')].filter((part) => part.checkVisibility())
  const isOutside = ({ left, right, top, bottom }) =>
    left < frame.left - 1 || right > frame.right + 1 || top < frame.top - 1 || bottom > frame.bottom + 1
  const cut = parts.filter((part) => {
    return isOutside(part.getBoundingClientRect()) || (part.scrollWidth > part.clientWidth + 1 && part.clientWidth > 0)
  })
  const sizes = parts.filter((part) => !part.matches('svg')).map((part) => parseFloat(getComputedStyle(part).fontSize) / innerHeight)
  return {
    place: document.querySelector('#number').textContent,
    trouble: [
      ...(parts.length === 0 ? ['empty'] : []),
      ...cut.map((part) => 'cut: ' + part.textContent.slice(0, 40)),
      ...(Math.min(...sizes) < SMALLEST ? ['too small: ' + Math.min(...sizes)] : []),
    ].join(', '),
  }
})()`.replaceAll('SMALLEST', '1 / 60')
const workshop = await workshopOfFile()

const placeOf = (page: Page) => page.locator('#number').textContent()

function untilAt(page: Page, slide: number): Promise<void> {
  return page.waitForURL(({ searchParams }) => searchParams.get('slide') === String(slide))
}

describe.each(firstAndNewest(versions))('the slides of $name', (version) => {
  let slides: Slide[]
  beforeAll(async () => {
    slides = await slidesOf(version)
  })

  test('each have an address, which shows only that slide', async () => {
    for (const number of [1, Math.ceil(slides.length / 2), slides.length]) {
      const { status, text } = await workshop.get(`/present/${version.name}?slide=${number}`)
      expect([number, status]).toEqual([number, 200])
      const shown = [...text.matchAll(/<section class="slide [^>]*data-number="(\d+)"[^>]*>/g)]
        .filter(([all]) => !all.includes(' hidden'))
        .map(([, place]) => place)
      expect(shown).toEqual([String(number)])
    }
    const { status, text } = await workshop.get(
      `/present/${version.name}?slide=${slides.length + 1}`,
    )
    expect(status).toBe(404)
    expect(text).toContain(`Choose a number from 1 to ${slides.length}.`)
  })

  test('cover every part of the lesson except the ones for the teacher and the sources', () => {
    const parts = new Set(slides.map(({ part }) => part))
    const wanted = readLesson(version).parts.filter(
      ({ name }) => name !== 'teacher' && name !== 'sources',
    )
    expect([...parts].filter(Boolean)).toEqual(wanted.map(({ title }) => title))
  })

  test('are 25 at most, with something to say for each', () => {
    expect(slides.length).toBeLessThanOrEqual(25)
    expect(slides.filter(({ notes }) => notes === '').map(({ title }) => title)).toEqual([])
  })

  test('show each question, with its answer folded', () => {
    const count = questionsOf(readLesson(version)).length
    const asked = slides.filter(({ kind }) => kind === 'question')
    expect(asked).toHaveLength(count)
    expect(asked.filter(({ html }) => html.includes('<details><summary>Answer'))).toEqual(asked)
  })

  test('show changed lines, each slide with a note of its own', () => {
    const hunks = slides.filter(({ kind }) => kind === 'hunk')
    if (versionBefore(version) !== undefined) expect(hunks.length).toBeGreaterThanOrEqual(3)
    expect(hunks.filter(({ html }) => !html.includes(' quoted"'))).toEqual([])
    expect(new Set(hunks.map(({ notes }) => notes)).size).toBe(hunks.length)
  })

  test('come with the notes for the teacher and the next slide', async () => {
    const { status, text } = await workshop.get(`/present/${version.name}/notes?slide=1`)
    expect(status).toBe(200)
    expect(text).toContain('What people stumble over')
    expect(text).toContain('data-number="1"')
    expect(text).toContain('data-number="2"')
  })

  const screens = full ? SCREENS : version === versions.at(-1) ? some(SCREENS) : []
  test.runIf(testsPages).each(screens)(
    `fit a screen of $width, and can be read from the last row, ${NEEDS_CHROMIUM}`,
    async (viewport) => {
      const page = await workshop.visit(`/present/${version.name}`, { viewport })
      await expect.poll(() => page.locator('.diagram:not(.drawn)').count()).toBe(0)
      const bad: string[] = []
      for (let before = ''; ; await page.keyboard.press('PageDown')) {
        const { place, trouble } = await page.evaluate<{ place: string; trouble: string }>(SLIDE)
        if (place === before) break
        before = place
        if (trouble !== '') bad.push(`${place}: ${trouble}`)
      }
      expect(bad).toEqual([])
      expect(await placeOf(page)).toBe(String(slides.length))
    },
  )
})

test('a slide that no number names gets 404', async () => {
  for (const path of [V02, `${V02}/notes`]) {
    for (const wrong of ['0', '1.5', 'x']) {
      expect([path, wrong, (await workshop.get(`${path}?slide=${wrong}`)).status]).toEqual([
        path,
        wrong,
        404,
      ])
    }
  }
})

describe.runIf(testsPages)(NEEDS_CHROMIUM, () => {
  test('the keys of a keyboard and of a clicker move from slide to slide, and the address keeps it', async () => {
    const page = await workshop.visit(V02)
    const { length } = await slidesOf(versions[1] as Version)
    const steps: [key: string, slide: number][] = [
      ['PageDown', 2],
      ['ArrowRight', 3],
      ['Space', 4],
      ['ArrowDown', 5],
      ['ArrowLeft', 4],
      ['PageUp', 3],
      ['ArrowUp', 2],
      ['Home', 1],
      ['PageUp', 1],
      ['End', length],
      ['PageDown', length],
    ]
    for (const [key, slide] of steps) {
      await page.keyboard.press(key)
      expect([key, await placeOf(page)]).toEqual([key, String(slide)])
    }
    await page.reload()
    expect(await placeOf(page)).toBe(String(length))
    await page.keyboard.press('Home')
    await page.mouse.click(1270, 300)
    expect(await placeOf(page)).toBe('2')
  })

  test.runIf(full)(
    'slides and notes follow each other, and notes that are opened late catch up',
    async () => {
      const slides = await workshop.visit(V02)
      await slides.keyboard.press('PageDown')
      const opened = slides.waitForEvent('popup')
      await slides.keyboard.press('s')
      const notes = await opened
      await untilAt(notes, 2)

      await notes.keyboard.press('End')
      await notes.keyboard.press('Home')
      await notes.keyboard.press('PageDown')
      await untilAt(slides, 2)
      expect(await placeOf(slides)).toBe('2')

      await slides.keyboard.press('End')
      await notes.getByText('That was the last slide.').waitFor()
      await slides.goto(`${workshop.url}${V02}?slide=7`)
      await notes.goto(`${workshop.url}${V02}/notes?slide=1`)
      await untilAt(notes, 7)
    },
  )

  test.runIf(full)('the timer runs once started, and returns to zero', async () => {
    const notes = await workshop.visit(`${V02}/notes`)
    const elapsed = notes.locator('#elapsed')
    expect(await elapsed.textContent()).toBe('0:00')
    await notes.locator('#pause').click()
    await expect.poll(() => elapsed.textContent()).not.toBe('0:00')
    await notes.locator('#pause').click()
    await notes.locator('#reset').click()
    expect(await elapsed.textContent()).toBe('0:00')
  })

  test.runIf(full)('the slides can be read without script, one at a time', async () => {
    const page = await workshop.visit(V02, { own: { javaScriptEnabled: false } })
    await page.locator('#next').click()
    expect(await placeOf(page)).toBe('2')
    expect(await page.locator('.slide:not([hidden])').count()).toBe(1)
  })

  test.runIf(full)('slides and notes look right, wide and narrow, light and dark', async () => {
    await workshop.inspect(`${V02}?slide=4`, 'present')
    await workshop.inspect(`${V02}?slide=12`, 'present-hunk')
    await workshop.inspect(`${V02}/notes?slide=6`, 'present-notes')
  })
})
