import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import formbody from '@fastify/formbody'
import view from '@fastify/view'
import { Eta } from 'eta'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { readConfig } from './config.ts'
import { OAuthError } from './oauth.ts'
import { PageError } from './page-error.ts'
import { parseParameters } from './parameters.ts'

/** Bodies over this many bytes are answered 413. */
const BODY_LIMIT = 16 * 1024
/** How long a client may take to send a whole request, in milliseconds. */
const REQUEST_TIMEOUT = 10_000
/** Status and text for bytes that no request could be made of. */
const UNREADABLE: Record<string, [status: string, text: string]> = {
  HPE_HEADER_OVERFLOW: [
    '431 Request Header Fields Too Large',
    'The headers are larger than 16 KiB. Delete the cookies of localhost in your browser: those of all ports come along.',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: [
    '408 Request Timeout',
    `The request did not arrive within ${REQUEST_TIMEOUT / 1000} seconds.`,
  ],
}
const NO_HTTP: [string, string] = ['400 Bad Request', 'This is not a request that HTTP allows.']
/** How long the other side has to hear why its connection ends, in milliseconds. */
const LAST_WORDS = 1_000
const FORM_TYPE = /^application\/x-www-form-urlencoded[ \t]*(;|$)/i

const layout = readFileSync(join(import.meta.dirname, 'views/layout.eta'), 'utf8')
const errorPage = readFileSync(join(import.meta.dirname, 'views/error.eta'), 'utf8')
const styleSheet = ['base', 'style']
  .map((name) => readFileSync(join(import.meta.dirname, `${name}.css`), 'utf8'))
  .join('\n')

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Programs call this route, not browsers: its errors are JSON, and the log says so. */
    backChannel?: boolean
  }
}

/**
 * A Fastify instance with everything that is no lesson: forms, pages, the headers of every answer,
 * and the answers to what no route is there for.
 *
 * @param folder where the program stands, `.../versions/v01-code-flow/server`: its name and its
 *   version are read off it, and its templates lie in `views/`
 */
