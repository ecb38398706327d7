import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { ConfigError, loadEnvFile, portOf } from './config.ts'
import { logRequests } from './request-log.ts'

/** How long a request may still take to arrive when the program is to end, in milliseconds. */
const LAST_BYTES = 4_000

/** A program that is ready to listen, and the origin it stands for. */
export interface Program {
  app: FastifyInstance
  url: string
}

/**
 * Runs one program until SIGINT or SIGTERM: reads `.env`, listens on the port of its address, on
 * this machine alone, and writes a line for each request. What stops the start is told in one line on
 * stderr, with exit status 1.
 */
export async function serve(build: () => Program): Promise<void> {
  try {
    loadEnvFile()
    const { app, url } = build()
    const port = portOf(url)
    logRequests(app)
    endOnSignal(app)
    await listen(app, port)
    // `npm start`, which is connected to the programs that it starts, says it for both of them.
    if (!process.connected) console.log(`Listening at ${url}. Ctrl-C stops it.`)
  } catch (error) {
    console.error(error instanceof ConfigError ? error.message : error)
    process.exit(1)
  }
}

/**
 * Listens on this machine alone.
 *
 * @throws {ConfigError} when the port can't be used
 */
export async function listen(app: FastifyInstance, port: number): Promise<void> {
  await refuseUnusablePort(port)
  await app.listen({ port, host: 'localhost' }).catch((error) => {
    throw portError(port, error)
  })
}

/**
 * Fastify listens on the addresses of localhost, but keeps silent when only some of them are free. A
 * browser may then reach whatever has the other one: an earlier snapshot, most likely.
 *
 * @throws {ConfigError} when the port can't be used
 */
export async function refuseUnusablePort(port: number): Promise<void> {
  for (const address of ['127.0.0.1', '::1']) {
    await new Promise<void>((resolve, reject) => {
      const probe = createServer()
      probe.once('error', (error: NodeJS.ErrnoException) => {
        // A machine that does not speak this protocol family.
        if (error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT') resolve()
        else reject(portError(port, error))
      })
      probe.listen(port, address, () => probe.close(() => resolve()))
    })
  }
}

/** An error without a code is no port's fault: a plugin of the program threw it. */
function portError(port: number, error: NodeJS.ErrnoException): Error {
  const { code, message } = error
  if (code === undefined) return error
  if (code === 'EADDRINUSE') {
    return new ConfigError(
      `Port ${port} is in use, perhaps by a snapshot that still runs: stop that program, or choose other ports.`,
    )
  }
  if (code === 'EACCES' && port < 1024) {
    return new ConfigError(`Port ${port} may not be used by you: choose one above 1023.`)
  }
  if (code === 'EACCES') {
    return new ConfigError(`Port ${port} is reserved by the system: choose another one.`)
  }
  return new ConfigError(`Port ${port} can't be used: ${message}.`)
}

/**
 * Ends the program on SIGINT and SIGTERM, and when nobody reads its log any more, as soon as the requests that are under way have their
 * answers. Connections that nobody uses (a browser keeps some) don't hold it up.
 */
function endOnSignal(app: FastifyInstance): void {
  const running = new Set<IncomingMessage>()
  let ending = false

  app.addHook('onRequest', ({ raw }, reply, done) => {
    running.add(raw)
    if (ending) reply.header('connection', 'close')
    reply.raw.once('close', () => {
      running.delete(raw)
      if (ending && running.size === 0) process.exit(0)
    })
    done()
  })

  // Ctrl-C in a terminal reaches a program more than once when a parent hands it on.
  const end = () => {
    if (ending) return
    ending = true
    // It stops listening at once; its promise waits for idle connections too, and is not awaited.
    app.close()
    if (running.size === 0) process.exit(0)
    // Closing ends Node's own watch over slow senders: one of them could hold up the end for good.
    setTimeout(() => {
      for (const request of running) if (!request.complete) request.destroy()
    }, LAST_BYTES)
  }
  process.on('SIGINT', end)
  process.on('SIGTERM', end)
  // As after `npm run server | head`.
  process.stdout.once('error', () => {
    console.error('Nobody reads what this program writes any more, so it ends.')
    end()
  })
  for (const stream of [process.stdout, process.stderr]) stream.on('error', end)
}
