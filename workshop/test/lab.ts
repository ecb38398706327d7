import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freeAddresses } from '@oauth-lab/course/programs/free-addresses.ts'
import { findVersion } from '@oauth-lab/course/programs/versions.ts'
import { parse } from '@oauth-lab/shared/testing/browser.ts'
import { full } from '@oauth-lab/shared/testing/share.ts'
import { testChromium } from '@oauth-lab/shared/testing/test-chromium.ts'
import type { FastifyInstance } from 'fastify'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, expect, onTestFinished } from 'vitest'
import { buildWorkshop } from '../app.ts'
import { knownVersion } from '../known-versions.ts'
import { Runner, type Slot } from '../runner.ts'

const SCREENSHOTS = join(import.meta.dirname, 'screenshots')
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const WIDE = { width: 1280, height: 900 }
const NARROW = { width: 390, height: 800 }
/** How long a page may take to show something, on a busy machine too, in milliseconds. */
const LONGEST_WAIT = 60_000

type Look = [width: 'wide' | 'narrow', colorScheme: 'light' | 'dark']
const LOOKS: Look[] = [
  ['wide', 'light'],
  ['narrow', 'dark'],
]
const ALL_LOOKS: Look[] = [...LOOKS, ['wide', 'dark'], ['narrow', 'light']]

type PageOptions = Pick<BrowserContextOptions, 'viewport' | 'colorScheme' | 'reducedMotion'> & {
  /** The test stops the app for a while, so failed requests to it are expected. */
  losesConnection?: boolean
  /** Makes a page that no other test reuses, for what can't be undone, such as a script for each page. */
  own?: Pick<BrowserContextOptions, 'javaScriptEnabled' | 'permissions'>
}

/** A page in its own browser, and its errors since a test took it. */
interface WatchedPage {
  page: Page
  complaints: string[]
}

/** Pages that no test uses now: opening a new one takes four times the work of reusing one. */
const idlePages: WatchedPage[] = []

/** A workshop on free ports, as `npm start` runs it, and a browser that reports every error. */
export class TestWorkshop {
  readonly url: string
  readonly runner: Runner
  /** Where the learner's copies are. */
  readonly playground: string
  readonly #ownFolder: string
  #app: FastifyInstance
  #isClosed = false

  private constructor(url: string, runner: Runner, playground: string | undefined) {
    this.url = url
    this.runner = runner
    this.#ownFolder = mkdtempSync(join(tmpdir(), 'oauth-lab-'))
    this.playground = playground ?? this.#ownFolder
    this.#app = this.#build()
  }

  #build(): FastifyInstance {
    const port = Number(new URL(this.url).port)
    return buildWorkshop({ runner: this.runner, port, playground: this.playground })
  }

  async #listen(): Promise<void> {
    await this.#app.listen({ port: Number(new URL(this.url).port), host: 'localhost' })
  }

  /**
   * @param version the version that runs in it, or undefined for none
   * @param playground where the learner's copies are; without it an empty folder, which is removed at the end
   */
  static async open(version?: string, playground?: string): Promise<TestWorkshop> {
    const addresses = await freeAddresses()
    const runner = new Runner()
    const workshop = new TestWorkshop(addresses.workshop, runner, playground)
    await workshop.#listen()
    const known = version === undefined ? undefined : knownVersion(version)
    if (known !== undefined) await workshop.untilRunning(runner.open(known, addresses))
    return workshop
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.runner.closeAll()
    await this.#app.close()
    rmSync(this.#ownFolder, { recursive: true, force: true })
  }

  /** Ends the app and starts it again at the same address. The versions keep running. */
  async restart(meanwhile: () => Promise<unknown>): Promise<void> {
    await this.#app.close()
    await meanwhile()
    this.#app = this.#build()
    await this.#listen()
  }

  /** The first slot. */
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
   * A page in its own browser. The test fails when the page writes an error to the console, sends a request to
   * another host, or gets an error.
   */
  async newPage(options: PageOptions = {}): Promise<Page> {
    const { losesConnection = false, own, viewport = WIDE } = options
    const watched = (own === undefined ? idlePages.pop() : undefined) ?? (await openPage(own))
    const { page, complaints } = watched
    onTestFinished(async () => {
      const found = complaints.splice(0)
      if (own === undefined && !this.#isClosed) await this.#putAway(watched)
      else await page.context().close()
      if (!losesConnection) expect(found).toEqual([])
    })
    if (viewport !== null) await page.setViewportSize(viewport)
    const { colorScheme = 'light', reducedMotion = 'no-preference' } = options
    await page.emulateMedia({ colorScheme, reducedMotion })
    return page
  }

  /** Clears everything that a test left in a page, which gets no events until the next test. */
  async #putAway(watched: WatchedPage): Promise<void> {
    const { page, complaints } = watched
    await page.unrouteAll({ behavior: 'ignoreErrors' })
    for (const event of ['dialog', 'request', 'requestfinished', 'response']) {
      page.removeAllListeners(event)
    }
    // From the same site as before, or Chromium would start another process for it.
    await page.goto(`${this.url}/assets/workshop.css`)
    const others = page
      .context()
      .pages()
      .filter((other) => other !== page)
    for (const other of others) await other.close()
    await page.context().clearCookies()
    await page.evaluate('localStorage.clear(); sessionStorage.clear()')
    complaints.length = 0
    idlePages.push(watched)
  }

  /** Requests an address of the app without a browser. */
  async get(path: string, request?: RequestInit) {
    const answer = await fetch(`${this.url}${path}`, request)
    const text = await answer.text()
    return { status: answer.status, headers: answer.headers, text, page: () => parse(text) }
  }

  /** Sends a form, and follows no redirect. */
  post(path: string, fields: Record<string, string> | [string, string][] = {}) {
    const body = new URLSearchParams(fields)
    return this.get(path, { method: 'POST', body, redirect: 'manual' })
  }

  /** Opens an address of the app. */
  async visit(path: string, options: PageOptions = {}): Promise<Page> {
    const page = await this.newPage(options)
    await page.goto(`${this.url}${path}`)
    return page
  }

  /**
   * Looks at a page wide and narrow, light and dark; in the long share in every combination of these. It must fit,
   * and axe must find nothing serious. The long share leaves pictures in `workshop/test/screenshots`.
   */
  async inspect(path: string, name: string): Promise<void> {
    const page = await this.visit(path)
    for (const [width, colorScheme] of full ? ALL_LOOKS : LOOKS) {
      const viewport = width === 'wide' ? WIDE : NARROW
      await page.setViewportSize(viewport)
      await page.emulateMedia({ colorScheme })
      const look = `${name}-${width}-${colorScheme}`
      if (full) await page.screenshot({ path: join(SCREENSHOTS, `${look}.png`) })
      const scrollWidth = await page.evaluate('document.documentElement.scrollWidth')
      expect([look, scrollWidth]).toEqual([look, viewport.width])
      // It takes most of the time, and only its findings on colors differ between looks.
      const problems = full || width === 'wide' ? await seriousProblems(page) : []
      expect([look, problems]).toEqual([look, []])
    }
  }
}

