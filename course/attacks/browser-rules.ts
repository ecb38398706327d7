import { html, type Page } from '@oauth-lab/shared/testing/browser.ts'

// What a browser makes of the headers of a page. The test browser only sends and receives; where an
// attack hangs on what a real browser would then do, the rule is written down here.

/** Whether a browser shows the page in a frame of another site. */
export function mayBeFramed(page: Page): boolean {
  const ancestors = directive(page, 'frame-ancestors')
  if (ancestors !== undefined) return ancestors.includes('*')
  return header(page, 'x-frame-options') === ''
}

/** Whether a browser runs `attack()` where the page has it as a script and not as mere text. */
export function runsAttack(page: Page): boolean {
  const sources = directive(page, 'script-src') ?? directive(page, 'default-src')
  if (sources !== undefined && !sources.includes("'unsafe-inline'")) return false
  const tree = html(page)
  const inScript = tree.querySelectorAll('script').some(({ text }) => text.includes('attack()'))
  return inScript || tree.querySelector('[onerror="attack()"]') !== null
}

/**
 * The Referer that an old browser, which sends the whole address unless it is told not to, has in a
 * request from this page to another site.
 */
export function refererFrom(page: Page): string | undefined {
  const policy = header(page, 'referrer-policy').split(',').at(-1)?.trim() ?? ''
  if (['no-referrer', 'same-origin'].includes(policy)) return undefined
  const { origin, href } = new URL(page.url)
  if (/origin/.test(policy)) return `${origin}/`
  return href
}

/** What a browser sends after a redirect that answers a form: its fields again, or nothing. */
export function bodyAfterRedirect(
  { status }: Page,
  form: Record<string, string>,
): Record<string, string> | undefined {
  // RFC 9110 sections 15.4.8 and 15.4.9
  return status === 307 || status === 308 ? form : undefined
}

function directive(page: Page, name: string): string[] | undefined {
  const directives = header(page, 'content-security-policy').split(';')
  const found = directives.map((text) => text.trim().split(/\s+/)).find(([first]) => first === name)
  return found?.slice(1)
}

function header(page: Page, name: string): string {
  return [page.headers[name] ?? ''].flat().join(', ').toLowerCase()
}
