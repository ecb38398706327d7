import type { Browser } from 'playwright-core'
import { launchChromium } from './chromium.ts'

let running: Promise<Browser> | undefined

/** One for all files of a worker, which ends with it: to start one takes longer than most tests. */
export function testChromium(): Promise<Browser> {
  running ??= launchChromium()
  return running
}
