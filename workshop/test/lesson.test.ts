import { join } from 'node:path'
import { escapeHtml } from '@oauth-lab/course/differences/hunk-html.ts'
import { partOf, readLesson } from '@oauth-lab/course/lessons/lesson.ts'
import { questionsOf } from '@oauth-lab/course/lessons/questions.ts'
import { listVersions, type Version, versionBefore } from '@oauth-lab/course/programs/versions.ts'
import { readPage } from '@oauth-lab/course/test/markdown-page.ts'
import { NEEDS_CHROMIUM, testsPages } from '@oauth-lab/shared/testing/chromium.ts'
import { firstAndNewest, full, some } from '@oauth-lab/shared/testing/share.ts'
import { describe, expect, test } from 'vitest'
import { hrefOf, OPENING, outlineOf, pageOf } from '../lesson/outline.ts'
import { renderPart } from '../lesson/render.ts'
import {
  seriousProblems,
  type TestWorkshop,
  temporaryFolder,
  workshopOfFile,
  workshopOfTest,
} from './lab.ts'

const versions = listVersions()
const NARROW = { width: 390, height: 800 }
const workshop = await workshopOfFile()

const rendered = new Map<Version, Promise<string[]>>()

function htmlOfParts(version: Version): Promise<string[]> {
  const { parts } = readLesson(version)
  const html =
    rendered.get(version) ??
    Promise.all(parts.map((part) => renderPart(version, part, part.source)))
  rendered.set(version, html)
  return html
}

describe.each(firstAndNewest(versions))('the lesson of $name', (version) => {
  const lesson = readLesson(version)

  test('has a page for each of its parts, under its heading', async () => {
    expect(lesson.parts).toHaveLength(11)
    for (const part of lesson.parts) {
      const slug = pageOf(version, part)
      if (slug !== part.slug) continue
      const { status, text } = await workshop.get(hrefOf(version, slug))
      expect([part.slug, status]).toEqual([part.slug, 200])
      expect(text).toContain(`<h1>${part.title}</h1>`)
    }
  })

  test('starts with its idea, and with the problem that the version before left open', async () => {
    const { text } = await workshop.get(hrefOf(version, OPENING))
    expect(text).toContain(escapeHtml(lesson.idea))
    expect(text.includes('closed here')).toBe(versionBefore(version) !== undefined)
  })

  test('shows beside its pages how long each part takes', async () => {
    const { text } = await workshop.get(hrefOf(version, OPENING))
    const [outline = ''] = text.split('<details class="folded box outline-folded">')
    const shown = [...outline.matchAll(/>(\d+) min</g)].map(([, minutes]) => Number(minutes))
    expect(shown).toEqual(lesson.parts.flatMap(({ minutes }) => minutes ?? []))
    expect(shown.length).toBeGreaterThan(0)
  })

  test('keeps every block of code, table, hint and answer', async () => {
    const page = readPage(join(version.folder, 'README.md'))
    const html = (await htmlOfParts(version)).join('')
    const count = (text: string) => html.split(text).length - 1
    expect(count('<pre')).toBe(page.blocks.length)
    expect(count('<pre class="code')).toBe(
      page.blocks.filter(({ language }) => language !== 'mermaid').length,
    )
    expect(count('<summary>Hint') + count('<summary>Answer')).toBe(
      page.html.filter(({ text }) => text.startsWith('<details>')).length,
    )
    expect(html).not.toContain('<!--')
  })

  test('keeps every word of its code', async () => {
    const { blocks } = readPage(join(version.folder, 'README.md'))
    const html = (await htmlOfParts(version)).join('')
    const texts = [...html.matchAll(/<pre class="code[^>]*><code>([\s\S]*?)<\/code>/g)].map(
      ([, code = '']) => code.replace(/<[^>]*>/g, ''),
    )
    const wanted = blocks.filter(({ language }) => language !== 'mermaid')
    expect(texts).toEqual(wanted.map(({ text }) => escapeHtml(text)))
  })

  test('shows all of its questions, or one, each with a folded answer', async () => {
    const part = partOf(lesson, 'questions')
    if (part === undefined) throw new Error('The lesson asks no questions')
    const questions = questionsOf(lesson)
    expect(questions.length).toBeGreaterThanOrEqual(5)
    for (const { answer } of questions) expect(answer).not.toBe('')

    const href = hrefOf(version, part.slug)
    const all = await workshop.get(href)
    expect(all.text.match(/data-question=/g)).toHaveLength(questions.length)
    expect(all.text).not.toContain('<details open')
    const last = await workshop.get(`${href}?question=${questions.length}`)
    expect(last.text.match(/data-question="\d+"/g)).toEqual([`data-question="${questions.length}"`])
    for (const wrong of ['0', '99', 'x', '']) {
      expect((await workshop.get(`${href}?question=${wrong}`)).status).toBe(404)
    }
  })

  test('links each page to the next, and the last to the next lesson', () => {
    const { entries } = outlineOf(version, OPENING)
    for (const [index, { slug }] of entries.entries()) {
      const { before, next } = outlineOf(version, slug)
      if (index > 0) expect(before?.href).toBe(entries[index - 1]?.href)
      if (index < entries.length - 1) expect(next?.href).toBe(entries[index + 1]?.href)
    }
    const after = versions[versions.indexOf(version) + 1]
    const last = outlineOf(version, entries.at(-1)?.slug ?? '')
    expect(last.next?.href).toBe(after && hrefOf(after, OPENING))
  })
})

test.runIf(full)('every link of the lessons, the reference and the first page works', async () => {
  const pages = new Map<string, string>()
  const read = async (path: string) => {
    if (!pages.has(path)) {
      const { status, text } = await workshop.get(path)
      pages.set(path, status < 400 ? text : '')
    }
    return pages.get(path) ?? ''
  }
  const isOwn = (path: string) => /^\/($|lessons\/|reference)/.test(path)
  const dead: string[] = []
  const seen = new Set(['/'])
  for (const link of seen) {
    const { pathname, search, hash } = new URL(link, workshop.url)
    const target = await read(pathname + search)
    const anchor = decodeURIComponent(hash.slice(1))
    if (target === '') dead.push(link)
    else if (anchor !== '' && !target.includes(` id="${escapeHtml(anchor)}"`)) dead.push(link)
    if (!isOwn(pathname)) continue
    const from = new URL(link, workshop.url)
    for (const [, href = ''] of target.matchAll(/<a [^>]*?href="([^"]*)"/g)) {
      const url = new URL(href.replaceAll('&amp;', '&'), from)
      if (url.origin === workshop.url) seen.add(url.pathname + url.search + url.hash)
    }
  }
  expect(seen.size).toBeGreaterThan(200)
  expect(dead).toEqual([])
})