async function openPage(options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await (await testChromium()).newContext(options)
  context.setDefaultTimeout(LONGEST_WAIT)
  const complaints: string[] = []
  // Listens to requests instead of routing them: with a route, Chromium doesn't use its cache.
  context.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url())
    const isLocal = ['localhost', '127.0.0.1'].includes(hostname)
    const stays = isLocal || protocol === 'data:' || protocol === 'blob:'
    if (!stays) complaints.push(`asks another host: ${request.url()}`)
  })
  context.on('console', (message) => {
    // Chromium requests an icon for a style sheet opened by itself, as if it were a page.
    if (message.location().url.endsWith('/favicon.ico')) return
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  context.on('weberror', (problem) => complaints.push(String(problem.error())))
  return { page: await context.newPage(), complaints }
}

/** The accessibility problems that axe-core finds on a page or in a part of it: each rule, and the first places. */
export async function seriousProblems(page: Page, part = 'html'): Promise<string[]> {
  // Evaluated instead of added as a script, which the app's policy forbids.
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(AXE)
  // Without what nobody reads here: the styles as text, and a selector for each place.
  const options = "{ resultTypes: ['violations'], preload: false, selectors: false }"
  const found = await page.evaluate<{ impact: string; id: string; nodes: { html: string }[] }[]>(
    `axe.run(${JSON.stringify(part)}, ${options}).then(({ violations }) => violations)`,
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

/** A workshop for all tests of a file. */
export async function workshopOfFile(version?: string, playground?: string): Promise<TestWorkshop> {
  const workshop = await TestWorkshop.open(version, playground)
  afterAll(() => workshop.close())
  return workshop
}

/** Gives a workshop a first slot, for tests that need its addresses and no program. */
export async function slotWithoutPrograms(workshop: TestWorkshop): Promise<Slot> {
  const version = { ...findVersion('v02'), id: 'v02-state', leadsTo: undefined }
  const folder = join(workshop.playground, 'not-there')
  const slot = workshop.runner.open({ ...version, folder }, await freeAddresses())
  await workshop.runner.untilStarted(slot)
  return slot
}

/** A workshop for one test. */
export async function workshopOfTest(version?: string, playground?: string): Promise<TestWorkshop> {
  const workshop = await TestWorkshop.open(version, playground)
  onTestFinished(() => workshop.close())
  return workshop
}

/** An empty folder that is gone when all tests of a file have ended. */
export function folderOfFile(): string {
  return folderUntil(afterAll)
}

/** An empty folder that is removed after the test. */
export function temporaryFolder(): string {
  return folderUntil(onTestFinished)
}

function folderUntil(end: (remove: () => void) => void): string {
  const folder = mkdtempSync(join(tmpdir(), 'oauth-lab-'))
  end(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Makes a learner's copy that is still as a version. */
export function copyVersion(name: string, copy: string): void {
  const { folder } = findVersion(name)
  cpSync(folder, copy, { recursive: true, filter: (path) => !path.includes('node_modules') })
  symlinkSync(join(folder, 'node_modules'), join(copy, 'node_modules'), 'junction')
}
