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

/** Whether to test pages in Chromium. A plain `npm test` doesn't: it would take almost twice as long. */
export const testsPages = CHROMIUM !== undefined && all

/** Part of the title of each test in Chromium. */
export const NEEDS_CHROMIUM = 'in Chromium (needs one, and --all)'

/** Starts Chromium without a window, and without its own background work. */
export async function launchChromium(): Promise<Browser> {
  // Loaded only here: importing Playwright takes longer than most tests.
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
