import type { Browser } from 'playwright-core'
import { launchChromium } from './chromium.ts'

let running: Promise<Browser> | undefined

/** One browser for all files of a worker, because starting one takes longer than most tests. */
export function testChromium(): Promise<Browser> {
  running ??= launchChromium()
  return running
}
