import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { expect, onTestFinished } from 'vitest'
import { launchChromium } from '../../scripts/lib/chromium.ts'
import { freePorts } from '../../scripts/lib/exercise/ports.ts'
import { buildWorkshop } from '../app.ts'
import { knownVersion } from '../known-versions.ts'
import { Runner, type Slot } from '../runner.ts'

const SCREENSHOTS = join(import.meta.dirname, 'screenshots')
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const WIDE = { width: 1280, height: 900 }
const NARROW = { width: 390, height: 800 }

/** A workshop on free ports, as `npm start` runs it, and a browser that watches it closely. */
export class TestWorkshop {
  readonly url: string
  readonly runner: Runner
  readonly #app: FastifyInstance
  #browser: Promise<Browser> | undefined

  private constructor(url: string, runner: Runner, app: FastifyInstance) {
    this.url = url
    this.runner = runner
    this.#app = app
  }

  /** @param version what runs in it, or undefined for nothing */
  static async open(version?: string): Promise<TestWorkshop> {
    const [server, client, port] = await freePorts()
    const runner = new Runner()
    const app = buildWorkshop({ runner, port })
    await app.listen({ port, host: 'localhost' })
    const workshop = new TestWorkshop(`http://localhost:${port}`, runner, app)
    const known = version === undefined ? undefined : knownVersion(version)
    if (known !== undefined) {
      const addresses = {
        server: `http://localhost:${server}`,
        client: `http://localhost:${client}`,
      }
      await workshop.untilRunning(runner.open(known, addresses, { server, client }))
    }
    return workshop
  }

  async close(): Promise<void> {
    await (await this.#browser)?.close()
    await this.runner.closeAll()
    await this.#app.close()
  }

  /** The pair of the first slot. */
  get main(): Slot {
    if (this.runner.main === undefined) throw new Error('Nothing was started')
    return this.runner.main
  }

  async untilRunning(slot: Slot = this.main): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        if (slot.state === 'failed') reject(new Error(slot.problem))
        else if (slot.state !== 'running') return
        else resolve()
        this.runner.off('change', look)
      }
      this.runner.on('change', look)
      look()
    })
  }

  /**
   * A page in a browser of its own. The test fails when the page writes an error to the console, asks anything
   * of another host, or does not get what it asks for.
   */
  async newPage(options: BrowserContextOptions = {}): Promise<Page> {
    this.#browser ??= launchChromium()
    const context = await (await this.#browser).newContext({ viewport: WIDE, ...options })
    const complaints: string[] = []
    await context.route(
      ({ hostname }) => hostname !== 'localhost',
      (route) => {
        complaints.push(`asks another host: ${route.request().url()}`)
        return route.abort()
      },
    )
    context.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
    })
    context.on('weberror', (problem) => complaints.push(String(problem.error())))
    onTestFinished(async () => {
      await context.close()
      expect(complaints).toEqual([])
    })
    return context.newPage()
  }

  /** Opens an address of the app. */
  async visit(path: string, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await this.newPage(options)
    await page.goto(`${this.url}${path}`)
    return page
  }

  /**
   * Looks at a page in every way that a test can: wide and narrow, light and dark. It must fit, and axe must
   * find nothing serious. Leaves pictures in `workshop/test/screenshots`.
   */
  async inspect(path: string, name: string): Promise<void> {
    const page = await this.visit(path)
    mkdirSync(SCREENSHOTS, { recursive: true })
    for (const [width, viewport] of Object.entries({ wide: WIDE, narrow: NARROW })) {
      await page.setViewportSize(viewport)
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        await page.screenshot({ path: join(SCREENSHOTS, `${name}-${width}-${colorScheme}.png`) })
        expect(await seriousProblems(page), `${path}, ${width}, ${colorScheme}`).toEqual([])
      }
      const scrollWidth = await page.evaluate('document.documentElement.scrollWidth')
      expect(scrollWidth, `${path} is wider than ${viewport.width}`).toBeLessThanOrEqual(
        viewport.width,
      )
    }
  }
}

/** What axe-core finds that keeps somebody out: the rule, and the first places. */
export async function seriousProblems(page: Page): Promise<string[]> {
  // Evaluated and not added as a script, which the policy of the app would forbid.
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(AXE)
  const found = await page.evaluate<{ impact: string; id: string; nodes: { html: string }[] }[]>(
    'axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations)',
  )
  return found
    .filter(({ impact }) => ['serious', 'critical'].includes(impact))
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .slice(0, 3)
          .map((node) => node.html)
          .join(' | ')}`,
    )
}

/** An empty folder that is gone when the test has ended. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'oauth-lab-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
