import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

const READING = ['GET', 'HEAD']
/** The Sec-Fetch-Site values of requests by a page of this app, or typed by the user. */
const OWN_SITES = [undefined, 'same-origin', 'none']

/** Pages of this app load nothing from other hosts, and no other site can frame them or post to them. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  // Mermaid writes its colors into style attributes, and pages their indentations.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "frame-src 'none'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

const HEADERS = {
  // Names this program, so that `npm start` can say which program has its port.
  'x-oauth-lab': 'workshop',
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  // Forms of this app must send their origin, and other sites must not learn it.
  'referrer-policy': 'same-origin',
  'cache-control': 'no-store',
}

/**
 * Keeps other sites out of an app that starts processes and writes files. A page of another site in the user's browser
 * can send requests to localhost. It must neither read a response nor have an effect.
 *
 * @param port the app's port
 */
export function keepToThisMachine(app: FastifyInstance, port: number): void {
  const urls = ['localhost', '127.0.0.1', '[::1]'].map((name) => new URL(`http://${name}:${port}`))
  // Browsers leave out port 80, and URL does too.
  const hosts = urls.map(({ host }) => host)
  const origins = urls.map(({ origin }) => origin)

  app.addHook('onRequest', async (request, reply) => {
    reply.headers(HEADERS)
    // Anyone can point their own host name here: DNS rebinding.
    if (!hosts.includes(request.headers.host ?? '')) {
      return refuse(reply, `This app only responds at ${origins[0]}. Open it there.`)
    }
    const isRead = READING.includes(request.method) && isFollowedLink(request)
    if (isRead || isFromHere(request, origins)) return
    const why = 'This request comes from another site, so it is blocked. Open the workshop itself.'
    return refuse(reply, why)
  })
}

/** Whether a link of another site led here. The page is then shown, and nothing else happens. */
export function isLedFromElsewhere({ headers }: FastifyRequest): boolean {
  return !OWN_SITES.includes(headers['sec-fetch-site'])
}

/** Allows a page this one inline script, and only with exactly this text. */
export function allowScript(reply: FastifyReply, text: string): void {
  const hash = createHash('sha256').update(text).digest('base64')
  const policy = POLICY.replace("script-src 'self'", `script-src 'self' 'sha256-${hash}'`)
  reply.header('content-security-policy', policy)
}

/** Whether htmx sent the request, for a part of a page. */
export function isForPart({ headers }: FastifyRequest): boolean {
  return headers['hx-request'] === 'true'
}

/** Browsers say where a POST comes from. A request without that, such as curl's, isn't from a browser. */
function isFromHere(request: FastifyRequest, origins: string[]): boolean {
  const { origin } = request.headers
  return origin === undefined ? !isLedFromElsewhere(request) : origins.includes(origin)
}

/** Whether a user follows a link. Anything else, such as a frame, is loaded in secret by another site. */
function isFollowedLink({ headers }: FastifyRequest): boolean {
  return headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
}

function refuse(reply: FastifyReply, why: string): FastifyReply {
  return reply.code(403).type('text/plain; charset=utf-8').send(`${why}\n`)
}
