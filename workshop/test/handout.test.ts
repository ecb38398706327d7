import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { escapeHtml } from '@oauth-lab/course/differences/hunk-html.ts'
import { readStep } from '@oauth-lab/course/differences/step.ts'
import { readLesson } from '@oauth-lab/course/lessons/lesson.ts'
import { questionsOf } from '@oauth-lab/course/lessons/questions.ts'
import { listVersions, versionBefore } from '@oauth-lab/course/programs/versions.ts'
import { NEEDS_CHROMIUM, testsPages } from '@oauth-lab/shared/testing/chromium.ts'
import { firstAndNewest } from '@oauth-lab/shared/testing/share.ts'
import { testPage } from '@oauth-lab/shared/testing/test-chromium.ts'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { renderHandout } from '../handout/render-handout.ts'

/** The size between the margins on paper that fits both A4 and Letter, in pixels. */
const PRINTED_WIDTH = 660
const PRINTED_HEIGHT = 910

const versions = firstAndNewest(listVersions())
let html = ''
/** The page without the code of Mermaid. */
let text = ''

beforeAll(async () => {
  html = await renderHandout([...versions])
  text = html.slice(0, html.indexOf('<script>'))
})

test('the handout has each lesson with its parts, except the part for the teacher', () => {
  for (const version of versions) {
    const { title, parts } = readLesson(version)
    expect(text).toContain(`<h1>${escapeHtml(title)}</h1>`)
    const [, after = ''] = text.split(`<article class="prose" id="${version.name}">`)
    const [lesson = ''] = after.split('</article>', 1)
    for (const part of parts) {
      const heading = `>${escapeHtml(part.title)}</h2>`
      expect([heading, lesson.includes(heading)]).toEqual([heading, part.name !== 'teacher'])
    }
  }
})

test('every link leads to a place in the file, or to the web', () => {
  const anchors = [...text.matchAll(/ id="([^"]+)"/g)].map(([, anchor]) => anchor)
  expect(new Set(anchors).size).toBe(anchors.length)
  const hrefs = [...text.matchAll(/ href="([^"]*)"/g)].map(([, href = '']) => href)
  const inside = hrefs.filter((href) => !/^https?:/.test(href))
  expect(inside.length).toBeGreaterThan(100)
  expect(inside.filter((href) => !anchors.includes(href.slice(1)))).toEqual([])
})

test('every note on the differences and every answer is at the end', () => {
  const steps = versions.flatMap((newer) => {
    const older = versionBefore(newer)
    return older === undefined ? [] : [readStep(older, newer)]
  })
  const notes = steps.flatMap(({ files }) =>
    files.flatMap(({ hunks }) => hunks.flatMap((hunk) => hunk.notes)),
  )
  expect(text.split('class="note callout"').length - 1).toBe(notes.length)

  const [lessons = '', answers = ''] = text.split('id="answers"')
  expect(lessons).not.toContain('<summary>Answer</summary>')
  const questions = versions.flatMap((version) => {
    return questionsOf(readLesson(version))
  })
  expect(answers.split('<li value=').length - 1).toBe(questions.length)
})

test.runIf(testsPages)(
  `it loads nothing, draws its diagrams, and cuts nothing off on paper, ${NEEDS_CHROMIUM}`,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'oauth-lab-handout-'))
    const file = join(folder, 'handout.html')
    writeFileSync(file, html)
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const page = await testPage({
      viewport: { width: PRINTED_WIDTH, height: 900 },
      colorScheme: 'dark',
    })
    const asked: string[] = []
    const problems: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    page.on('pageerror', (error) => problems.push(error.message))
    page.on('console', (message) => problems.push(message.text()))
    await page.goto(pathToFileURL(file).href)
    await page.waitForFunction(
      "[...document.querySelectorAll('.diagram')].every((one) => one.classList.contains('drawn'))",
    )
    await page.emulateMedia({ media: 'print' })
    expect(asked).toEqual([pathToFileURL(file).href])
    expect(problems).toEqual([])
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(
      'rgb(255, 255, 255)',
    )
    const cut = await page.evaluate<string[]>(`
      [...document.querySelectorAll('body, pre, .hunk .code, .line, table')]
        .filter((one) => one.scrollWidth > one.clientWidth + 1)
        .map((one) => one.textContent.slice(0, 80))`)
    expect(cut).toEqual([])
    // From the title to the end of the summary, on the shorter of the two papers.
    const long = await page.evaluate<string[]>(`
      [...document.querySelectorAll('article')]
        .filter((one) => one.querySelector('.summary').getBoundingClientRect().bottom - one.getBoundingClientRect().top > ${PRINTED_HEIGHT})
        .map((one) => one.id)`)
    expect(long).toEqual([])
  },
)
