import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request to the attacker's site. */
export interface Visit {
  url: string
  headers: IncomingHttpHeaders
}

/** The attacker's website, on this machine. It responds to every request and records it. */
export class AttackerSite {
  readonly visits: Visit[] = []
  /** What it responds with. */
  page = 'A harmless page.'
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', this.url).href
      this.visits.push({ url, headers: request.headers })
      response.setHeader('connection', 'close').end(this.page)
    })
  }

  static async start(): Promise<AttackerSite> {
    const site = new AttackerSite()
    await new Promise<void>((resolve, reject) => {
      site.#server.once('error', reject)
      site.#server.listen(0, 'localhost', resolve)
    })
    return site
  }

  get url(): string {
    return `http://localhost:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