/** The terminal commands of a page, and what the button behind each of them sends. */
async function starts(version: Version, at: TestWorkshop): Promise<[string, string][]> {
  const { text } = await at.get(hrefOf(version, 'try-it'))
  const between = text.split('<pre class="code code-shell">').slice(1)
  return between.map((rest) => {
    const [command = '', after = ''] = rest.split('</pre>')
    const [button = ''] = /^\s*<div class="running-here"[\s\S]*?<\/form>/.exec(after) ?? []
    const fields = button.matchAll(/name="(\w+)" value="(.*?)"/g)
    const sent = [...fields].map(([, name, value]) => `${name}=${value}`).join(' ')
    return [command.replace(/<[^>]*>/g, '').trim(), sent]
  })
}

const [v01, , v03, v04, v05] = versions as [Version, Version, Version, Version, Version]

test('each command that starts a version has a button that does the same', async () => {
  expect(await starts(v01, workshop)).toEqual([['npm start', `version=${v01.name}`]])
  expect(await starts(v03, workshop)).toEqual([
    ['npm start v02', 'version=v02-state'],
    ['npm start v03', `version=${v03.name}`],
  ])
  expect(await starts(v04, workshop)).toEqual([
    ['npm start v04', `version=${v04.name}`],
    ['ACCESS_TOKEN_TTL=0.5 npm start v04', `version=${v04.name} ACCESS_TOKEN_TTL=0.5`],
  ])
  const v05s = await starts(v05, workshop)
  expect(v05s.map(([, sent]) => sent)).toEqual([
    `version=${v05.name} ACCESS_TOKEN_TTL=20`,
    `version=${v05.name}`,
    `version=${v05.name} ACCESS_TOKEN_TTL=1`,
    `version=${v05.name} ACCESS_TOKEN_TTL=0.5 REFRESH_TOKEN_TTL=0.8`,
  ])
})

