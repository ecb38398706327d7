import { NEEDS_CHROMIUM, testsPages } from '@oauth-lab/shared/testing/chromium.ts'
import { full } from '@oauth-lab/shared/testing/share.ts'
import { testChromium } from '@oauth-lab/shared/testing/test-chromium.ts'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Slot } from '../runner.ts'
import { workshopOfFile } from './lab.ts'

const workshop = await workshopOfFile()
/** One that was closed: the news about it needs no programs. */
const closed = { id: '1' } as Slot

/** Counts how often a page requests the status: once when its stream opens, then after each event. */
const COUNT = `addEventListener('htmx:beforeRequest', ({ target }) => {
  if (target.id === 'status') globalThis.count = (globalThis.count ?? 0) + 1
})`
const LOOK = `[document.visibilityState, document.readyState, document.title].join(', ')`

/** Opens windows without Playwright, which makes every page believe it is visible. */
async function openWindows() {
  const session = await (await testChromium()).newBrowserCDPSession()
  const { browserContextId } = await session.send('Target.createBrowserContext')
  onTestFinished(async () => {
    await session.send('Target.disposeBrowserContext', { browserContextId })
  })
  let calls = 0

  async function open(windowState: 'normal' | 'minimized') {
    const blank = { url: 'about:blank', browserContextId, newWindow: true }
    const { targetId } = await session.send('Target.createTarget', blank)
    const { sessionId } = await session.send('Target.attachToTarget', { targetId })
    const { windowId } = await session.send('Browser.getWindowForTarget', { targetId })
    const setState = (state: 'normal' | 'minimized') => {
      const bounds = { windowState: state }
      return session.send('Browser.setWindowBounds', { windowId, bounds })
    }
    const evaluate = (expression: string): Promise<unknown> => {
      calls += 1
      const id = calls
      const params = { expression, awaitPromise: true, returnByValue: true }
      const message = JSON.stringify({ id, method: 'Runtime.evaluate', params })
      return new Promise((resolve) => {
        session.on('Target.receivedMessageFromTarget', (received) => {
          const answer = JSON.parse(received.message)
          if (received.sessionId === sessionId && answer.id === id)
            resolve(answer.result?.result.value)
        })
        session.send('Target.sendMessageToTarget', { sessionId, message })
      })
    }
    await setState(windowState)
    await evaluate(`location.replace('${workshop.url}/run')`)
    return { evaluate, setState }
  }
  return open
}

describe.runIf(testsPages)(NEEDS_CHROMIUM, () => {
  // Chromium opens six connections to a host.
  const hidden = full ? 8 : 5
  test(`two windows and ${hidden} hidden ones work at once, and each is up to date when it becomes visible`, async () => {
    const open = await openWindows()
    const windows = [await open('normal'), await open('normal')]
    const hiddenWindows = []
    for (let count = 0; count < hidden; count += 1) hiddenWindows.push(await open('minimized'))
    for (const page of hiddenWindows) {
      await expect.poll(() => page.evaluate(LOOK)).toBe('hidden, complete, Run - OAuth Lab')
    }
    for (const page of [...hiddenWindows, ...windows]) {
      await page.setState('normal')
      await expect.poll(() => page.evaluate(LOOK)).toBe('visible, complete, Run - OAuth Lab')
      await page.evaluate(COUNT)
      const countAfterNews = () => {
        workshop.runner.emit('change', closed)
        return page.evaluate('globalThis.count')
      }
      await expect.poll(countAfterNews).toBeGreaterThan(2)
      await page.setState('minimized')
    }
  })
})
