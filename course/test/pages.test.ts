import { NEEDS_CHROMIUM, testsPages } from '@oauth-lab/shared/testing/chromium.ts'
import { startLab } from '@oauth-lab/shared/testing/lab.ts'
import { full } from '@oauth-lab/shared/testing/share.ts'
import { testPage } from '@oauth-lab/shared/testing/test-chromium.ts'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { loadPrograms } from '../attacks/load-programs.ts'
import { listVersions } from '../programs/versions.ts'

describe.runIf(testsPages)(NEEDS_CHROMIUM, () => {
  // Together the first and the last version have every page. The others belong to the long share.
  const versions = listVersions()
  const looked = versions.filter(
    (version) => full || version === versions[0] || version === versions.at(-1),
  )
  for (const version of looked) {
    test(`a user can log in to ${version.name} by keyboard, and no page is wider than a phone`, async () => {
      const lab = await startLab(await loadPrograms(version.folder))
      const page = await testPage({ viewport: { width: 390, height: 800 } })
      const complaints: string[] = []
      page.on('console', (message) => complaints.push(message.text()))
      page.on('requestfailed', (request) => complaints.push(`failed: ${request.url()}`))

      await page.goto(`${lab.clientUrl}/`)
      await expectToFit(page)
      await page.getByText('Start authorization').press('Enter')
      await page.waitForURL(/\/authorize/)
      await page.locator('input[name=username]:focus').waitFor()
      await expectToFit(page)
      await page.keyboard.type('user0')
      await page.keyboard.press('Tab')
      await page.keyboard.type('password0')
      await page.keyboard.press('Enter')
      // From v07 on, the server asks for permission on a page of its own.
      if (version.number >= 7) {
        await page.getByText('Allow', { exact: true }).waitFor()
        await expectToFit(page)
        await page.getByText('Allow', { exact: true }).press('Enter')
      }
      await page.waitForURL(/\/(callback|profile)/)
      await expectToFit(page)

      expect(['Authorized', 'Profile']).toContain(await page.locator('h1').textContent())
      expect(complaints).toEqual([])
      await lab.close()
    })
  }
})

async function expectToFit(page: Page): Promise<void> {
  const width = await page.evaluate('document.documentElement.scrollWidth')
  expect(width, page.url()).toBeLessThanOrEqual(390)
}