test.runIf(full)('the version that runs has no such button', async () => {
  const other = await workshopOfTest(v03.name)
  const buttons = async (version: Version) => {
    return (await starts(version, other)).map(([, sent]) => sent !== '')
  }
  expect(await buttons(v05)).toEqual([true, true, true, true])
  expect(await buttons(v03)).toEqual([true, false])
})

test('links may lead to other sites, but nothing is loaded from them', async () => {
  for (const version of firstAndNewest(versions)) {
    for (const html of await htmlOfParts(version)) {
      expect(html).not.toMatch(/<(img|script|iframe|link)\b/)
      for (const [link] of html.matchAll(/<a href="https?:[^>]*>/g)) {
        expect(link).toMatch(
          /href="(https:\/\/(www\.rfc-editor|www\.w3|openid)\.|http:\/\/localhost:2[57]00[12])/,
        )
        expect(link).toContain('target="_blank" rel="noopener noreferrer"')
      }
    }
  }
})

test('a page that was opened is marked as read, and no other is', async () => {
  const other = await workshopOfTest(undefined, temporaryFolder())
  await fetch(`${other.url}/lessons/v03-pkce/the-idea`)
  const answer = await fetch(`${other.url}/lessons/v03-pkce/for-the-teacher`)
  const [outline = ''] = (await answer.text()).split('<details class="folded box outline-folded">')
  const items = outline.split('<li ').slice(1)
  const read = items.filter((item) => item.startsWith('class="read"'))
  expect(read.map((item) => /<span>(.*?)<\/span>/.exec(item)?.[1])).toEqual([
    'The idea',
    'For the teacher',
  ])
  expect(outline.match(/\(read\)/g)).toHaveLength(1)
})

describe.runIf(testsPages)(NEEDS_CHROMIUM, () => {
  test('every diagram of every lesson is drawn, has a name, and keeps its text', async () => {
    const page = await workshop.newPage()
    let drawn = 0
    for (const version of some(versions)) {
      const { blocks } = readPage(join(version.folder, 'README.md'))
      const wanted = blocks.filter(({ language }) => language === 'mermaid').length
      await page.goto(`${workshop.url}${hrefOf(version, 'the-idea')}`)
      for (let index = 0; index < wanted; index += 1) {
        const picture = page.locator('.diagram').nth(index).getByRole('img')
        await picture.waitFor()
        expect(await picture.getAttribute('aria-label')).toMatch(/^Sequence diagram: \d+ messages/)
        expect(await picture.textContent()).toContain('Server (25000)')
        drawn += 1
      }
      expect(await page.locator('.diagram').count()).toBe(wanted)
    }
    expect(drawn).toBeGreaterThan(0)
  })

  test('without the traffic, the pages of a lesson are listed in one place, whatever page is open', async () => {
    const slugs = ['', '/the-idea', '/attacks', '/check-yourself', '/difference', '/wire']
    for (const width of some([1280, 1920])) {
      const page = await workshop.newPage({ viewport: { width, height: 900 } })
      await page.goto(`${workshop.url}/lessons/v02-state`)
      await page.getByRole('button', { name: 'Traffic', exact: true }).click()
      const places = new Set<string>()
      for (const slug of some(slugs, 3)) {
        await page.goto(`${workshop.url}/lessons/v02-state${slug}`)
        const box = await page.locator('.outline').boundingBox()
        places.add(`${box?.x} ${box?.y} ${box?.width}`)
      }
      expect([width, [...places]]).toEqual([width, [expect.any(String)]])
    }
  })

  test('on a phone a diagram can be read, nothing of it is cut off, and the top bar scrolls away', async () => {
    const page = await workshop.visit('/lessons/v02-state/the-idea', { viewport: NARROW })
    const picture = page.locator('.diagram svg')
    await picture.waitFor()
    const text = picture.locator('.messageText').first()
    // The diagram uses 16 pixels.
    expect((await text.boundingBox())?.height).toBeGreaterThan(12)
    const frame = await picture.boundingBox()
    const bubble = await picture.locator('text.sequenceNumber').last().boundingBox()
    const last = (bubble?.y ?? 0) + (bubble?.height ?? 0)
    expect(last + 4).toBeLessThan((frame?.y ?? 0) + (frame?.height ?? 0))
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(NARROW.width)
    await page.mouse.wheel(0, 600)
    await expect.poll(async () => (await page.locator('.top').boundingBox())?.y).toBeLessThan(-200)
  })

  test('a link to the glossary shows the entry on keyboard focus and hover, until Escape, blur, or the pointer leaves', async () => {
    const page = await workshop.visit('/lessons/v05-refresh-token/the-idea')
    const link = page.getByRole('link', { name: 'refresh token', exact: true })
    const card = page.getByRole('tooltip')
    expect(await card.count()).toBe(0)

    await link.focus()
    await card.getByText('gets a new access token').waitFor()
    expect(await link.getAttribute('aria-describedby')).toBe(await card.getAttribute('id'))
    expect(await card.getByRole('link').count()).toBe(0)
    expect(await seriousProblems(page, '[role=tooltip]')).toEqual([])
    await page.keyboard.press('Escape')
    await card.waitFor({ state: 'hidden' })
    expect(await page.locator(':focus').textContent()).toBe('refresh token')
    await page.keyboard.press('Tab')
    await card.getByText('resource server', { exact: true }).waitFor()

    await link.hover()
    await card.getByText('refresh token', { exact: true }).waitFor()
    await card.hover()
    await page.getByRole('heading', { level: 1 }).hover()
    await card.waitFor({ state: 'hidden' })
    await link.click()
    await page.waitForURL('**/reference/glossary#refresh-token')
  })

  test.runIf(full)('a diagram follows the change from light to dark', async () => {
    const page = await workshop.visit('/lessons/v02-state/the-idea', { colorScheme: 'light' })
    const color = () =>
      page.evaluate('getComputedStyle(document.querySelector(".messageText")).fill')
    await page.locator('.diagram.drawn').waitFor()
    const light = await color()
    await page.emulateMedia({ colorScheme: 'dark' })
    await expect.poll(color).not.toBe(light)
  })

  test.runIf(full)("text above a diagram doesn't move while the diagram is drawn", async () => {
    const page = await workshop.newPage({ own: {} })
    await page.addInitScript(`
      window.shifted = 0
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) window.shifted += entry.value
      }).observe({ type: 'layout-shift', buffered: true })
    `)
    await page.goto(`${workshop.url}/lessons/v02-state/the-idea`)
    await page.locator('.diagram.drawn').waitFor()
    expect(await page.evaluate('window.shifted')).toBeLessThan(0.1)
  })

  test('without script a lesson can be read: its diagrams as text, its hints and answers', async () => {
    const page = await workshop.newPage({ own: { javaScriptEnabled: false } })
    await page.goto(`${workshop.url}/lessons/v02-state/the-idea`)
    await page.getByText('C->>S: POST /token').waitFor()
    await page.getByText('Sequence diagram: 10 messages between').waitFor()
    await page.goto(`${workshop.url}/lessons/v02-state/check-yourself?question=2`)
    const answer = page.getByText("The client keeps them in the attacker's session")
    expect(await answer.isVisible()).toBe(false)
    await page.getByText('Answer', { exact: true }).click()
    expect(await answer.isVisible()).toBe(true)
    await page.getByRole('link', { name: 'Question 3' }).last().click()
    await page.getByText("sends the victim's browser to").waitFor()
    await page.goto(`${workshop.url}/lessons/v02-state/do-it-yourself`)
    await page.getByText('Hint', { exact: true }).first().click()
    await page.getByText('export interface PendingLogin').waitFor()
  })

  test.runIf(full)(
    'on a phone the list of pages opens with a click, even without script',
    async () => {
      const viewport = { width: 390, height: 800 }
      const page = await workshop.newPage({ own: { javaScriptEnabled: false }, viewport })
      await page.goto(`${workshop.url}/lessons/v02-state/the-idea`)
      const link = page.locator('.outline-folded').getByRole('link', { name: 'The messages' })
      expect(await link.isVisible()).toBe(false)
      await page.locator('.outline-folded summary').click()
      await link.click()
      await page.getByRole('heading', { name: 'The messages' }).waitFor()
    },
  )

  test.runIf(full)('the list of pages stays in place, and marks the current one', async () => {
    const viewport = { width: 1920, height: 900 }
    const page = await workshop.visit('/lessons/v01-code-flow/the-messages', { viewport })
    const current = page.locator('.outline [aria-current="page"]')
    expect(await current.textContent()).toContain('The messages')
    await page.evaluate('scrollTo(0, document.body.scrollHeight)')
    await expect.poll(async () => (await current.boundingBox())?.y).toBeGreaterThan(50)
  })

  test.runIf(full)('a command is copied unchanged', async () => {
    const permissions = ['clipboard-read', 'clipboard-write']
    const page = await workshop.visit('/lessons/v01-code-flow/try-it', { own: { permissions } })
    const block = page.locator('.code-sh', { hasText: 'redeem -u lab-client:wrong' })
    await block.getByRole('button', { name: 'Copy' }).click()
    await block.getByRole('button', { name: 'Copied' }).waitFor()
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(
      [
        'CODE=$(new_code)',
        'redeem -u lab-client:wrong -d code=$CODE',
        'redeem -u other-client:other-client-secret -d code=$CODE',
        'redeem -u lab-client:lab-client-secret -d code=$CODE',
      ].join('\n'),
    )
  })

  test.runIf(full)('a button that copies gets its label back, even after two clicks', async () => {
    const permissions = ['clipboard-read', 'clipboard-write']
    const page = await workshop.visit('/lessons/v01-code-flow/try-it', { own: { permissions } })
    await page.clock.install()
    const button = page.locator('.code-sh button').first()
    for (const words of ['Copy', 'Copied']) {
      expect(await button.textContent()).toBe(words)
      await button.click()
      await expect.poll(() => button.textContent()).toBe('Copied')
    }
    await page.clock.runFor(5_000)
    expect(await button.textContent()).toBe('Copy')
  })

  test.runIf(full)('the lesson starts its version, and says when it runs', async () => {
    const other = await workshopOfTest('v01-code-flow', workshop.playground)
    const page = await other.visit('/lessons/v02-state')
    await page.getByRole('button', { name: 'Run v02-state now' }).press('Enter')
    await page.locator('article').getByText('v02-state is running.').waitFor()
    expect(page.url()).toBe(`${other.url}/lessons/v02-state`)
    // Who works by keyboard goes on from there.
    expect(await page.locator(':focus').textContent()).toBe('Open its client in a window')
    expect(other.main.version.name).toBe('v02-state')
  })

  test.runIf(full)(
    'two versions are compared on one page, which says which of them runs',
    async () => {
      const other = await workshopOfTest('v01-code-flow', workshop.playground)
      const page = await other.visit('/lessons/v03-pkce/try-it')
      await page.getByRole('button', { name: 'Run v02-state now' }).click()
      await page.locator('article').getByText('v02-state is running.').waitFor()
      await page.getByRole('button', { name: 'Run v03-pkce now' }).click()
      await page.locator('article').getByText('v03-pkce is running.').waitFor()
      await page.getByRole('button', { name: 'Run v02-state now' }).waitFor()
      expect(page.url()).toBe(`${other.url}/lessons/v03-pkce/try-it`)
    },
  )

  const pages: [path: string, name: string][] = [
    ['/lessons/v02-state', 'lesson'],
    ['/lessons/v05-refresh-token/the-idea', 'lesson-idea'],
    ['/lessons/v01-code-flow/the-messages', 'lesson-messages'],
    ['/lessons/v01-code-flow/try-it', 'lesson-try'],
    ['/lessons/v03-pkce/try-it', 'lesson-try-two'],
    ['/lessons/v02-state/check-yourself?question=4', 'lesson-question'],
    ['/lessons/v02-state/for-the-teacher', 'lesson-teacher'],
  ]
  test.each(some(pages, 2))('%s looks right', async (path, name) => {
    await workshop.inspect(path, name)
  })

  test.runIf(full).each(versions)(
    'no page of the lesson of $name is wider than a phone, and every page is accessible',
    async (version) => {
      const page = await workshop.newPage({ viewport: { width: 390, height: 800 } })
      for (const part of readLesson(version).parts) {
        const path = hrefOf(version, part.slug)
        if (pageOf(version, part) !== part.slug) continue
        await page.goto(`${workshop.url}${path}`)
        expect([path, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([
          path,
          390,
        ])
        expect([path, await seriousProblems(page)]).toEqual([path, []])
      }
    },
  )
})
