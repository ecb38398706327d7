import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { blockedSince, expectedResult } from '@oauth-lab/course/attacks/attack.ts'
import { expectedRows, placeOf, rangesOf } from '@oauth-lab/course/attacks/matrix.ts'
import { attacks } from '@oauth-lab/course/attacks/stories/index.ts'
import { findVersion, listVersions } from '@oauth-lab/course/programs/versions.ts'
import type { parse } from '@oauth-lab/shared/testing/browser.ts'
import { NEEDS_CHROMIUM, testsPages } from '@oauth-lab/shared/testing/chromium.ts'
import { full } from '@oauth-lab/shared/testing/share.ts'
import { describe, expect, test } from 'vitest'
import { linkRules } from '../lesson/linked-text.ts'
import { copyVersion, folderOfFile, workshopOfFile } from './lab.ts'

const playground = folderOfFile()
copyVersion('v01', join(playground, 'v02'))
copyVersion('v02', join(playground, 'v03'))
writeFileSync(join(playground, 'v03', 'client', 'app.ts'), 'export const x: = 1\n')
const workshop = await workshopOfFile(undefined, playground)

/** Plays an attack like a browser without scripts: the response redirects to the page with the story. */
async function play(slug: string, fields: [string, string][]) {
  const body = new URLSearchParams(fields)
  const { status, page } = await workshop.get(`/attacks/${slug}/plays`, { method: 'POST', body })
  return { status, page: page(), stories: page().querySelectorAll('.story') }
}

function verdictsOf(stories: ReturnType<typeof parse>[]): (string | undefined)[] {
  return stories.map((story) => story.querySelector('.verdict-word')?.text)
}

describe('the page of all attacks', () => {
  test('shows the expected result of each attack in each version', async () => {
    const { page } = await workshop.get('/attacks')
    const groups = page().querySelectorAll('.matrix-group')
    const found = groups.flatMap((group) => {
      const heading = group.querySelector('.attack-results')?.text.replaceAll(/\s+/g, ' ').trim()
      return group
        .querySelectorAll('.attack-row a')
        .map((link) => [link.getAttribute('href'), heading])
    })
    const expected = expectedRows(attacks, listVersions()).map(({ attack, results }) => {
      const ranges = rangesOf(results, listVersions())
      const words = ranges.map((range) => `${range.result} ${placeOf(range)}`)
      return [`/attacks/${attack.slug}`, words.join(' ')]
    })
    expect(found.sort()).toEqual(expected.sort())
  })

  test.each(attacks.map(({ slug }) => slug))('links to the page of %s', async (slug) => {
    const page = (await workshop.get(`/attacks/${slug}`)).page()
    const attack = attacks.find((one) => one.slug === slug)
    expect(page.querySelector('h1')?.text).toBe(attack?.title)
    const found = page.querySelectorAll('.facts .quoted-lines li')
    const since = attack && blockedSince(attack)
    const checks = attack?.checks.filter(({ from = since }) => from === since) ?? []
    expect(found).toHaveLength(checks.length)
  })
})

describe('a played attack', () => {
  test('succeeds, or is blocked by a line that the page quotes, beside a copy that fails to run', async () => {
    const { status, stories } = await play('login-csrf', [
      ['on', 'copy-v03'],
      ['on', 'v01-code-flow'],
      ['on', 'v02-state'],
    ])
    expect(status).toBe(200)
    const verdicts = [undefined, 'The attack succeeds.', 'The attack is blocked.']
    expect(verdictsOf(stories)).toEqual(verdicts)
    // A copy that fails to run gets a clear error. The attack still plays on the other versions.
    const [broken, , blocked] = stories
    expect(broken?.querySelector('.problem')?.text).toContain("It doesn't compile")
    expect(broken?.querySelector('.problem a')?.getAttribute('href')).toBe(
      '/code/copy-v03/client/app.ts#L1',
    )
    const line = blocked?.querySelector('.quoted-lines a')
    const [, number] =
      /^\/code\/v02-state\/client\/routes\/callback\.ts#L(\d+)$/.exec(
        line?.getAttribute('href') ?? '',
      ) ?? []
    const file = join(findVersion('v02').folder, 'client', 'routes', 'callback.ts')
    const text = readFileSync(file, 'utf8').split('\n')[Number(number) - 1]?.trim()
    expect(blocked?.querySelector('.quoted-lines code')?.text).toBe(text)
    expect(blocked?.querySelectorAll('.step').length).toBeGreaterThan(3)
    expect(blocked?.querySelector('.parameter.attacker')).not.toBeNull()
  })

  test.runIf(full)('succeeds on a copy without its check', async () => {
    const { stories } = await play('code-twice', [
      ['on', 'v01-code-flow'],
      ['weakened', '1'],
    ])
    expect(verdictsOf(stories)).toEqual(['The attack is blocked.', 'The attack succeeds.'])
    expect(stories[1]?.querySelector('.weakening del')?.text).toBe('store.codes.delete(code)')
  })

  test.runIf(full)("on a learner's copy sees what was saved since the last time", async () => {
    const first = await play('login-csrf', [['on', 'copy-v02']])
    expect(verdictsOf(first.stories)).toEqual(['The attack succeeds.'])
    const { folder } = findVersion('v02')
    for (const part of ['client', 'server', 'protocol.ts']) {
      cpSync(join(folder, part), join(playground, 'v02', part), { recursive: true })
    }
    const second = await play('login-csrf', [['on', 'copy-v02']])
    expect(verdictsOf(second.stories)).toEqual(['The attack is blocked.'])
    expect(second.page.querySelector('.verdict .quoted-lines a')?.getAttribute('href')).toMatch(
      /^\/code\/copy-v02\/client\/routes\/callback\.ts#L\d+$/,
    )
  })
})