export function createApp(folder: string): FastifyInstance {
  const program = basename(folder)
  const version = basename(dirname(folder))
  const { workshopUrl } = readConfig(process.env)
  const eta = new Eta({ views: join(folder, 'views'), cache: true })
  eta.loadTemplate('@layout', layout)
  eta.loadTemplate('@error', errorPage)

  const app = Fastify({
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT,
    routerOptions: { querystringParser: parseParameters },
    // Requests under way when the program stops are answered, not turned away.
    return503OnClosing: false,
    // Node holds bodies to the request timeout only where the headers' timeout is no longer than it.
    http: { connectionsCheckingInterval: 1_000, headersTimeout: REQUEST_TIMEOUT },
    // RFC 9112 section 3.2.2: a whole URL in place of a path is to be taken, too.
    rewriteUrl: ({ url = '/' }) => url.replace(/^https?:\/\/[^/?#]*\/?/i, '/'),
    frameworkErrors: (_error, request, reply) => {
      setHeaders(reply)
      sendNotFound(request, reply)
    },
    clientErrorHandler: ({ code }, socket) => {
      if (!socket.writable) return
      const [status, text] = UNREADABLE[code ?? ''] ?? NO_HTTP
      socket.end(
        `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n${text}\n`,
      )
      // Whoever does not hang up, and perhaps goes on sending, is cut off.
      setTimeout(() => socket.destroy(), LAST_WORDS).unref()
    },
  })
  const ownPolicy = pagePolicy()
  const routes = new Map<string, { methods: Set<string>; backChannel: boolean }>()

  app.register(view, {
    engine: { eta },
    root: join(folder, 'views'),
    production: true,
    defaultContext: { version, program, workshopUrl },
  })
  readFormsAlone(app)

  app.addHook('onRoute', ({ url, method, config }) => {
    const { methods } = routes.get(url) ?? { methods: new Set() }
    for (const name of [method].flat()) methods.add(name)
    routes.set(url, { methods, backChannel: config?.backChannel === true })
  })
  app.addHook('onRequest', (request, reply, done) => {
    setHeaders(reply)
    // Answered before the body is read, so that no body can make another answer of it.
    if (request.is404) sendNotFound(request, reply)
    else done()
  })
  app.setNotFoundHandler(sendNotFound)

  // In a context of its own, which no hook of a program reaches: it needs no session.
  app.register(async (context) => {
    context.get('/style.css', async (_request, reply) => {
      return reply.header('cache-control', 'no-cache').type('text/css').send(styleSheet)
    })
  })

  app.setErrorHandler<Error & { statusCode?: number }>(async (error, request, reply) => {
    sendError(request, reply, asPageError(error))
    return reply
  })

  return app

  function setHeaders(reply: FastifyReply): void {
    reply.header('x-oauth-lab', `${version} ${program}`)
    // RFC 6749 section 5.1, which asks it of tokens; a page with a code is no better kept.
    reply.header('cache-control', 'no-store')
    reply.header('pragma', 'no-cache')
    // RFC 9700 section 4.2: an address may have a code in it.
    reply.header('referrer-policy', 'no-referrer')
    reply.header('x-content-type-options', 'nosniff')
    // RFC 9700 section 4.16: for browsers that do not know frame-ancestors.
    reply.header('x-frame-options', 'DENY')
    reply.header('content-security-policy', ownPolicy)
  }

  function sendNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const route = routes.get(pathOf(request))
    if (route === undefined) {
      const paths = [...routes.keys()].filter((path) => path !== '/style.css').sort()
      const message = `Nothing is at this address. The ${program} answers at ${paths.join(', ')}.`
      return sendError(request, reply, new PageError(404, 'Not found', message))
    }
    const allowed = [...route.methods].join(', ')
    reply.header('allow', allowed)
    const message = `This address takes ${allowed}, not ${request.method}.`
    return sendError(request, reply, new PageError(405, 'Method not allowed', message))
  }

  function sendError(request: FastifyRequest, reply: FastifyReply, error: PageError): FastifyReply {
    reply.code(error.status)
    const path = pathOf(request)
    // Nothing under /api is for browsers, whether a route is there or not.
    if (routes.get(path)?.backChannel || /^\/api(\/|$)/.test(path)) {
      const code = error.status < 500 ? 'invalid_request' : 'server_error'
      return reply.send({ error: code, error_description: error.message })
    }
    const html = eta.render('@error', { version, program, error })
    return reply.type('text/html; charset=utf-8').send(html)
  }
}

/**
 * The content security policy of a page: its own style sheet and nothing else, no script, no frame
 * around it, and no form that posts elsewhere.
 *
 * @param formTarget an origin that may answer a form of this page with a redirect to itself: browsers
 *   hold the redirect after a form post to the same rule as the form
 */
export function pagePolicy(formTarget = ''): string {
  return [
    "default-src 'none'",
    "style-src 'self'",
    'img-src data:',
    `form-action 'self' ${formTarget}`.trimEnd(),
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ')
}

/**
 * Reads forms into `request.body`, and any other body into undefined: what is to be said of a body
 * that is no form differs from endpoint to endpoint.
 */
function readFormsAlone(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.register(formbody, { parser: parseParameters })
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, done) => done(null))
  app.addHook('onRequest', ({ raw: { headers } }, _reply, done) => {
    const type = headers['content-type']
    if (type === undefined) return done()
    // Without this a type that is no type at all would be answered by Fastify, with 415.
    headers['content-type'] = FORM_TYPE.test(type)
      ? 'application/x-www-form-urlencoded'
      : 'none/none'
    done()
  })
}

function asPageError(error: Error & { statusCode?: number }): PageError {
  if (error instanceof PageError) return error
  if (error instanceof OAuthError) return new PageError(400, error.code, `${error.message}.`)
  const status = error.statusCode ?? 500
  if (status === 413) {
    return new PageError(413, 'Too large', `The body is larger than ${BODY_LIMIT} bytes.`)
  }
  if (status < 500) return new PageError(status, 'Bad request', 'The request is malformed.')
  // A mistake in the program, not in the request: the person who runs it must see it.
  console.error(error)
  return new PageError(500, 'Something broke', 'The program made a mistake. Its log says which.')
}

function pathOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? request.url.split(/[?#]/, 1)[0] ?? ''
}
