import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import formbody from '@fastify/formbody'
import view from '@fastify/view'
import { Eta } from 'eta'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { readConfig } from './config.ts'
import { OAuthError } from './oauth.ts'
import { PageError } from './page-error.ts'
import { parseParameters } from './parameters.ts'
import { titleOfProgram } from './program-title.ts'

/** The largest body, in bytes. A larger one gets a 413. */
const BODY_LIMIT = 16 * 1024
/** How long a client may take to send a whole request, in milliseconds. */
const REQUEST_TIMEOUT = 10_000
/** Status and text for bytes that aren't a valid request. */
const UNREADABLE: Record<string, [status: string, text: string]> = {
  HPE_HEADER_OVERFLOW: [
    '431 Request Header Fields Too Large',
    'The headers are larger than 16 KiB. Delete the cookies of localhost in your browser: it sends those of every port.',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: [
    '408 Request Timeout',
    `The request did not arrive within ${REQUEST_TIMEOUT / 1000} seconds.`,
  ],
}
const NO_HTTP: [string, string] = ['400 Bad Request', 'This is not a valid HTTP request.']
/** How long a sender may take to read why its connection ends, in milliseconds. */
const TIME_TO_READ = 1_000
const FORM_TYPE = /^application\/x-www-form-urlencoded[ \t]*(;|$)/i

const requireFromFastify = createRequire(import.meta.resolve('fastify'))
/** Fastify's own, loaded by the first route with a schema. No route of the lab has one, and they take a fifth of a start. */
const SCHEMA_COMPILERS = {
  buildValidator: (...args: unknown[]) => requireFromFastify('@fastify/ajv-compiler')()(...args),
  buildSerializer: (...args: unknown[]) =>
    requireFromFastify('@fastify/fast-json-stringify-compiler')()(...args),
}

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
 * A Fastify instance with everything that isn't part of a lesson: forms, pages, the headers of every
 * response, and the responses to requests without a route.
 *
 * @param folder the folder of the program, `.../versions/v01-code-flow/server`: it gives the name and the
 *   version, and has the templates in `views/`
 */
export function createApp(folder: string): FastifyInstance {
  const program = basename(folder)
  const name = titleOfProgram(program)
  const version = basename(dirname(folder))
  const { workshopUrl } = readConfig(process.env)
  const eta = new Eta({ views: join(folder, 'views'), cache: true })
  eta.loadTemplate('@layout', layout)
  eta.loadTemplate('@error', errorPage)

  const app = Fastify({
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT,
    routerOptions: { querystringParser: parseParameters },
    // Requests that arrived before the program stops still get their response.
    return503OnClosing: false,
    // Node applies the request timeout to bodies only if the headers' timeout isn't longer.
    http: { connectionsCheckingInterval: 1_000, headersTimeout: REQUEST_TIMEOUT },
    // RFC 9112 section 3.2.2: a server must also accept a whole URL in place of a path. A slash goes before
    // anything else: Fastify's router would ignore the first character, whatever it is.
    rewriteUrl: ({ url = '/' }) => url.replace(/^(https?:\/\/[^/?#]*\/?|(?!\/))/i, '/'),
    frameworkErrors: (_error, request, reply) => {
      reply.headers(headers)
      sendNotFound(request, reply)
    },
    schemaController: { compilersFactory: SCHEMA_COMPILERS },
    clientErrorHandler: ({ code }, socket) => {
      if (!socket.writable) return
      const [status, text] = UNREADABLE[code ?? ''] ?? NO_HTTP
      socket.end(
        `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n${text}\n`,
      )
      // Cuts off a sender that doesn't hang up.
      setTimeout(() => socket.destroy(), TIME_TO_READ).unref()
    },
  })
  const headers = {
    'x-oauth-lab': `${version} ${program}`,
    // RFC 6749 section 5.1 requires it for tokens. A page with a code needs it just as much.
    'cache-control': 'no-store',
    pragma: 'no-cache',
    // RFC 9700 section 4.2: an address may have a code in it.
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    // RFC 9700 section 4.16: for browsers that don't support frame-ancestors.
    'x-frame-options': 'DENY',
    'content-security-policy': pagePolicy(),
  }
  const routes = new Map<string, { methods: Set<string>; backChannel: boolean }>()

  app.register(view, {
    engine: { eta },
    root: join(folder, 'views'),
    production: true,
    defaultContext: { version, program, name, workshopUrl },
  })
  readOnlyForms(app)

  app.addHook('onRoute', ({ url, method, config }) => {
    const { methods } = routes.get(url) ?? { methods: new Set() }
    for (const name of [method].flat()) methods.add(name)
    routes.set(url, { methods, backChannel: config?.backChannel === true })
  })
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(headers)
    // Responds before the body is read, so no body can change the response.
    if (request.is404) sendNotFound(request, reply)
    else done()
  })
  app.setNotFoundHandler(sendNotFound)

  // In its own context, out of reach of a program's hooks: it needs no session.
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

  function sendNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const route = routes.get(pathOf(request))
    if (route === undefined) {
      const paths = [...routes.keys()].filter((path) => path !== '/style.css').sort()
      const message = `Nothing is at this address. The ${name} has these: ${paths.join(', ')}.`
      return sendError(request, reply, new PageError(404, 'Not found', message))
    }
    const allowed = [...route.methods].join(', ')
    reply.header('allow', allowed)
    const message = `This address accepts ${allowed}, not ${request.method}.`
    return sendError(request, reply, new PageError(405, 'Method not allowed', message))
  }

  function sendError(request: FastifyRequest, reply: FastifyReply, error: PageError): FastifyReply {
    reply.code(error.status)
    // Fastify ends the connection after an error of the body. Someone who is still sending it might then never read why.
    reply.removeHeader('connection')
    const path = pathOf(request)
    // Nothing under /api is for browsers, even without a route.
    if (routes.get(path)?.backChannel || /^\/api(\/|$)/.test(path)) {
      const code = error.status < 500 ? 'invalid_request' : 'server_error'
      return reply.send({ error: code, error_description: error.message })
    }
    const html = eta.render('@error', { version, program, name, error })
    return reply.type('text/html; charset=utf-8').send(html)
  }
}

/**
 * The content security policy of a page. It allows its own style sheet, and no script, no frame
 * around it, and no form that posts elsewhere.
 *
 * @param formTarget an origin that the response to a form of this page may redirect to: browsers
 *   apply the rule for forms to that redirect too
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
 * Reads forms into `request.body`, and any other body into undefined: each endpoint has its own error
 * for a body that isn't a form.
 */
function readOnlyForms(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.register(formbody, { parser: parseParameters })
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, done) => done(null))
  app.addHook('onRequest', ({ raw: { headers } }, _reply, done) => {
    const type = headers['content-type']
    if (type === undefined) return done()
    // Without this, Fastify responds to a malformed type with 415.
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
  // A bug in the program, not in the request: the person who runs it must see it.
  console.error(error)
  return new PageError(500, 'Something broke', 'The program has a bug. Its log shows the error.')
}

function pathOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? request.url.split(/[?#]/, 1)[0] ?? ''
}
