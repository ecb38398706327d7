import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { onTestFinished } from 'vitest'
import { launchChromium } from './chromium.ts'

/** How many times faster than in life the animations of a test's page run. */
const ANIMATION_SPEED = 50

let running: Promise<Browser> | undefined

/** One browser for all files of a worker, because starting one takes longer than most tests. */
export function testChromium(): Promise<Browser> {
  running ??= launchChromium()
  return running
}

/** A page with its own cookies, which is closed after the test. No click waits long for an animation to end. */
export async function testPage(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await (await testChromium()).newContext(options)
  onTestFinished(() => context.close())
  // The test's own time limit is the only one.
  context.setDefaultTimeout(0)
  const page = await context.newPage()
  const session = await context.newCDPSession(page)
  await session.send('Animation.enable')
  await session.send('Animation.setPlaybackRate', { playbackRate: ANIMATION_SPEED })
  return page
}
