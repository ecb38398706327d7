import type { ServerResponse } from 'node:http'
import { createServer, type Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { ConfigError, loadEnvFile, portOf } from './config.ts'
import { logRequests } from './request-log.ts'

/** How long a request may still take to arrive once the program is ending, in milliseconds. */
const LAST_BYTES = 4_000

/** A program that is ready to listen, and its origin. */
export interface Program {
  app: FastifyInstance
  url: string
}

/**
 * Runs one program until SIGINT or SIGTERM. It reads `.env`, listens on the port of its origin, on this
 * machine only, and logs a line for each request. If it can't start, it says why in one line on stderr
 * and exits with 1.
 */
export async function serve(build: () => Program): Promise<void> {
  try {
    loadEnvFile()
    const { app, url } = build()
    const port = portOf(url)
    logRequests(app)
    endOnSignal(app)
    await listen(app, port)
    // `npm start` is connected to the programs that it starts, and prints this for all of them.
    if (!process.connected) console.log(`Listening at ${url}. Press Ctrl-C to stop it.`)
  } catch (error) {
    console.error(error instanceof ConfigError ? error.message : error)
    process.exit(1)
  }
}

/**
 * Listens on this machine only.
 *
 * @throws {ConfigError} if the port can't be used
 */
export async function listen(app: FastifyInstance, port: number): Promise<void> {
  await refuseUnusablePort(port)
  await app.listen({ port, host: 'localhost' }).catch((error) => {
    throw portError(port, error)
  })
}

/**
 * Fastify listens on every address of localhost, but reports no error if one of them is taken. A
 * browser could then reach another program there, most likely an earlier snapshot.
 *
 * @throws {ConfigError} if the port can't be used
 */
export async function refuseUnusablePort(port: number): Promise<void> {
  for (const address of ['127.0.0.1', '::1']) {
    await new Promise<void>((resolve, reject) => {
      const probe = createServer()
      probe.once('error', (error: NodeJS.ErrnoException) => {
        // This machine doesn't have this protocol family.
        if (error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT') resolve()
        else reject(portError(port, error))
      })
      probe.listen(port, address, () => probe.close(() => resolve()))
    })
  }
}

/** An error without a code has nothing to do with the port: a plugin threw it. */
function portError(port: number, error: NodeJS.ErrnoException): Error {
  const { code, message } = error
  if (code === undefined) return error
  if (code === 'EADDRINUSE') {
    return new ConfigError(
      `Port ${port} is already in use. Another version may still be running: stop it, or set other ports in .env.`,
    )
  }
  if (code === 'EACCES' && port < 1024) {
    return new ConfigError(`You aren't allowed to use port ${port}. Choose one above 1023.`)
  }
  if (code === 'EACCES') {
    return new ConfigError(`The system reserves port ${port}. Choose another one.`)
  }
  return new ConfigError(`Can't use port ${port}: ${message}.`)
}

/**
 * Ends the program on SIGINT and SIGTERM, and when its log is closed. Requests that already arrived
 * still get their responses. Idle connections, which browsers keep open, don't delay the end.
 */
function endOnSignal(app: FastifyInstance): void {
  /** The newest response of each connection that has sent a request. Those before it are finished. */
  const responses = new Map<Socket, ServerResponse>()
  let ending = false

  app.addHook('onRequest', ({ raw: { socket } }, reply, done) => {
    if (!responses.has(socket)) socket.once('close', () => responses.delete(socket))
    responses.set(socket, reply.raw)
    done()
  })

  // A parent process may pass on a Ctrl-C, which then arrives twice.
  const end = () => {
    if (ending) return
    ending = true
    // This stops listening at once. Its promise is ignored, because it also waits for idle connections.
    app.close()
    const exitWhenDone = () => {
      if ([...responses.values()].every((response) => response.writableFinished)) process.exit(0)
    }
    exitWhenDone()
    setInterval(exitWhenDone, 20)
    // After close() Node no longer limits slow senders, and it never limits those that don't read their responses.
    // One of them could delay the end forever.
    setInterval(() => {
      for (const [socket, { req }] of responses) {
        if (!req.complete || socket.writableLength > 0) socket.destroy()
      }
    }, LAST_BYTES)
  }
  process.on('SIGINT', end)
  process.on('SIGTERM', end)
  // This happens with `npm run server | head`.
  process.stdout.once('error', () => {
    console.error('Nothing reads the output of this program anymore, so it stops.')
    end()
  })
  for (const stream of [process.stdout, process.stderr]) stream.on('error', end)
}
