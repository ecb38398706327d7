import { type HTMLElement, parse } from 'node-html-parser'
import { CookieJar } from 'tough-cookie'
import { Agent, request } from 'undici'

/** What a browser got for one request. */
export interface Page {
  url: string
  status: number
  headers: Record<string, string | string[] | undefined>
  body: string
  /** The absolute address that a redirect names. */
  location: string | undefined
}

/** What a request may have besides its address. */
export interface RequestOptions {
  method?: string
  headers?: Record<string, string>
  /** A form when it is an object. */
  body?: string | Record<string, string>
}

/** The longest body that is read, in bytes: a program may send one without an end. */
const LONGEST_BODY = 10_000_000

/** Connections are no part of what a browser is: all browsers share them. */
const agent = new Agent({ keepAliveTimeout: 100, maxResponseSize: LONGEST_BODY })

/**
 * A browser without a screen: it has cookies, which know hosts but no ports, and it follows
 * redirects one at a time or to the end. Each one is a browser of its own.
 */
export class Browser {
  readonly jar = new CookieJar()

  /** Sends one request, and follows no redirect. */
  async open(url: string, options: RequestOptions = {}): Promise<Page> {
    const { method = 'GET', body } = options
    const headers: Record<string, string> = { ...options.headers }
    const cookies = await this.jar.getCookieString(url)
    if (cookies !== '') headers.cookie = cookies
    if (typeof body === 'object') headers['content-type'] ??= 'application/x-www-form-urlencoded'

    const response = await request(url, {
      method: method as 'GET',
      headers,
      body: typeof body === 'object' ? new URLSearchParams(body).toString() : (body ?? null),
      dispatcher: agent,
    })
    for (const cookie of [response.headers['set-cookie'] ?? []].flat()) {
      await this.jar.setCookie(cookie, url)
    }
    const { location } = response.headers
    return {
      url,
      status: response.statusCode,
      headers: response.headers,
      body: await response.body.text(),
      location: typeof location === 'string' ? new URL(location, url).href : undefined,
    }
  }

  /** Goes on from a redirect until there is a page. A page that is none is given back as it is. */
  async follow(page: Page): Promise<Page> {
    let current = page
    for (let hops = 0; current.location !== undefined; hops += 1) {
      if (hops === 10) throw new Error(`More than 10 redirects, the last to ${current.location}`)
      current = await this.open(current.location)
    }
    return current
  }

  /** Opens an address and follows redirects to the end. */
  async visit(url: string): Promise<Page> {
    return this.follow(await this.open(url))
  }

  /** Fills in the form of a page and sends it, with what the page put into it. Follows no redirect. */
  async submit(page: Page, fields: Record<string, string> = {}): Promise<Page> {
    const form = html(page).querySelector('form')
    if (form === null) throw new Error(`No form at ${page.url}, which answered ${page.status}`)
    const body: Record<string, string> = {}
    for (const input of form.querySelectorAll('input[name]')) {
      body[input.getAttribute('name') ?? ''] = input.getAttribute('value') ?? ''
    }
    const url = new URL(form.getAttribute('action') ?? page.url, page.url).href
    const method = form.getAttribute('method')?.toUpperCase() ?? 'GET'
    return this.open(url, { method, body: { ...body, ...fields } })
  }
}

/** The page as a tree. */
export function html(page: Page): HTMLElement {
  return parse(page.body)
}

/** The text of the first element that matches, or undefined. */
export function textOf(page: Page, selector: string): string | undefined {
  return html(page).querySelector(selector)?.text.trim()
}

/** The parameters in the address that a redirect names. */
export function redirectQuery(page: Page): Record<string, string> {
  return Object.fromEntries(new URL(page.location ?? 'none:').searchParams)
}
