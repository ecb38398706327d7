// Reports the traffic of a program to the workshop. Each program that the workshop starts loads this
// module first. It watches the HTTP server inside the process and reports each request and response
// over the channel to the parent process.
//
// Why not a proxy in front of the programs? A proxy needs its own ports, which changes redirect URIs and
// cookie names, or it changes Host and Connection on the way. In here the bytes on the wire don't
// change, a snapshot needs no line for it, a learner's copy is watched too, and without the workshop the
// module isn't loaded.
//
// The public diagnostics channels report requests too, but can't hold them, hence the patched `emit`.
// The module doesn't read a request. It watches the parts as they pass, and those of a response too.
import { AsyncLocalStorage } from 'node:async_hooks'
import { Buffer } from 'node:buffer'
import { subscribe } from 'node:diagnostics_channel'
import { IncomingMessage, Server, STATUS_CODES } from 'node:http'

/** How many bytes of a body, and characters of a head, to report. All of it is always sent. */
const LONGEST_BODY = 64 * 1024
const LONGEST_HEAD = 64 * 1024

let exchanges = 0
/** Whether to hold messages until the workshop sends them on. */
let holding = false
/** The held request or response of each exchange, and how to send it on. */
const waiting = new Map()

// Without a channel to the workshop there is nothing to report to.
if (process.send !== undefined) {
  watchServers()
  watchErrors()
  watchOutgoingConnections()
  stretchTimeLimits()
  process.on('message', obey)
  // The workshop ends this program, or is gone: nothing may stay held.
  process.once('disconnect', () => obey({ tap: 'hold', on: false }))
}

function obey(message) {
  if (message?.tap === 'hold') {
    holding = message.on
    if (!holding) for (const letGo of [...waiting.values()]) letGo()
  }
  if (message?.tap === 'let go') waiting.get(`${message.id} ${message.half}`)?.(message.changes)
}

