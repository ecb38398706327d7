// Loads the type of the route option backChannel.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type {} from './app.ts'

/** Parameters whose values aren't secret. All others are masked. */
const PLAIN_PARAMETERS = new Set([
  'response_type',
  'client_id',
  'redirect_uri',
  'code_challenge_method',
  'scope',
  'error',
  'error_description',
])

/**
 * Writes a line to stdout for each request: which program, front channel (through the browser) or
 * back channel (directly between programs), method, path, status, milliseconds.
 */
export function logRequests(app: FastifyInstance): void {
  const log = lineLog()
  app.addHook('onResponse', (request, reply, done) => {
    const [path = ''] = request.url.split('?', 1)
    if (path !== '/style.css') log(describe(request, reply))
    done()
  })
}

/**
 * Collects lines and writes those of one turn of the event loop at once: under load a system call for
 * each line takes longer than a small response.
 */
function lineLog(): (line: string) => void {
  const lines: string[] = []
  const flush = () => {
    if (lines.length > 0) console.log(lines.splice(0).join('\n'))
  }
  process.once('exit', flush)
  return (line) => {
    if (lines.push(line) === 1) setImmediate(flush)
  }
}

function describe(request: FastifyRequest, reply: FastifyReply): string {
  const program = String(reply.getHeader('x-oauth-lab') ?? '').split(' ')[1] ?? ''
  return [
    program.padEnd(6),
    request.routeOptions.config?.backChannel ? 'back ' : 'front',
    request.method.padEnd(4),
    maskUrl(request.url),
    reply.statusCode,
    `${Math.round(reply.elapsedTime)} ms`,
  ].join('  ')
}

/** The path and query of a URL, with everything that may be a secret masked. */
export function maskUrl(url: string): string {
  const [path = '', ...rest] = url.split('?')
  if (rest.length === 0) return printable(maskLong(path))
  const query = rest
    .join('?')
    .split('&')
    .map((pair) => {
      const [name = '', ...value] = pair.split('=')
      if (value.length === 0) return mask(name)
      return `${name}=${PLAIN_PARAMETERS.has(name) ? value.join('=') : mask(value.join('='))}`
    })
  return printable(maskLong(`${path}?${query.join('&')}`))
}

/** Any text of this length without a space may be a secret. */
function maskLong(text: string): string {
  return text.replace(/[\w-]{32,}/g, mask)
}

/** The first and last four characters, if enough are hidden between them. */
export function mask(value: string): string {
  if (value === '') return ''
  return value.length < 16 ? '****' : `${value.slice(0, 4)}****${value.slice(-4)}`
}

/** Replaces control characters, which a terminal could take for commands. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?')
}
