import { html, type Page } from '@oauth-lab/shared/testing/browser.ts'

// How a browser reacts to the headers of a page. The test browser only sends and receives, so the rules
// that real browsers follow are written down here.

/** Whether a browser shows the page in a frame on another site. */
export function mayBeFramed(page: Page): boolean {
  const ancestors = directive(page, 'frame-ancestors')
  if (ancestors !== undefined) return ancestors.includes('*')
  return header(page, 'x-frame-options') === ''
}

/** Whether a browser runs `attack()`: the page contains it as a script, not as text, and its policy allows it. */
export function runsAttack(page: Page): boolean {
  const sources = directive(page, 'script-src') ?? directive(page, 'default-src')
  if (sources !== undefined && !sources.includes("'unsafe-inline'")) return false
  const tree = html(page)
  const inScript = tree.querySelectorAll('script').some(({ text }) => text.includes('attack()'))
  return inScript || tree.querySelector('[onerror="attack()"]') !== null
}

/**
 * The Referer header of a request from this page to another site. The browser is an old one, which
 * sends the whole address unless a policy says otherwise.
 */
export function refererFrom(page: Page): string | undefined {
  const policy = header(page, 'referrer-policy').split(',').at(-1)?.trim() ?? ''
  if (['no-referrer', 'same-origin'].includes(policy)) return undefined
  const { origin, href } = new URL(page.url)
  if (/origin/.test(policy)) return `${origin}/`
  return href
}

/** What a browser sends when the response to a form is a redirect: the fields again, or nothing. */
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