function watchServers() {
  const { emit } = Server.prototype
  Server.prototype.emit = function (event, ...values) {
    const [request, response] = values
    // The style sheet is never interesting. The workshop also requests it, to see which program responds.
    if (event !== 'request' || /^\/style\.css([?#]|$)/.test(request.url)) {
      return emit.call(this, event, ...values)
    }
    exchanges += 1
    const exchange = { id: exchanges, socket: request.socket }
    watchClose(exchange)
    watchStatus(response)
    watchAnswer(exchange, request, response)
    say({
      tap: 'request',
      id: exchange.id,
      at: now(),
      waits: holding,
      peer: addressOf(request.socket.remoteAddress, request.socket.remotePort),
      method: request.method,
      url: request.url,
      httpVersion: request.httpVersion,
      headers: request.rawHeaders,
    })
    watchBody(exchange, request)
    if (!holding) return emit.call(this, event, ...values)

    holdBack(exchange, 'request', (changes) => {
      say({ tap: 'passed', id: exchange.id, changes: changes ?? null })
      if (changes !== undefined) changeRequest(request, changes)
      exchange.passBody(changes?.body)
      emit.call(this, event, ...values)
    })
    return true
  }
}

/** Watches the body of a request on its way into the buffer of its stream, which works as usual. */
function watchBody(exchange, request) {
  const { push } = request
  const body = new Body()
  /** The held pieces, in case another body takes their place. A long body isn't kept. */
  let kept = holding ? [] : undefined
  let isReplaced = false
  exchange.tellBody = () => {
    if (body.size > 0 && !isReplaced) say({ tap: 'body', id: exchange.id, body: body.told() })
  }
  /** Hands a held body on, or another one. */
  exchange.passBody = (other) => {
    isReplaced = other !== undefined && kept !== undefined
    const pieces = isReplaced ? [...(other === '' ? [] : [Buffer.from(other)]), null] : (kept ?? [])
    kept = undefined
    return pieces.map((piece) => push.call(request, piece)).at(-1)
  }
  request.push = (chunk, encoding) => {
    if (chunk === null) exchange.tellBody()
    else body.add(chunk, encoding)
    if (isReplaced) return true
    if (kept === undefined) return push.call(request, chunk, encoding)
    kept.push(chunk)
    return body.size <= LONGEST_BODY || exchange.passBody()
  }
}

/** Changes a request that no program has seen yet. */
function changeRequest(request, { method, url, headers }) {
  const changed = new IncomingMessage(request.socket)
  // Node's own way from the headers of a message to those that a program reads.
  changed._addHeaderLines(headers, headers.length)
  Object.assign(request, { method, url, rawHeaders: headers, headers: changed.headers })
}

/** Watches what a program writes as its response, and holds it if messages are held. */
function watchAnswer(exchange, request, response) {
  const { write, end } = response
  let body = new Body()
  /** The held calls, or undefined if the response isn't held. */
  let kept
  let began = false
  let isChanged = false
  let refusal = null

  response.write = (...values) => {
    begin()
    body.add(...values)
    if (kept === undefined) return write.apply(response, values)
    kept.push(() => write.apply(response, values))
    return true
  }
  response.end = (...values) => {
    begin()
    if (response.writableEnded) return end.apply(response, values)
    if (!isChanged) refusal = refusalBy(response)
    body.add(...values)
    const finish = () => {
      end.apply(response, values)
      exchange.noteDone()
      // A program may respond before it has read the whole request.
      if (!request.complete) exchange.tellBody()
      tell(false)
    }
    if (kept === undefined) {
      finish()
      return response
    }
    // To the program, the response counts as sent.
    Object.defineProperty(response, 'writableEnded', { value: true, configurable: true })
    kept.push(finish)
    tell(true)
    return response
  }

  function begin() {
    if (began) return
    began = true
    exchange.answeredAt = now()
    if (!holding) return
    kept = []
    holdBack(exchange, 'answer', (changes) => {
      delete response.writableEnded
      const calls = kept
      kept = undefined
      if (changes !== undefined) changeAnswer(changes)
      if (changes?.body === undefined) for (const call of calls) call()
      else response.end(changes.body)
    })
  }

  /** Changes a response that is complete, but of which nothing was sent. */
  function changeAnswer({ status, headers, body: other }) {
    const lines = headers.map((text, at) => (at % 2 === 0 ? `${text}: ${headers[at + 1]}\r\n` : ''))
    response.statusCode = status
    response._header = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n`
    response._hasBody = request.method !== 'HEAD' && ![204, 304].includes(status)
    isChanged = true
    if (other === undefined) return
    body = new Body()
    response.chunkedEncoding = false
  }

  function tell(waits) {
    say({
      tap: 'answer',
      id: exchange.id,
      at: exchange.answeredAt,
      waits,
      status: response.statusCode,
      // The head as it is on the wire. If Node hasn't written it yet, the response is held and reported again.
      head: (response._header ?? '').slice(0, LONGEST_HEAD),
      // A HEAD request and some statuses have no body, whatever the program wrote.
      body: response._hasBody ? body.told() : new Body().told(),
      isChanged,
      refusal,
    })
  }
}

function holdBack(exchange, half, letGo) {
  const name = `${exchange.id} ${half}`
  waiting.set(name, (changes) => {
    waiting.delete(name)
    // The sender has hung up. A program that got the request now would wait for the end of a
    // connection that has already ended, and couldn't be stopped.
    if (half === 'request' && exchange.socket.destroyed) return
    letGo(changes)
  })
}

/** A connection may close before the response. */
function watchClose(exchange) {
  const { id, socket } = exchange
  const tellBroken = () => {
    say({ tap: 'broken', id })
    for (const half of ['request', 'answer']) waiting.get(`${id} ${half}`)?.()
  }
  // Each request of a connection adds one.
  socket.setMaxListeners(0)
  socket.once('close', tellBroken)
  exchange.noteDone = () => socket.off('close', tellBroken)
}

/** Where each response first got a status of 400 or more: an object with a stack. */
const refusedAt = new WeakMap()
/** The error that a program threw in place of each response. */
const thrown = new WeakMap()
/** The errors that the handler of each response made, the first ones. */
const made = new WeakMap()
const MOST_ERRORS = 20
const MOST_CALLS = 100

/** A program may also refuse without an error: it sets a status. */
function watchStatus(response) {
  let { statusCode } = response
  Object.defineProperty(response, 'statusCode', {
    enumerable: true,
    configurable: true,
    get: () => statusCode,
    set(status) {
      statusCode = status
      if (status < 400 || refusedAt.has(response)) return
      const here = {}
      Error.captureStackTrace(here)
      refusedAt.set(response, here)
    },
  })
}

/**
 * Fastify runs the `onError` hook for whatever a hook, a parser or a handler threw, before any error handler makes a
 * page, JSON or a redirect of it. Its channel for errors of handlers has less, and with a listener there Fastify sets
 * statuses that it doesn't set otherwise.
 */
function watchErrors() {
  const handling = new AsyncLocalStorage()
  subscribe('fastify.initialization', ({ fastify }) => {
    fastify.addHook('preHandler', (_request, { raw }, done) => {
      const errors = []
      made.set(raw, errors)
      handling.run(errors, done)
    })
    fastify.addHook('onError', (_request, { raw }, error, done) => {
      if (!thrown.has(raw)) thrown.set(raw, error)
      done()
    })
  })
  // A program may wrap an error in another one, whose stack only shows where that happened.
  const construct = (target, values, newTarget) => {
    const isPlain = newTarget === globalThis.Error
    const error = Reflect.construct(target, values, isPlain ? target : newTarget)
    if (isPlain) target.captureStackTrace(error, construct)
    const errors = handling.getStore()
    if (errors !== undefined && errors.length < MOST_ERRORS) errors.push(error)
    return error
  }
  globalThis.Error = new Proxy(Error, { construct })
}

/** What a program said when it refused a request, and where: the innermost call first. Null if it didn't. */
function refusalBy(response) {
  const error = thrown.get(response)
  if (!thrown.has(response)) {
    if (response.statusCode < 400 || !refusedAt.has(response)) return null
    return { message: '', calls: callsIn(refusedAt.get(response)) }
  }
  const message = String(error?.message ?? error)
  const first = made.get(response)?.find((other) => other.message === message) ?? error
  return { message: message.slice(0, LONGEST_HEAD), calls: callsIn(first) }
}

/** The calls in the stack of an error, such as `file:///.../server/app.ts:12`. Node maps them to the source. */
function callsIn(error) {
  const lines = String(error?.stack).split('\n')
  const calls = lines.flatMap(
    (line) => /^ +at (?:.* \()?([^()]+:\d+):\d+\)?$/.exec(line)?.[1] ?? [],
  )
  return calls.slice(0, MOST_CALLS)
}

/** These tell the workshop which requests come from a program and not from a browser. */
function watchOutgoingConnections() {
  subscribe('net.client.socket', ({ socket }) => {
    socket.once('connect', () => {
      const address = addressOf(socket.localAddress, socket.localPort)
      say({ tap: 'connected', at: now(), address })
      socket.once('close', () => say({ tap: 'disconnected', at: now(), address }))
    })
  })
}

/**
 * The client gives the server a few seconds for a response. While messages are held, a person decides
 * how long that takes, so no limit may strike: it restarts until holding has ended.
 */
function stretchTimeLimits() {
  const { timeout } = AbortSignal
  AbortSignal.timeout = (milliseconds) => {
    if (!holding) return timeout.call(AbortSignal, milliseconds)
    const controller = new AbortController()
    const strike = () => {
      if (holding) start()
      else controller.abort(new DOMException('The operation timed out', 'TimeoutError'))
    }
    const start = () => setTimeout(strike, milliseconds).unref()
    start()
    return controller.signal
  }
  // The HTTP client's own limit: five minutes until a response starts. Zero means none.
  subscribe('undici:request:create', ({ request }) => {
    if (holding) request.headersTimeout = 0
  })
}

/** The first bytes of a body, and its total size. */
class Body {
  #chunks = []
  #kept = 0
  size = 0

  add(chunk, encoding) {
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) return
    const known = typeof encoding === 'string' ? encoding : 'utf8'
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, known) : chunk
    const part = bytes.subarray(0, LONGEST_BODY - this.#kept)
    this.size += bytes.length
    this.#kept += part.length
    if (part.length > 0) this.#chunks.push(part)
  }

  told() {
    return { text: Buffer.concat(this.#chunks).toString(), size: this.size }
  }
}

/** Milliseconds of a clock that all processes of a machine share, and that can't be set. */
function now() {
  return Number(process.hrtime.bigint() / 1000n) / 1000
}

function addressOf(host = '', port = 0) {
  return `${host.replace(/^::ffff:/, '')} ${port}`
}

function say(message) {
  // The channel may be closing at this moment, which does no harm.
  if (process.connected) process.send({ ...message, process: process.pid }, () => {})
}
