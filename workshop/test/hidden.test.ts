import { CHROMIUM, NEEDS_CHROMIUM } from '@oauth-lab/shared/testing/chromium.ts'
import { full } from '@oauth-lab/shared/testing/share.ts'
import { testChromium } from '@oauth-lab/shared/testing/test-chromium.ts'
import { describe, expect, onTestFinished, test } from 'vitest'
import { workshopOfFile } from './lab.ts'

const workshop = await workshopOfFile('v01-code-flow')

/** Counts how often a page requests the status: once when its stream opens, then after each event. */
const COUNT = `addEventListener('htmx:beforeRequest', ({ target }) => {
  if (target.id === 'status') globalThis.count = (globalThis.count ?? 0) + 1
})`
const LOOK = `[document.visibilityState, document.readyState, document.title].join(', ')`

/** Opens tabs and windows without Playwright, which makes every page believe it is visible. */
async function openTabs() {
  const session = await (await testChromium()).newBrowserCDPSession()
  const { browserContextId } = await session.send('Target.createBrowserContext')
  onTestFinished(async () => {
    await session.send('Target.disposeBrowserContext', { browserContextId })
  })
  let calls = 0

  async function open(kind: 'window' | 'hidden tab') {
    const { targetId } = await session.send('Target.createTarget', {
      url: `${workshop.url}/run`,
      browserContextId,
      newWindow: kind === 'window',
      background: kind === 'hidden tab',
    })
    const { sessionId } = await session.send('Target.attachToTarget', { targetId })
    const evaluate = (expression: string): Promise<unknown> => {
      calls += 1
      const id = calls
      const params = { expression, awaitPromise: true, returnByValue: true }
      const message = JSON.stringify({ id, method: 'Runtime.evaluate', params })
      return new Promise((resolve) => {
        session.on('Target.receivedMessageFromTarget', (received) => {
          const answer = JSON.parse(received.message)
          if (received.sessionId === sessionId && answer.id === id)
            resolve(answer.result.result.value)
        })
        session.send('Target.sendMessageToTarget', { sessionId, message })
      })
    }
    return { evaluate, show: () => session.send('Target.activateTarget', { targetId }) }
  }
  return open
}

describe.skipIf(CHROMIUM === undefined)(NEEDS_CHROMIUM, () => {
  // Chromium opens six connections to a host.
  const hidden = full ? 8 : 5
  test(`two windows and ${hidden} hidden tabs work at once, and each is up to date when it becomes visible`, async () => {
    const open = await openTabs()
    const windows = [await open('window'), await open('window')]
    const tabs = []
    for (let count = 0; count < hidden; count += 1) tabs.push(await open('hidden tab'))
    for (const tab of tabs) {
      await expect.poll(() => tab.evaluate(LOOK)).toBe('hidden, complete, Run - OAuth Lab')
    }
    for (const page of [...windows, ...tabs]) {
      await page.show()
      await expect.poll(() => page.evaluate(LOOK)).toBe('visible, complete, Run - OAuth Lab')
      await page.evaluate(COUNT)
      const countAfterNews = () => {
        workshop.runner.emit('change', workshop.main)
        return page.evaluate('globalThis.count')
      }
      await expect.poll(countAfterNews).toBeGreaterThan(2)
    }
  })
})
