import { existsSync } from 'node:fs'
import type { Browser } from 'playwright-core'
import { all } from './share.ts'

/**
 * Where Linux distributions put Chromium. Elsewhere, set CHROMIUM to its path. The one without windows is
 * first: it opens a page in a third of the time.
 */
export const CHROMIUM = [
  process.env.CHROMIUM ?? '',
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
].find((path) => path !== '' && existsSync(path))

/** Whether to test pages in Chromium, which takes as long as all other tests: not with a plain `npm test`. */
export const testsPages = CHROMIUM !== undefined && all

/** The note in the title of a test that is skipped without Chromium. */
export const NEEDS_CHROMIUM = 'in Chromium (needs one; set CHROMIUM to its path)'

/** Starts Chromium without a window, and without its own background work. */
export async function launchChromium(): Promise<Browser> {
  // Loaded here, because it takes longer to load than most tests run, and a plain `npm test` doesn't need it.
  const { chromium } = await import('playwright-core')
  return chromium.launch({
    executablePath: CHROMIUM ?? '',
    args: [
      '--no-sandbox',
      '--disable-quic',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
