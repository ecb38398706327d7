import { Agent, request } from 'undici'

/** What one address answered. */
export interface Seen {
  status: number
  location: string | undefined
  body: string
}

const FORM = 'application/x-www-form-urlencoded'
const agent = new Agent({ connections: 256, keepAliveTimeout: 2_000 })

/** A browser with a cookie, light enough for hundreds of them at once. */
export class Visitor {
  #cookie = ''

  /** Opens an address, or posts a form to it. Follows no redirect. */
  async open(url: string, form?: Record<string, string>): Promise<Seen> {
    const headers: Record<string, string> = {}
    if (this.#cookie !== '') headers.cookie = this.#cookie
    if (form !== undefined) headers['content-type'] = FORM
    const response = await request(url, {
      method: form === undefined ? 'GET' : 'POST',
      headers,
      body: form === undefined ? null : new URLSearchParams(form).toString(),
      dispatcher: agent,
    })
    const [cookie] = [response.headers['set-cookie'] ?? []].flat()
    if (cookie !== undefined) this.#cookie = cookie.split(';', 1)[0] ?? ''
    const { location } = response.headers
    return {
      status: response.statusCode,
      location: typeof location === 'string' ? new URL(location, url).href : undefined,
      body: await response.body.text(),
    }
  }

  /**
   * Logs in through client and server, up to the page at the end.
   *
   * @throws {Error} when a step is answered otherwise than it should be
   */
  async logIn(clientUrl: string): Promise<Seen> {
    const begun = expectStatus(await this.open(`${clientUrl}/login`), 302)
    const form = begun.location ?? ''
    expectStatus(await this.open(form), 200)
    const sent = await this.open(form, { username: 'user0', password: 'password0' })
    const callback = expectStatus(sent, 303).location ?? ''
    const back = await this.open(callback)
    return back.location === undefined ? back : this.open(back.location)
  }

  /** @throws {Error} when the client does not show who is logged in */
  async expectLoggedIn(clientUrl: string): Promise<void> {
    const { body } = expectStatus(await this.open(`${clientUrl}/profile`), 200)
    if (!body.includes('user0@oauth-lab.me')) throw new Error('/profile shows somebody else')
  }

  /** @throws {Error} when the client still shows somebody */
  async logOut(clientUrl: string): Promise<void> {
    expectStatus(await this.open(`${clientUrl}/logout`, {}), 303)
    expectStatus(await this.open(`${clientUrl}/profile`), 401)
  }
}

/** @throws {Error} that tells what came in place of the status */
export function expectStatus(seen: Seen, status: number): Seen {
  if (seen.status === status) return seen
  throw new Error(`${seen.status} in place of ${status}: ${seen.body.slice(0, 2_000)}`)
}
