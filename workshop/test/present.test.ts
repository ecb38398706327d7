import { isChanged } from '@oauth-lab/course/differences/compare.ts'
import { readStep } from '@oauth-lab/course/differences/step.ts'
import { readLesson } from '@oauth-lab/course/lessons/lesson.ts'
import { questionsOf } from '@oauth-lab/course/lessons/questions.ts'
import { listVersions, type Version, versionBefore } from '@oauth-lab/course/programs/versions.ts'
import { CHROMIUM, NEEDS_CHROMIUM } from '@oauth-lab/shared/testing/chromium.ts'
import { full, some } from '@oauth-lab/shared/testing/share.ts'
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
/** The current slide, and what is cut off of it, or that it is empty. */
const SCREEN = `(() => {
  const body = document.querySelector('.slide:not([hidden]) .slide-body')
  const frame = body.getBoundingClientRect()
  const parts = [...body.querySelectorAll(':is(p, li, pre, table, tr, .line, svg)')]
  const shown = parts.filter((part) => {
    return [...part.getClientRects()].some(({ left, right }) => left >= frame.left - 1 && right <= frame.right + 1)
  })
  const cut = shown.filter((part) => part.scrollWidth > part.clientWidth + 1 && part.clientWidth > 0)
  const lines = shown.flatMap((part) => [...part.getClientRects()])
  const isLow = lines.some(({ bottom }) => bottom > frame.bottom + 2)
  return {
    place: document.querySelector('.controls .place').textContent,
    trouble: [
      ...(shown.length === 0 ? ['empty'] : []),
      ...(isLow ? ['too high'] : []),
      ...cut.map((part) => 'too wide: ' + part.textContent.slice(0, 40)),
    ].join(', '),
  }
})()`
const workshop = await workshopOfFile()

const placeOf = (page: Page) => page.locator('#number').textContent()

function screenIn(page: Page, figure: string): Promise<string> {
  return page.locator(`${figure} .fit`).evaluate((text) => text.style.getPropertyValue('--screen'))
}

function untilAt(page: Page, slide: number): Promise<void> {
  return page.waitForURL(({ searchParams }) => searchParams.get('slide') === String(slide))
}

describe.each(versions)('the slides of $name', (version) => {
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

  test('show each question by itself before its answer', () => {
    const count = questionsOf(readLesson(version)).length
    const asked = slides.filter(({ kind }) => kind === 'question')
    expect(asked).toHaveLength(2 * count)
    const answered = asked.map(({ html }) => html.includes('class="callout good"'))
    expect(answered).toEqual(Array.from({ length: count }, () => [false, true]).flat())
  })

  test('show every changed line, and every note once', () => {
    const hunkSlides = slides.filter(({ kind }) => kind === 'hunk')
    const html = hunkSlides.map((slide) => slide.html).join('')
    expect(html.split('class="note callout"').length - 1).toBe(notesOf(version).length)
    for (const { path, hunks } of filesOf(version)) {
      const own = hunkSlides
        .filter(({ title }) => title === `\`${path}\``)
        .map((slide) => slide.html)
      const shown = [...own.join('').matchAll(/class="line (added|removed)[^>]*data-line="(\d+)"/g)]
      const changed = hunks.flatMap(({ lines }) => lines).filter(isChanged)
      expect(new Set(shown.map(([, kind, number]) => `${kind} ${number}`))).toEqual(
        new Set(
          changed.map(({ kind, newNumber, oldNumber }) => `${kind} ${newNumber ?? oldNumber}`),
        ),
      )
    }
  })

  test('come with the notes for the teacher and the next slide', async () => {
    const { status, text } = await workshop.get(`/present/${version.name}/notes?slide=1`)
    expect(status).toBe(200)
    expect(text).toContain('What people stumble over')
    expect(text).toContain('data-number="1"')
    expect(text).toContain('data-number="2"')
  })

  // The last version has the most slides.
  const screens = full || version === versions.at(-1) ? some(SCREENS) : []
  test.skipIf(!CHROMIUM).each(screens)(
    `fit a screen of $width, ${NEEDS_CHROMIUM}`,
    async (viewport) => {
      const page = await workshop.visit(`/present/${version.name}`, { viewport })
      await expect.poll(() => page.locator('.diagram:not(.drawn)').count()).toBe(0)
      const bad: string[] = []
      for (let before = ''; ; await page.keyboard.press('PageDown')) {
        const { place, trouble } = await page.evaluate<{ place: string; trouble: string }>(SCREEN)
        if (place === before) break
        before = place
        if (trouble !== '') bad.push(`${place}: ${trouble}`)
      }
      expect(await placeOf(page)).toBe(String(slides.length))
      expect(bad).toEqual([])
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

describe.skipIf(!CHROMIUM)(NEEDS_CHROMIUM, () => {
  test('the keys of a keyboard and of a clicker move from screen to screen, and the address keeps the slide', async () => {
    const page = await workshop.visit(V02)
    // A slide's number of screens changes when its diagram is drawn.
    await expect.poll(() => page.locator('.diagram:not(.drawn)').count()).toBe(0)
    const count = (await slidesOf(versions[1] as Version)).length
    const screenOf = () => page.locator('.controls .place').textContent()
    const screens = [await screenOf()]
    for (let step = 0; step < 4; step += 1) {
      await page.keyboard.press('PageDown')
      screens.push(await screenOf())
    }
    expect(new Set(screens).size).toBe(5)
    const steps: [key: string, screen: number][] = [
      ['ArrowLeft', 3],
      ['PageUp', 2],
      ['ArrowUp', 1],
      ['ArrowRight', 2],
      ['Space', 3],
      ['ArrowDown', 4],
      ['Home', 0],
      ['PageUp', 0],
    ]
    for (const [key, screen] of steps) {
      await page.keyboard.press(key)
      expect([key, await screenOf()]).toEqual([key, screens[screen]])
    }
    for (const key of ['End', 'PageDown']) {
      await page.keyboard.press(key)
      expect([key, await placeOf(page)]).toEqual([key, String(count)])
    }
    await page.reload()
    expect(await placeOf(page)).toBe(String(count))
    await page.keyboard.press('Home')
    await page.mouse.click(1270, 300)
    expect(await screenOf()).toBe(screens[1])
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

      // Slide 2 has more than one screen, so its second one comes next.
      await notes.locator('.next [data-number="2"]').waitFor()
      await slides.keyboard.press('PageDown')
      await expect.poll(() => screenIn(notes, '.now')).toBe('1')

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
    await workshop.inspect(`${V02}?slide=9`, 'present')
    await workshop.inspect(`${V02}?slide=20`, 'present-hunk')
    await workshop.inspect(`${V02}/notes?slide=6`, 'present-notes')
  })
})

function filesOf(version: Version) {
  const before = versionBefore(version)
  return before === undefined ? [] : readStep(before, version).files
}

function notesOf(version: Version) {
  return filesOf(version).flatMap(({ hunks }) => hunks.flatMap(({ notes }) => notes))
}