test('a lesson lists the attacks that its version blocks, those that succeed, and the others', async () => {
  const version = findVersion('v03')
  const page = (await workshop.get(`/lessons/${version.name}/attacks`)).page()
  const groups = new Map(
    page.querySelectorAll('.attack-group').map((group) => {
      const links = group.querySelectorAll('.attack-entry-head a')
      const slugs = links.map((link) => /attacks\/([\w-]+)/.exec(link.toString())?.[1])
      return [group.querySelector('h2')?.text, slugs]
    }),
  )
  const having = (result: string) => {
    return attacks.filter((one) => expectedResult(one, version) === result).map(({ slug }) => slug)
  }
  expect(groups.get('Still succeeds')).toEqual(having('succeeds'))
  expect(groups.get('Nothing to attack yet')).toEqual(having('nothing'))
  expect(groups.get('Blocked from this version')).toContain('code-injection')
  expect(groups.get('Blocked before, and still blocked')).toContain('login-csrf')
  expect([...groups.values()].flat().sort()).toEqual(attacks.map(({ slug }) => slug).sort())
})

test('each RFC section in a rule is a link', () => {
  const hrefs = (text: string) => linkRules(text).flatMap(({ href }) => href ?? [])
  const rfc = 'https://www.rfc-editor.org/rfc'
  expect(hrefs('RFC 6749 sections 4.1.2 and 10.5, RFC 9700 section 4.3.1')).toEqual([
    `${rfc}/rfc6749#section-4.1.2`,
    `${rfc}/rfc6749#section-10.5`,
    `${rfc}/rfc9700#section-4.3.1`,
  ])
  expect(hrefs('RFC 7009 describes it, and version 1.2 does not')[0]).toBe(`${rfc}/rfc7009`)
  const text = attacks.map(({ rule, remedy = '' }) => `${rule} ${remedy}`).join('\n')
  expect(
    linkRules(text)
      .map((piece) => piece.text)
      .join(''),
  ).toBe(text)
})

describe.runIf(testsPages)(NEEDS_CHROMIUM, () => {
  test('a click plays an attack on the page, with both verdicts side by side', async () => {
    const page = await workshop.visit('/attacks/login-csrf', { reducedMotion: 'reduce' })
    await page.click('.play-forms .primary')
    await page.waitForSelector('.play.played')
    const words = page.locator('.verdict-word')
    expect(await words.allTextContents()).toEqual([
      'The attack succeeds.',
      'The attack is blocked.',
    ])
    const boxes = await Promise.all((await words.all()).map((word) => word.boundingBox()))
    expect(boxes[0]?.y).toBe(boxes[1]?.y)
  })

  test.runIf(full)(
    'in steps, n and p go forward and back, and the verdict comes last',
    async () => {
      const page = await workshop.visit('/attacks/login-csrf')
      await page.click('.play-forms [name="pace"]')
      await page.waitForSelector('.play.played')
      const count = page.locator('.step-count')
      const shown = () => page.locator('.story').first().locator('.step:visible').count()
      expect(await count.textContent()).toBe('Step 1 of 5')
      expect(await shown()).toBe(1)
      await page.keyboard.press('n')
      await page.keyboard.press('n')
      expect(await shown()).toBe(3)
      await page.keyboard.press('p')
      expect(await count.textContent()).toBe('Step 2 of 5')
      expect(await page.locator('.verdict-word:visible').count()).toBe(0)
      for (let turn = 0; turn < 4; turn += 1) await page.click('[data-step="next"]')
      expect(await count.textContent()).toBe('The end')
      expect(await page.locator('.verdict-word:visible').count()).toBe(2)
    },
  )

  test.runIf(full)('in a lesson an attack plays below its title', async () => {
    const page = await workshop.visit('/lessons/v02-state/attacks')
    const entry = page.locator('.attack-entry', { hasText: "ends up in the attacker's account" })
    await entry.locator('button').first().click()
    await entry.locator('.play.played').waitFor()
    expect(await entry.locator('.story').count()).toBe(2)
  })

  test('on a phone the list of attacks is as wide as the screen', async () => {
    const page = await workshop.visit('/attacks', { viewport: { width: 390, height: 800 } })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390)
  })

  test('the pages of attacks look right', async () => {
    await workshop.inspect('/attacks', 'attacks')
    if (full) await workshop.inspect('/lessons/v03-pkce/attacks', 'attacks-lesson')
  })

  test.runIf(full)('the page of a played attack looks right', async () => {
    const { page } = await play('login-csrf', [
      ['on', 'v01-code-flow'],
      ['on', 'v02-state'],
    ])
    const number = page.querySelector('.play')?.id.replace('play-', '')
    await workshop.inspect(`/attacks/login-csrf?play=${number}`, 'attack')
  })
})
