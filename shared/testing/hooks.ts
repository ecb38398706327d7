import { createServer, type RequestListener } from 'node:http'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { type Programs, withEachApp } from './lab.ts'

/** Runs before a program handles a request. It may wait, and it may respond in the program's place. */
export type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>

/** The same programs, with a hook before each request to the server, or to an API beside it. */
export function withServerHook(programs: Programs, hook: Hook): Programs {
  return withEachApp(programs, (app, program) => {
    if (program !== 'client') app.addHook('onRequest', hook)
  })
}

/** Hangs up instead of handling the request. */
export const hangUp: Hook = async (request, reply) => {
  reply.hijack()
  request.raw.socket.destroy()
}

/** A server outside the lab that handles every request with the given listener. */
export function fakeServer(answer: RequestListener): FastifyInstance {
  return Fastify({ serverFactory: () => createServer(answer) })
}

/** A promise that stays pending until `open()` is called. */
export class Gate {
  readonly opened: Promise<void>
  #open: () => void = () => {}

  constructor() {
    this.opened = new Promise((resolve) => {
      this.#open = resolve
    })
  }

  open(): void {
    this.#open()
  }
}

/** Holds requests: `arrived` opens when the first one comes, and they go on once this gate opens. */
export class HoldingGate extends Gate {
  readonly arrived = new Gate()

  hold(): Promise<void> {
    this.arrived.open()
    return this.opened
  }
}
