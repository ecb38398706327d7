import type { IncomingHttpHeaders } from 'node:http'
import { startLocalServer } from '../local-server.ts'

/** The attacker's website, on this machine. It responds to every request and records it. */
export interface AttackerSite {
  url: string
  visits: { url: string; headers: IncomingHttpHeaders }[]
  /** What it responds with. */
  page: string
  close: () => Promise<void>
}

export async function startAttackerSite(): Promise<AttackerSite> {
  const server = await startLocalServer(({ url = '/', headers }, response) => {
    site.visits.push({ url: new URL(url, server.url).href, headers })
    response.setHeader('connection', 'close').end(site.page)
  })
  const site: AttackerSite = { ...server, visits: [], page: 'A harmless page.' }
  return site
}
