import { CookieJar } from 'tough-cookie'
import { portOf } from '../config.ts'
import {
  type Exchange,
  encodeForm,
  type FormFields,
  type RequestOptions,
  type Send,
  send,
} from './exchange.ts'
import { chooseForm, type Form, fillIn, formsOn, html } from './forms.ts'

export { parse } from 'node-html-parser'
export { html } from './forms.ts'

/** The response that a browser got for one request. */
export type Page = Exchange

/** The user agent of this browser. A recorder uses it to tell browsers from programs. */
export const USER_AGENT = 'test-browser'

/** The most redirects and forms in a row. */
const MOST_STEPS = 10

/**
 * A browser without a screen. It keeps cookies by host, not by port, follows redirects one at a time
 * or to the end, and fills in forms. Each instance is a separate browser.
 */
export class Browser {
  readonly jar = new CookieJar()
  readonly #send: Send

  /** @param sendOne sends each request */
  constructor(sendOne: Send = send) {
    this.#send = sendOne
  }

  /** Sends one request without following redirects. */
  async open(url: string, options: RequestOptions = {}): Promise<Page> {
    const cookie = await this.jar.getCookieString(url)
    const headers = { 'user-agent': USER_AGENT, ...options.headers, ...(cookie && { cookie }) }
    const page = await this.#send(url, { ...options, headers })
    for (const set of [page.headers['set-cookie'] ?? []].flat()) await this.jar.setCookie(set, url)
    return page
  }

  /** Whether a program of the lab keeps a session for this browser. */
  async hasSession(origin: string): Promise<boolean> {
    const cookies = await this.jar.getCookies(origin)
    return cookies.some(({ key }) => key.endsWith(`oauth_lab_${portOf(origin)}`))
  }

  /** Follows redirects until there is a page. Returns a page that isn't a redirect unchanged. */
  async follow(page: Page): Promise<Page> {
    let current = page
    for (let hops = 0; current.location !== undefined; hops += 1) {
      if (hops === MOST_STEPS) {
        throw new Error(`More than ${MOST_STEPS} redirects, the last to ${current.location}`)
      }
      current = await this.open(current.location)
    }
    return current
  }

  /** Opens an address and follows redirects to the end. */
  async visit(url: string): Promise<Page> {
    return this.follow(await this.open(url))
  }

  /**
   * Fills in the form of a page and sends it with the page's own values. Follows no redirect.
   *
   * @param fields replace the form's values of these names
   * @param press the value of the button to press
   */
  async submit(page: Page, fields: FormFields = {}, press = 'allow'): Promise<Page> {
    const form = chooseForm(formsOn(page), fields, press)
    if (form === undefined) throw new Error(`No form at ${page.url}, which returned ${page.status}`)
    return this.#submitForm(form, fields, press)
  }

  /**
   * Fills in the forms of a server, such as a login page and then a consent page, and follows its
   * redirects. Stops when one leads to another origin, a page has no new form, or a form asks for a
   * password that isn't given.
   *
   * @param fields what to fill in if a form asks for it
   * @param press the value of the button to press on a form that has none of these fields
   */
  async answerForms(start: Page, fields: FormFields, press = 'allow'): Promise<Page> {
    const answered = new Set<string>()
    let page = start
    for (let steps = 0; steps < MOST_STEPS; steps += 1) {
      if (page.location !== undefined) {
        if (new URL(page.location).origin !== new URL(page.url).origin) return page
        page = await this.open(page.location)
        continue
      }
      const form = page.status === 200 ? chooseForm(formsOn(page), fields, press) : undefined
      const key = form && [form.action, ...form.names].join(' ')
      if (form === undefined || key === undefined || answered.has(key)) return page
      if (form.names.has('password') && fields.password === undefined) return page
      answered.add(key)
      const known = Object.entries(fields).filter(([name]) => form.names.has(name))
      const button = known.length > 0 ? 'allow' : press
      page = await this.#submitForm(form, Object.fromEntries(known), button)
    }
    throw new Error(`More than ${MOST_STEPS} redirects and forms, the last at ${page.url}`)
  }

  #submitForm(form: Form, fields: FormFields, press: string): Promise<Page> {
    const { action, method } = form
    const body = fillIn(form, fields, press)
    if (method === 'POST') return this.open(action, { method, body })
    return this.open(`${action.split('?', 1)[0]}?${encodeForm(body)}`)
  }
}

/** The text of the first element that matches, or undefined. */
export function textOf(page: Pick<Page, 'body'>, selector: string): string | undefined {
  return html(page).querySelector(selector)?.text.trim()
}

/** The query parameters of a redirect. */
export function redirectQuery(page: Page): Record<string, string> {
  return Object.fromEntries(new URL(page.location ?? 'none:').searchParams)
}
