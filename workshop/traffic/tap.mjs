// What the workshop sees of the traffic. It has each program that it starts load this module before
// the program's own ones; the module stands at the HTTP server inside the process, and tells the
// workshop over the channel that it was started with what arrives and what is answered.
//
// Why here, and not a proxy in front of the programs: a proxy needs ports of its own, so that redirect
// URIs and names of cookies change with it, or it changes Host and Connection on the way. From in here
// the bytes on the wire stay what they are, a snapshot needs no line for it, a learner's copy is seen
// as well, and without the workshop the module is simply not loaded.
//
// The public diagnostics channels tell of requests too, but can't hold them: hence the patched `emit`.
// A request is not read, but seen as it comes by, and so are the parts of an answer.
import { Buffer } from 'node:buffer'
import { subscribe } from 'node:diagnostics_channel'
import { Server } from 'node:http'

/** Of a longer body only this many bytes are told, never fewer sent; and of a head so many characters. */
const LONGEST_BODY = 64 * 1024
const LONGEST_HEAD = 64 * 1024

let exchanges = 0
/** Whether messages are held until the workshop lets them go. */
let holding = false
/** What waits: the request or the answer of an exchange, and how to let it go. */
const waiting = new Map()

// Without a channel to the workshop there is nobody to tell.
if (process.send !== undefined) {
  watchServers()
  watchOutgoingConnections()
  stretchTimeLimits()
  process.on('message', obey)
  // The workshop wants an end, or is gone: nothing may wait for its word.
  process.once('disconnect', () => obey({ tap: 'hold', on: false }))
}

function obey(message) {
  if (message?.tap === 'hold') {
    holding = message.on
    if (!holding) for (const letGo of [...waiting.values()]) letGo()
  }
  if (message?.tap === 'let go') waiting.get(`${message.id} ${message.half}`)?.()
}

function watchServers() {
  const { emit } = Server.prototype
  Server.prototype.emit = function (event, ...values) {
    const [request, response] = values
    // The style sheet is no part of any story. The workshop also asks for it, to see who answers.
    if (event !== 'request' || /^\/style\.css([?#]|$)/.test(request.url)) {
      return emit.call(this, event, ...values)
    }
    exchanges += 1
    const exchange = { id: exchanges, socket: request.socket }
    noteOpen(exchange)
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

    holdBack(exchange, 'request', () => {
      say({ tap: 'passed', id: exchange.id })
      emit.call(this, event, ...values)
    })
    return true
  }
}

/** Sees the body of a request on its way into the buffer of its stream, which goes on as it is. */
function watchBody(exchange, request) {
  const { push } = request
  const body = new Body()
  exchange.tellBody = () => {
    if (body.size > 0) say({ tap: 'body', id: exchange.id, body: body.told() })
  }
  request.push = (chunk, encoding) => {
    if (chunk === null) exchange.tellBody()
    else body.add(chunk, encoding)
    return push.call(request, chunk, encoding)
  }
}

/** Sees what a program writes as its answer, and keeps it back while there is holding. */
function watchAnswer(exchange, request, response) {
  const { write, end } = response
  const body = new Body()
  /** Calls that wait; undefined when the answer goes straight on its way. */
  let kept
  let began = false

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
    body.add(...values)
    const finish = () => {
      end.apply(response, values)
      noteDone(exchange)
      // A program may answer before it has read all of the request.
      if (!request.complete) exchange.tellBody()
      tell(false)
    }
    if (kept === undefined) {
      finish()
      return response
    }
    // For the program the answer is given.
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
    holdBack(exchange, 'answer', () => {
      delete response.writableEnded
      const calls = kept
      kept = undefined
      for (const call of calls) call()
    })
  }

  function tell(waits) {
    say({
      tap: 'answer',
      id: exchange.id,
      at: exchange.answeredAt,
      waits,
      status: response.statusCode,
      // As it is on the wire. Where Node has not written it yet, the answer waits and is told again.
      head: (response._header ?? '').slice(0, LONGEST_HEAD),
      // A HEAD request, and some statuses, have no body, whatever the program gave.
      body: response._hasBody ? body.told() : new Body().told(),
    })
  }
}

function holdBack(exchange, half, letGo) {
  const name = `${exchange.id} ${half}`
  waiting.set(name, () => {
    waiting.delete(name)
    // Who asked has hung up. A program that got the request now would wait for the end of a
    // connection that has ended already, and so could not be stopped.
    if (half === 'request' && exchange.socket.destroyed) return
    letGo()
  })
}

/** The exchanges of a connection that have no answer yet. */
const open = new WeakMap()

function noteOpen(exchange) {
  const { socket } = exchange
  const others = open.get(socket)
  if (others !== undefined) {
    others.add(exchange)
    return
  }
  const own = new Set([exchange])
  open.set(socket, own)
  socket.once('close', () => {
    for (const { id } of own) {
      say({ tap: 'broken', id })
      for (const half of ['request', 'answer']) waiting.get(`${id} ${half}`)?.()
    }
  })
}

function noteDone(exchange) {
  open.get(exchange.socket)?.delete(exchange)
}

/** By these the workshop knows which requests come from a program, and not from a browser. */
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
 * The client gives the server a few seconds for an answer. While messages are held a person decides
 * how long that takes, so no limit may strike then: it begins anew until the holding has ended.
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
  // The limit of the HTTP client itself: five minutes until an answer begins. Zero is none.
  subscribe('undici:request:create', ({ request }) => {
    if (holding) request.headersTimeout = 0
  })
}

/** The first bytes of a body, and the number of all. */
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

/** Milliseconds of a clock that all processes of a machine share, and that nobody sets. */
function now() {
  return Number(process.hrtime.bigint() / 1000n) / 1000
}

function addressOf(host = '', port = 0) {
  return `${host.replace(/^::ffff:/, '')} ${port}`
}

function say(message) {
  // A channel that closes this moment needs no word of it.
  if (process.connected) process.send({ ...message, process: process.pid }, () => {})
}
